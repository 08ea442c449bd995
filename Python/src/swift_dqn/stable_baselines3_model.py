"""A model of Stable-Baselines3 that acts as a policy does."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import A2C, DQN
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

from .network import Network
from .policy import Policy
from .torch_network import ACTIVATIONS, TorchNetwork


class WholeNetwork(BaseFeaturesExtractor):  # type: ignore[misc]
    """The whole network as a features extractor: what follows it in the model passes its outputs on."""

    def __init__(self, observation_space: Any, network: Network) -> None:
        super().__init__(observation_space, network.actions + (1 if network.head == "actor_critic" else 0))
        self.network = TorchNetwork(network)

    def forward(self, observations: Any) -> Any:
        """The outputs of the network."""
        return self.network(observations)


def is_plain(network: Network) -> bool:
    """Whether Stable-Baselines3's own `MlpPolicy` has the same network: dense layers of one activation."""
    return (
        network.head in ("action_values", "actor_critic")
        and network.element == "float32"
        and len(network.input_shape) == 1
        and not network.streams
        and all(layer.type == "dense" for layer in network.layers)
        and len({layer.activation for layer in network.layers}) <= 1
        and network.offset.size == network.scale.size == 1
        and float(network.offset) == 0
        and float(network.scale) == 1
    )


def is_nature(network: Network) -> bool:
    """Whether Stable-Baselines3's own `CnnPolicy` has the same network: the convolutions of Mnih 2015, then dense layers."""
    convolutions = [(32, (8, 8), (4, 4)), (64, (4, 4), (2, 2)), (64, (3, 3), (1, 1))]
    found = [(layer.output_shape[0], tuple(layer.kernel), tuple(layer.stride)) for layer in network.layers[:3]]
    return (
        network.head == "action_values"
        and network.element == "uint8"
        and len(network.input_shape) == 3
        and len(network.layers) > 3
        and found == convolutions
        and all(layer.type == "convolution" and not any(layer.padding) for layer in network.layers[:3])
        and all(layer.type == "dense" for layer in network.layers[3:])
        and all(layer.activation == "relu" for layer in network.layers)
        and network.offset.size == network.scale.size == 1
        and float(network.offset) == 0
        and np.float32(network.scale) == np.float32(1 / 255)
    )


def to_stable_baselines3(policy: Policy) -> Any:
    """A `DQN` with the policy's Q-values, or an `A2C` for an actor-critic network, without an environment.

    A network of dense layers becomes an ordinary `MlpPolicy`, one with the convolutions of Mnih 2015 a `CnnPolicy`, which
    `save` stores for any program with Stable-Baselines3. Any other becomes a features extractor of this package, which
    has to be installed to load it. The saved file carries the policy's documents, so that `dqn-checkpoint import` makes the
    same policy again. Observations are the stacked ones of the network's input. Learning rates and the like are the
    library's defaults.
    """
    network = policy.network
    if is_nature(network):
        return nature_model(policy)
    units = [layer.output_shape[0] for layer in network.layers] if is_plain(network) else []
    is_actor_critic = network.head == "actor_critic"
    arguments: dict[str, Any] = {"net_arch": {"pi": units, "vf": units} if is_actor_critic else units}
    if is_plain(network):
        arguments["activation_fn"] = ACTIVATIONS[network.layers[0].activation] if network.layers else torch.nn.ReLU
    else:
        arguments["features_extractor_class"] = WholeNetwork
        arguments["features_extractor_kwargs"] = {"network": network}
        arguments["normalize_images"] = False
    limits = (0, 255) if network.element == "uint8" else (-np.inf, np.inf)
    options: dict[str, Any] = {"device": "cpu", "policy_kwargs": arguments, "_init_setup_model": False}
    model = A2C("MlpPolicy", None, **options) if is_actor_critic else DQN("MlpPolicy", None, buffer_size=1, **options)
    set_up(model, policy, limits)
    with torch.no_grad():
        if is_plain(network):
            copy_plain(policy, model, is_actor_critic)
        else:
            copy_whole(policy, model, is_actor_critic)
    model.policy.set_training_mode(False)
    return model


def set_up(model: Any, policy: Policy, limits: tuple[float, float]) -> None:
    """Creates the networks of a model that has no environment."""
    network = policy.network
    model.observation_space = gymnasium.spaces.Box(*limits, network.input_shape, np.dtype(network.element).type)
    model.action_space = gymnasium.spaces.Discrete(network.actions)
    model.n_envs = 1
    model._setup_model()
    # Saved with the model, as the library saves all attributes.
    description = policy.description()
    if description is not None:
        model.swift_dqn = description


def nature_model(policy: Policy) -> Any:
    """A `DQN` with a `CnnPolicy`."""
    network = policy.network
    features, *units = [layer.output_shape[0] for layer in network.layers[3:]]
    arguments = {"net_arch": units, "features_extractor_kwargs": {"features_dim": features}}
    model = DQN("CnnPolicy", None, buffer_size=1, device="cpu", policy_kwargs=arguments, _init_setup_model=False)
    set_up(model, policy, (0, 255))
    with torch.no_grad():
        for part in (model.policy.q_net, model.policy.q_net_target):
            modules = [*part.features_extractor.cnn, *part.features_extractor.linear, *part.q_net]
            layers = [module for module in modules if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear))]
            names = [*(layer.name for layer in network.layers), "head"]
            for module, name in zip(layers, names, strict=True):
                assign(module, policy.parameters[f"{name}/weight"], policy.parameters[f"{name}/bias"])
    model.policy.set_training_mode(False)
    return model


def assign(linear: Any, weight: Any, bias: Any) -> None:
    """Copies the parameters of a linear layer."""
    linear.weight.copy_(torch.as_tensor(np.array(weight, np.float32)))
    linear.bias.copy_(torch.as_tensor(np.array(bias, np.float32)))


def copy_plain(policy: Policy, model: Any, is_actor_critic: bool) -> None:
    """Copies dense layers."""
    parameters, actions = policy.parameters, policy.network.actions
    if is_actor_critic:
        extractor = model.policy.mlp_extractor
        targets = [extractor.policy_net, extractor.value_net]
    else:
        targets = [model.policy.q_net.q_net, model.policy.q_net_target.q_net]
    for target in targets:
        linears = [module for module in target if isinstance(module, torch.nn.Linear)]
        for layer, linear in zip(policy.network.layers, linears):
            assign(linear, parameters[f"{layer.name}/weight"], parameters[f"{layer.name}/bias"])
        if not is_actor_critic:
            assign(linears[-1], parameters["head/weight"], parameters["head/bias"])
    if is_actor_critic:
        weight, bias = parameters["head/weight"], parameters["head/bias"]
        assign(model.policy.action_net, weight[:actions], bias[:actions])
        assign(model.policy.value_net, weight[actions:], bias[actions:])


def copy_whole(policy: Policy, model: Any, is_actor_critic: bool) -> None:
    """Copies the network into the extractors; the layers after them pass its outputs on."""
    actions = policy.network.actions
    for module in model.policy.modules():
        if isinstance(module, WholeNetwork):
            module.network.load(policy)
    if is_actor_critic:
        identity = np.eye(actions + 1)
        assign(model.policy.action_net, identity[:actions], np.zeros(actions))
        assign(model.policy.value_net, identity[actions:], np.zeros(1))
    else:
        for network in (model.policy.q_net, model.policy.q_net_target):
            assign(network.q_net[-1], np.eye(actions), np.zeros(actions))

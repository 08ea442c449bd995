"""A PyTorch module of any network of the format."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from .network import Layer, Network
from .policy import Policy

ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "identity": nn.Identity,
}


def module_of(layer: Layer) -> list[Any]:
    """The modules of a hidden layer; the first has its parameters, unless it is a pooling."""
    windows = {"kernel_size": layer.kernel, "stride": layer.stride, "padding": layer.padding}
    first: Any
    if layer.type == "convolution":
        first = nn.Conv2d(layer.input_shape[0], layer.output_shape[0], **windows)
    elif layer.type == "dense":
        size = layer.weight_shape or (0, 0)
        return [nn.Flatten(), nn.Linear(size[1], size[0]), ACTIVATIONS[layer.activation]()]
    elif layer.type == "layer_norm":
        first = nn.LayerNorm(layer.input_shape, eps=1e-5)
    elif layer.type == "max_pooling":
        first = nn.MaxPool2d(**windows)
    else:
        first = nn.AvgPool2d(**windows)
    return [first, ACTIVATIONS[layer.activation]()]


class TorchNetwork(nn.Module):  # type: ignore[misc]
    """Computes Q-values from observations as the environment gives them: it scales its input itself.

    An actor-critic network computes the logits, then the state's value in one more column. Attributes are named as the
    parameters of the file.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.head_type, self.actions, self.quantiles = network.head, network.actions, network.quantiles
        self.register_buffer("offset", torch.as_tensor(network.offset.astype(np.float32)))
        self.register_buffer("scale", torch.as_tensor(network.scale.astype(np.float32)))
        self.names: dict[str, Any] = {}
        self.layers = nn.Sequential(*self._modules_of(network.layers))
        self.streams = nn.ModuleDict()
        for name, layers in network.streams.items():
            output = self._output(f"{name}/output", network)
            self.streams[name] = nn.Sequential(*self._modules_of(layers), nn.Flatten(), output)
        self.head = None if network.streams else nn.Sequential(nn.Flatten(), self._output("head", network))

    def _modules_of(self, layers: tuple[Layer, ...]) -> list[Any]:
        modules = []
        for layer in layers:
            for module in module_of(layer):
                modules.append(module)
                if next(module.parameters(), None) is not None:
                    self.names[layer.name] = module
        return modules

    def _output(self, name: str, network: Network) -> Any:
        shape = network.parameters[f"{name}/weight"]
        self.names[name] = nn.Linear(shape[1], shape[0])
        return self.names[name]

    def load(self, policy: Policy) -> None:
        """Copies the parameters of a policy."""
        with torch.no_grad():
            for name, module in self.names.items():
                module.weight.copy_(torch.as_tensor(np.array(policy.parameters[f"{name}/weight"])))
                module.bias.copy_(torch.as_tensor(np.array(policy.parameters[f"{name}/bias"])))

    def forward(self, observations: Any) -> Any:
        """Q-values [count, actions]; with an actor-critic head [count, actions + 1]."""
        x = self.layers((observations.float() - self.offset) * self.scale)
        if self.head_type == "dueling":
            advantages = self.streams["advantage"](x)
            return self.streams["value"](x) + advantages - advantages.mean(dim=1, keepdim=True)
        if self.head is None:
            return torch.cat([self.streams["policy"](x), self.streams["value"](x)], dim=1)
        values = self.head(x)
        if self.head_type == "quantiles":
            return values.reshape(-1, self.actions, self.quantiles).mean(dim=2)
        return values


def to_torch(policy: Policy) -> TorchNetwork:
    """The module of a policy, with its parameters."""
    module = TorchNetwork(policy.network)
    module.load(policy)
    module.eval()
    return module

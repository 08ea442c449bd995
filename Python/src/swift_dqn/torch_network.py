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


def module_of(layer: Layer) -> Any:
    """The module of a hidden layer, without its activation."""
    if layer.type == "dense":
        size = layer.weight_shape or (0, 0)
        return nn.Linear(size[1], size[0])
    if layer.type == "layer_norm":
        return nn.LayerNorm(layer.input_shape, eps=1e-5)
    windows = {"kernel_size": layer.kernel, "stride": layer.stride, "padding": layer.padding}
    if layer.type == "convolution":
        return nn.Conv2d(layer.input_shape[0], layer.output_shape[0], **windows)
    return nn.MaxPool2d(**windows) if layer.type == "max_pooling" else nn.AvgPool2d(**windows)


class TorchNetwork(nn.Module):  # type: ignore[misc]
    """Computes Q-values from observations as the environment gives them: it scales its input itself.

    An actor-critic network computes the logits, then the state's value in one more column. The names in the state
    dictionary are those of an exported safetensors file: `layers.0.weight`, `head.bias`, `value.output.weight`.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.head_type, self.actions, self.quantiles = network.head, network.actions, network.quantiles
        for name, values in (("input_offset", network.offset), ("input_scale", network.scale)):
            array = np.atleast_1d(np.asarray(values, np.float32))
            self.register_buffer(name, torch.as_tensor(array.reshape(network.input_shape if array.size > 1 else 1)))
        self.names = list(network.parameters)
        self.trunk = [(self._place(layer.name, module_of(layer)), layer) for layer in network.layers]
        self.ends: dict[str, tuple[list[tuple[Any, Layer]], Any]] = {}
        for name, layers in network.streams.items():
            hidden = [(self._place(layer.name, module_of(layer)), layer) for layer in layers]
            self.ends[name] = hidden, self._place(f"{name}/output", self._linear(f"{name}/output", network))
        if not network.streams:
            self.ends["head"] = [], self._place("head", self._linear("head", network))

    @staticmethod
    def _linear(name: str, network: Network) -> Any:
        shape = network.parameters[f"{name}/weight"]
        return nn.Linear(shape[1], shape[0])

    def _place(self, name: str, module: Any) -> Any:
        """Adds a module under its name in the file."""
        *parents, last = name.split("/")
        parent: Any = self
        for part in parents:
            if part not in parent._modules:
                parent.add_module(part, nn.Module())
            parent = parent._modules[part]
        parent.add_module(last, module)
        return module

    def load(self, policy: Policy) -> None:
        """Copies the parameters of a policy."""
        state = {name.replace("/", "."): torch.as_tensor(np.array(policy.parameters[name])) for name in self.names}
        self.load_state_dict({**self.state_dict(), **state})

    @staticmethod
    def _hidden(x: Any, layers: list[tuple[Any, Layer]]) -> Any:
        for module, layer in layers:
            x = module(x.flatten(1) if layer.type == "dense" else x)
            x = ACTIVATIONS[layer.activation]()(x)
        return x

    def forward(self, observations: Any) -> Any:
        """Q-values [count, actions]; with an actor-critic head [count, actions + 1]."""
        x = self._hidden((observations.float() - self.input_offset) * self.input_scale, self.trunk)
        ends = {name: output(self._hidden(x, hidden).flatten(1)) for name, (hidden, output) in self.ends.items()}
        if self.head_type == "dueling":
            return ends["value"] + ends["advantage"] - ends["advantage"].mean(dim=1, keepdim=True)
        if "head" not in ends:
            return torch.cat([ends["policy"], ends["value"]], dim=1)
        if self.head_type == "quantiles":
            return ends["head"].reshape(-1, self.actions, self.quantiles).mean(dim=2)
        return ends["head"]


def to_torch(policy: Policy) -> TorchNetwork:
    """The module of a policy, with its parameters."""
    module = TorchNetwork(policy.network)
    module.load(policy)
    module.eval()
    return module

"""The network that /architecture describes: its layers, the names and shapes of its parameters, and its limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .documents import is_count, is_number
from .errors import RefusedFile, brief, require

ACTIVATIONS = ("relu", "tanh", "sigmoid", "elu", "silu", "gelu", "identity")
MOST_EXTENT = 1 << 24
KEYS = {
    "convolution": {"outputs", "kernel", "stride", "padding"},
    "dense": {"units"},
    "layer_norm": set(),
    "max_pooling": {"kernel", "stride", "padding"},
    "average_pooling": {"kernel", "stride", "padding"},
}
HEAD_KEYS = {
    "action_values": set(),
    "dueling": {"value_layers", "advantage_layers"},
    "actor_critic": {"policy_layers", "value_layers"},
    "quantiles": {"quantiles"},
}
Pair = tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """A hidden layer; `name` is that of its parameters, such as `layers/0`."""

    type: str
    name: str
    activation: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)

    @property
    def weight_shape(self) -> tuple[int, ...] | None:
        """The shape of the weight; `None` for poolings."""
        if self.type == "convolution":
            return (self.output_shape[0], self.input_shape[0], *self.kernel)
        if self.type == "dense":
            return (self.output_shape[0], math.prod(self.input_shape))
        return self.input_shape if self.type == "layer_norm" else None

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return self.input_shape if self.type == "layer_norm" else self.output_shape[:1]


@dataclass(frozen=True)
class Network:
    """What a policy computes, checked against R10 and R25 of docs/format.md."""

    element: str
    input_shape: tuple[int, ...]
    #: The offset and the scale of the input: float64, of one number or of the input's shape.
    offset: NDArray[np.float64]
    scale: NDArray[np.float64]
    layers: tuple[Layer, ...]
    head: str
    actions: int
    quantiles: int
    #: The hidden layers of each stream; empty without streams.
    streams: dict[str, tuple[Layer, ...]]
    #: Name and shape of every parameter, in network order.
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def features(self) -> tuple[int, ...]:
        """The shape of the last layer before the head or its streams."""
        return self.layers[-1].output_shape if self.layers else self.input_shape


def refuse_keys(item: dict[str, Any], allowed: set[str], what: str) -> None:
    """Requires that an object has no other keys; a key that is `null` counts as one."""
    for key in item:
        require(key in allowed, 25, f"/architecture: {what} has the unknown key '{brief(key)}'")


class Builder:
    """Reads /architecture of one version, with sums for the limits."""

    def __init__(self, version: str) -> None:
        self.is_2_1 = version >= "2.1"
        self.since_1_1 = version >= "1.1"
        self.elements = self.multiplications = self.parameters = 0

    def network(self, document: Any) -> Network:
        """The network of a document."""
        require(isinstance(document, dict), 10, "/architecture is not an object")
        inputs, layers, head = (document.get(key) for key in ("input", "layers", "head"))
        is_whole = isinstance(inputs, dict) and isinstance(layers, list) and isinstance(head, dict)
        require(is_whole, 10, "/architecture lacks its input, layers or head")
        scaling = {"input_offset", "input_scale"}
        if not self.is_2_1:
            require(not any(document.get(key) is not None for key in scaling), 10, "input scaling came with 2.1")
        refuse_keys(document, {"input", "layers", "head"} | (scaling if self.is_2_1 else set()), "it")
        refuse_keys(inputs, {"element", "shape"}, "its input")
        element, extents = inputs.get("element"), inputs.get("shape")
        require(element in ("float32", "uint8"), 10, "/architecture: unknown element of the input")
        is_shape = isinstance(extents, list) and 1 <= len(extents) <= 32
        require(is_shape and all(is_count(n, 1) for n in extents), 10, "/architecture: invalid shape of the input")
        shape = tuple(extents)
        self.count_output(shape)
        offset = self.scaling(document.get("input_offset"), 0.0, shape)
        scale = self.scaling(document.get("input_scale"), 1 / 255 if element == "uint8" else 1.0, shape)
        return self.finish(element, shape, offset, scale, layers, head)

    def scaling(self, numbers: Any, default: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """An offset or a scale."""
        if numbers is None:
            return np.array(default)
        is_list = isinstance(numbers, list) and len(numbers) in (1, math.prod(shape))
        is_list = is_list and all(is_number(n) for n in numbers)
        require(is_list, 10, "/architecture: invalid offset or scale of the input")
        with np.errstate(over="ignore"):
            values = np.array(numbers, np.float64).astype(np.float32).astype(np.float64)
        require(np.isfinite(values).all(), 10, "/architecture: an offset or scale of the input is beyond float32")
        return values.reshape(shape) if values.size > 1 else values.reshape(())

    def finish(
        self, element: str, shape: tuple[int, ...], offset: Any, scale: Any, items: list[Any], head: dict[str, Any]
    ) -> Network:
        """The network with its layers and head."""
        kind = head.get("type")
        known = HEAD_KEYS if self.is_2_1 else {"action_values", "dueling", "actor_critic"} if self.since_1_1 else {
            "action_values"
        }
        require(isinstance(kind, str) and kind in known, 10, f"/architecture: unknown head '{brief(kind)}'")
        assert isinstance(kind, str)
        if not self.is_2_1:
            named = [key for key in HEAD_KEYS[kind] if head.get(key) is not None]
            require(not named, 10, "/architecture: streams with layers came with 2.1")
        refuse_keys(head, {"type", "actions"} | (HEAD_KEYS[kind] if self.is_2_1 else set()), "its head")
        actions, quantiles = head.get("actions"), head.get("quantiles") if kind == "quantiles" else 1
        require(is_count(actions, 1, 65536), 10, "/architecture: the number of actions is not from 1 to 65536")
        require(is_count(quantiles, 1, 65536), 10, "/architecture: the number of quantiles is not from 1 to 65536")
        assert isinstance(actions, int) and isinstance(quantiles, int)
        require(actions * quantiles <= MOST_EXTENT, 10, "/architecture: the head has too many outputs")
        first, second = ("policy", "value") if kind == "actor_critic" else ("value", "advantage")
        has_streams = kind in ("dueling", "actor_critic")
        lists = [head.get(f"{name}_layers") for name in (first, second)] if has_streams else [None]
        has_lists = any(item is not None for item in lists)
        is_whole = not has_lists or all(isinstance(item, list) for item in lists)
        require(is_whole, 10, "/architecture: one stream without layers")
        require(len(items) <= 4096, 10, "/architecture has more than 4096 layers")
        shared = list(items)
        split: list[Any] = []
        if kind == "dueling" and not has_lists and shared and isinstance(shared[-1], dict):
            split = [shared.pop()] if shared[-1].get("type") == "dense" else []
        layers, features = self.stack(shared, "layers", shape, "")
        streams: dict[str, tuple[Layer, ...]] = {}
        if has_lists:
            for name, item in zip((first, second), lists):
                assert isinstance(item, list)
                require(len(item) <= 4096, 10, "/architecture: a stream has more than 4096 layers")
                streams[name] = self.stack(item, f"{name}/layers", features, "stream")[0]
        elif kind == "dueling":
            for name in (first, second):
                hidden = tuple(self.layer(item, f"{name}/hidden", features) for item in split)
                streams[name] = hidden
        outputs = {"value": 1, "advantage": actions, "policy": actions}
        whole = actions * quantiles + (1 if kind == "actor_critic" else 0)
        ends = {name: (outputs[name], hidden) for name, hidden in streams.items()} or {"": (whole, ())}
        parameters: dict[str, tuple[int, ...]] = {}
        for layer in layers:
            self.add(parameters, layer)
        for name, (count, hidden) in ends.items():
            for layer in hidden:
                self.add(parameters, layer)
            width = math.prod(hidden[-1].output_shape if hidden else features)
            path = f"{name}/output" if name else "head"
            parameters[f"{path}/weight"], parameters[f"{path}/bias"] = (count, width), (count,)
            self.count_work(count * width, count * width + count)
        return Network(element, shape, offset, scale, layers, kind, actions, quantiles, streams, parameters)

    @staticmethod
    def add(parameters: dict[str, tuple[int, ...]], layer: Layer) -> None:
        """Appends the parameters of a layer."""
        if layer.weight_shape is not None:
            parameters[f"{layer.name}/weight"] = layer.weight_shape
            parameters[f"{layer.name}/bias"] = layer.bias_shape

    def stack(
        self, items: list[Any], prefix: str, shape: tuple[int, ...], within: str
    ) -> tuple[tuple[Layer, ...], tuple[int, ...]]:
        """Layers one after another, and the shape of the last output."""
        layers = []
        for index, item in enumerate(items):
            layer = self.layer(item, f"{prefix}/{index}", shape)
            is_allowed = not within or layer.type in ("dense", "layer_norm")
            require(is_allowed, 10, f"/architecture: a stream has a layer of type {layer.type}")
            layers.append(layer)
            shape = layer.output_shape
        return tuple(layers), shape

    def layer(self, item: Any, name: str, shape: tuple[int, ...]) -> Layer:
        """One layer."""
        kind = item.get("type") if isinstance(item, dict) else None
        is_known = isinstance(kind, str) and kind in (KEYS if self.is_2_1 else ("convolution", "dense"))
        require(is_known, 10, f"/architecture: {name} has the unknown type '{brief(kind)}'")
        assert isinstance(kind, str)
        if not self.is_2_1:
            require(item.get("activation") is None, 10, f"/architecture: {name} has an activation, which came with 2.1")
        allowed = KEYS[kind] - (set() if self.is_2_1 else {"padding"})
        refuse_keys(item, {"type"} | allowed | ({"activation"} if self.is_2_1 else set()), name)
        usual = "relu" if kind in ("convolution", "dense") else "identity"
        activation = item.get("activation") or usual
        is_activation = item.get("activation") is None or activation in ACTIVATIONS
        require(is_activation, 10, f"/architecture: {name} has an unknown activation")
        if kind == "layer_norm":
            self.count_output(shape)
            self.count_work(0, 2 * math.prod(shape))
            return Layer(kind, name, activation, shape, shape)
        if kind == "dense":
            units = item.get("units")
            require(is_count(units, 1, MOST_EXTENT), 10, f"/architecture: {name} has an invalid number of units")
            self.count_output((units,))
            inputs = math.prod(shape)
            self.count_work(units * inputs, units * (inputs + 1))
            return Layer(kind, name, activation, shape, (units,))
        return self.windowed(item, kind, name, activation, shape)

    def windowed(self, item: Any, kind: str, name: str, activation: str, shape: tuple[int, ...]) -> Layer:
        """A convolution or a pooling."""
        require(len(shape) == 3, 10, f"/architecture: {name} needs channels, rows and columns")
        kernel = self.pair(item.get("kernel"), 1, name)
        stride = self.pair(item.get("stride"), 1, name)
        padding = self.pair(item.get("padding"), 0, name) if item.get("padding") is not None else (0, 0)
        for padded, size in zip(padding, kernel):
            is_small = padded < size if kind == "convolution" else 2 * padded <= size
            require(is_small, 10, f"/architecture: {name} has a padding that is too large")
        extents = [n + 2 * p - k for n, p, k in zip(shape[1:], padding, kernel)]
        require(min(extents) >= 0, 10, f"/architecture: the input of {name} is smaller than its kernel")
        rows, columns = (extent // step + 1 for extent, step in zip(extents, stride))
        outputs = item.get("outputs") if kind == "convolution" else shape[0]
        require(is_count(outputs, 1, MOST_EXTENT), 10, f"/architecture: {name} has an invalid number of outputs")
        assert isinstance(outputs, int)
        result = (outputs, rows, columns)
        self.count_output(result)
        window = math.prod(kernel) * (shape[0] if kind == "convolution" else 1)
        weights = outputs * (window + 1) if kind == "convolution" else 0
        self.count_work(math.prod(result) * window, weights)
        return Layer(kind, name, activation, shape, result, kernel, stride, padding)

    def pair(self, size: Any, least: int, name: str) -> Pair:
        """Rows and columns of a size."""
        pair = size if isinstance(size, list) and self.is_2_1 else [size, size]
        is_pair = len(pair) == 2 and all(is_count(n, least, MOST_EXTENT) for n in pair)
        require(is_pair, 10, f"/architecture: {name} has an invalid kernel, stride or padding")
        return (pair[0], pair[1])

    def count_output(self, shape: tuple[int, ...]) -> None:
        """Adds the elements of an output to the sum."""
        count = math.prod(shape)
        self.elements += count
        if count > 1 << 25 or self.elements > 1 << 26:
            raise RefusedFile(10, "/architecture: the network has more elements than the limits allow")

    def count_work(self, multiplications: int, parameters: int) -> None:
        """Adds multiplications and parameters to the sums."""
        self.multiplications += multiplications
        self.parameters += parameters
        if self.multiplications > 1 << 36 or self.parameters > 1 << 31:
            raise RefusedFile(10, "/architecture: the network is larger than the limits allow")


def read_network(document: Any, version: str) -> Network:
    """The network that /architecture describes."""
    return Builder(version).network(document)

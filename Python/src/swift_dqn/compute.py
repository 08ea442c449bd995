"""Computes the network of a policy with NumPy, in float64 and in the order of docs/format.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .network import Layer, Network

Array = NDArray[np.float64]
Parameters = Mapping[str, NDArray[Any]]
erf = np.vectorize(math.erf, otypes=[np.float64])


def activate(name: str, x: Array) -> Array:
    """An activation of every element."""
    if name == "relu":
        return np.maximum(x, 0)
    if name == "tanh":
        return np.tanh(x)
    if name == "elu":
        return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))
    if name == "gelu":
        return np.asarray(x * (1 + erf(x / math.sqrt(2))) / 2, np.float64)
    if name in ("sigmoid", "silu"):
        # Large negative numbers would overflow in e⁻ˣ.
        power = np.exp(-np.abs(x))
        sigmoid = np.where(x >= 0, 1, power) / (1 + power)
        return np.asarray(sigmoid if name == "sigmoid" else x * sigmoid, np.float64)
    return x


def windows(x: Array, layer: Layer, fill: float) -> Array:
    """The windows of padded values: [batch, channels, rows, columns, kernel rows, kernel columns]."""
    (rows, columns), (down, right) = layer.padding, layer.stride
    padded = np.pad(x, ((0, 0), (0, 0), (rows, rows), (columns, columns)), constant_values=fill)
    views = np.lib.stride_tricks.sliding_window_view(padded, layer.kernel, axis=(2, 3))
    return np.asarray(views[:, :, ::down, ::right])


def linear(parameters: Parameters, name: str, x: Array) -> Array:
    """A dense layer without its activation."""
    weight, bias = parameters[f"{name}/weight"], parameters[f"{name}/bias"]
    return np.asarray(x.reshape(len(x), -1) @ weight.astype(np.float64).T + bias)


def hidden(parameters: Parameters, layer: Layer, x: Array) -> Array:
    """The output of a hidden layer."""
    if layer.type == "dense":
        x = linear(parameters, layer.name, x)
    elif layer.type == "convolution":
        weight = parameters[f"{layer.name}/weight"].astype(np.float64)
        bias = parameters[f"{layer.name}/bias"].astype(np.float64)
        x = np.tensordot(windows(x, layer, 0), weight, axes=((1, 4, 5), (1, 2, 3)))
        x = np.ascontiguousarray(np.moveaxis(x + bias, 3, 1))
    elif layer.type == "layer_norm":
        axes = tuple(range(1, x.ndim))
        mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        weight, bias = parameters[f"{layer.name}/weight"], parameters[f"{layer.name}/bias"]
        x = (x - mean) / np.sqrt(variance + 1e-5) * weight + bias
    elif layer.type == "max_pooling":
        x = windows(x, layer, -np.inf).max(axis=(4, 5))
    else:
        x = windows(x, layer, 0).mean(axis=(4, 5))
    return activate(layer.activation, x)


def outputs(network: Network, parameters: Parameters, observations: NDArray[Any]) -> tuple[Array, Array | None]:
    """Q-values or logits of a batch [count, *shape], and the values of the states for actor-critic networks."""
    x: Array = (observations.astype(np.float64) - network.offset) * network.scale
    for layer in network.layers:
        x = hidden(parameters, layer, x)
    ends = {}
    for name, layers in network.streams.items():
        stream = x
        for layer in layers:
            stream = hidden(parameters, layer, stream)
        ends[name] = linear(parameters, f"{name}/output", stream)
    if network.head == "dueling":
        advantages = ends["advantage"]
        return ends["value"] + advantages - advantages.mean(axis=1, keepdims=True), None
    if network.head == "actor_critic":
        if ends:
            return ends["policy"], ends["value"][:, 0]
        both = linear(parameters, "head", x)
        return both[:, : network.actions], both[:, network.actions]
    values = linear(parameters, "head", x)
    if network.head == "quantiles":
        values = values.reshape(len(values), network.actions, network.quantiles).mean(axis=2)
    return values, None

"""A Keras model that computes what a policy does."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
from keras import layers as keras_layers

from .network import Layer, Network
from .policy import Policy


#: Bytes of a policy's documents that a model carries.
LARGEST_DESCRIPTION = 1 << 18


class Converter:
    """Builds a model; pictures have their channels last inside, as every backend of Keras computes them."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.weights: list[tuple[Any, list[Any]]] = []

    def model(self) -> Any:
        """The model with its weights."""
        network = self.policy.network
        inputs = keras.Input(network.input_shape, dtype=network.element, name="observation")
        x = keras_layers.Rescaling(1.0, dtype="float32")(inputs) if is_default(network) else self.scaled(inputs)
        x = self.described(x)
        is_picture = len(network.input_shape) == 3 and any(len(layer.output_shape) == 3 for layer in network.layers)
        if is_picture:
            x = keras_layers.Permute((2, 3, 1))(x)
        x, is_picture = self.stack(network.layers, x, is_picture)
        x = self.flat(x, is_picture)
        model = keras.Model(inputs, self.ends(network, x), name="policy")
        for layer, values in self.weights:
            layer.set_weights(values)
        return model

    def described(self, inputs: Any) -> Any:
        """Adds the policy's documents: a layer that drops nothing keeps their bytes as the shape of its noise.

        Models of Keras keep the options of their layers, and no other text.
        """
        text = self.policy.description()
        if text is None:
            return inputs
        if len(text) > LARGEST_DESCRIPTION:
            warnings.warn(f"the policy's documents have {len(text)} bytes; models with more than {LARGEST_DESCRIPTION} go without")
            return inputs
        return keras_layers.Dropout(0.0, noise_shape=tuple(text.encode()), name="swift_dqn")(inputs)

    def scaled(self, inputs: Any) -> Any:
        """(x − offset) · scale."""
        network = self.policy.network
        scale = np.broadcast_to(network.scale, network.input_shape)
        shift = -np.broadcast_to(network.offset, network.input_shape) * scale
        if network.offset.size == network.scale.size == 1:
            return keras_layers.Rescaling(float(network.scale), float(shift.flat[0]), dtype="float32")(inputs)
        # A list for each element is no option of Keras's layer, but of a diagonal one on flat observations.
        x = keras_layers.Flatten()(keras_layers.Rescaling(1.0, dtype="float32")(inputs))
        diagonal = Diagonal(name="input_scale")
        x = diagonal(x)
        self.weights.append((diagonal, [scale.reshape(-1).astype(np.float32), shift.reshape(-1).astype(np.float32)]))
        return keras_layers.Reshape(network.input_shape)(x)

    def stack(self, layers: tuple[Layer, ...], x: Any, is_picture: bool) -> tuple[Any, bool]:
        """Hidden layers one after another."""
        least = -np.inf
        for layer in layers:
            if layer.type == "dense":
                x, is_picture = self.flat(x, is_picture), False
                dense = keras_layers.Dense(layer.output_shape[0])
                x = dense(x)
                self.weights.append((dense, [self.array(layer, "weight").T, self.array(layer, "bias")]))
            elif layer.type == "layer_norm":
                x = self.normalized(layer, x, is_picture)
            else:
                x = self.windowed(layer, x, least)
            x = x if layer.activation == "identity" else keras_layers.Activation(layer.activation)(x)
            least = 0.0 if layer.activation in ("relu", "sigmoid") else -np.inf
        return x, is_picture

    def array(self, layer: Layer, part: str) -> Any:
        """A parameter of a layer."""
        return self.policy.parameters[f"{layer.name}/{part}"]

    def normalized(self, layer: Layer, x: Any, is_picture: bool) -> Any:
        """Layer normalisation over all elements."""
        axes = list(range(1, len(layer.input_shape) + 1))
        module = keras_layers.LayerNormalization(axis=axes, epsilon=1e-5)
        weight, bias = self.array(layer, "weight"), self.array(layer, "bias")
        if is_picture:
            weight, bias = np.moveaxis(weight, 0, -1), np.moveaxis(bias, 0, -1)
        self.weights.append((module, [weight, bias]))
        return module(x)

    def windowed(self, layer: Layer, x: Any, least: float) -> Any:
        """A convolution or a pooling of a picture."""
        if any(layer.padding):
            if layer.type == "max_pooling" and least < 0:
                x = LowestPadding(layer.padding)(x)
            else:
                x = keras_layers.ZeroPadding2D(layer.padding, data_format="channels_last")(x)
        options: dict[str, Any] = {"strides": layer.stride, "data_format": "channels_last"}
        if layer.type == "max_pooling":
            return keras_layers.MaxPooling2D(layer.kernel, **options)(x)
        if layer.type == "average_pooling":
            return keras_layers.AveragePooling2D(layer.kernel, **options)(x)
        module = keras_layers.Conv2D(layer.output_shape[0], layer.kernel, **options)
        weight = np.transpose(self.array(layer, "weight"), (2, 3, 1, 0))
        self.weights.append((module, [weight, self.array(layer, "bias")]))
        return module(x)

    @staticmethod
    def flat(x: Any, is_picture: bool) -> Any:
        """One vector, in the order channel, row, column."""
        x = keras_layers.Permute((3, 1, 2))(x) if is_picture else x
        return x if len(x.shape) == 2 else keras_layers.Flatten()(x)

    def dense(self, x: Any, weight: Any, bias: Any, name: str) -> Any:
        """A dense layer without an activation."""
        module = keras_layers.Dense(len(bias), name=name)
        self.weights.append((module, [np.asarray(weight, np.float32).T, np.asarray(bias, np.float32)]))
        return module(x)

    def ends(self, network: Network, x: Any) -> Any:
        """The outputs: Q-values, or the logits and the state's value."""
        parameters = self.policy.parameters
        ends = {}
        for name, layers in network.streams.items():
            stream, _ = self.stack(layers, x, False)
            weight, bias = parameters[f"{name}/output/weight"], parameters[f"{name}/output/bias"]
            ends[name] = self.dense(stream, weight, bias, name)
        if network.head == "dueling":
            mean = keras.ops.mean(ends["advantage"], axis=1, keepdims=True)
            centred = keras_layers.Subtract()([ends["advantage"], mean])
            return keras_layers.Add(name="q_values")([centred, ends["value"]])
        if ends:
            return [ends["policy"], ends["value"]]
        weight, bias = parameters["head/weight"], parameters["head/bias"]
        if network.head == "actor_critic":
            actions = network.actions
            return [
                self.dense(x, weight[:actions], bias[:actions], "policy"),
                self.dense(x, weight[actions:], bias[actions:], "value"),
            ]
        if network.head == "quantiles":
            quantiles = self.dense(x, weight, bias, "quantiles")
            return keras.ops.mean(keras_layers.Reshape((network.actions, network.quantiles))(quantiles), axis=2)
        return self.dense(x, weight, bias, "q_values")


@keras.saving.register_keras_serializable(package="swift_dqn")
class Diagonal(keras_layers.Layer):  # type: ignore[misc]
    """Multiplies each element by a number and adds another."""

    def build(self, input_shape: Any) -> None:
        """Creates both vectors."""
        self.scale = self.add_weight(shape=(input_shape[-1],), name="scale", trainable=False)
        self.shift = self.add_weight(shape=(input_shape[-1],), name="shift", trainable=False)

    def call(self, inputs: Any) -> Any:
        """The scaled elements."""
        return inputs * self.scale + self.shift


@keras.saving.register_keras_serializable(package="swift_dqn")
class LowestPadding(keras_layers.Layer):  # type: ignore[misc]
    """Surrounds pictures, channels last, by the lowest number, which no maximum chooses."""

    def __init__(self, padding: Any, **options: Any) -> None:
        super().__init__(**options)
        self.padding = tuple(padding)

    def call(self, inputs: Any) -> Any:
        """The padded pictures."""
        rows, columns = self.padding
        lowest = float(np.finfo(np.float32).min)
        widths = ((0, 0), (rows, rows), (columns, columns), (0, 0))
        return keras.ops.pad(inputs, widths, mode="constant", constant_values=lowest)

    def get_config(self) -> dict[str, Any]:
        """What a saved model stores."""
        return {**super().get_config(), "padding": list(self.padding)}


def is_default(network: Network) -> bool:
    """Whether the input is used as it is."""
    return network.offset.size == network.scale.size == 1 and float(network.offset) == 0 and float(network.scale) == 1


def to_keras(policy: Policy) -> Any:
    """A Keras 3 model from observations [count, *shape] to Q-values; two outputs for an actor-critic network.

    An offset or a scale for each element, and max pooling with padding of elements that may be negative, become layers
    of this package, which has to be installed to load the model. The model carries the policy's documents, so that
    `dqn-checkpoint import` makes the same policy of a saved file again.
    """
    return Converter(policy).model()

"""A policy: a network with its parameters, and what a program that plays has to know."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import compute
from .network import Network


@dataclass(frozen=True)
class Policy:
    """A trained policy. Observations are those of the network's input: stacked, channels first, not yet scaled."""

    network: Network
    #: The arrays of /parameters/online by name, such as `layers/0/weight`, as float32.
    parameters: Mapping[str, NDArray[np.float32]]
    #: The id of the environment it was trained in; empty if the file does not name one.
    environment: str
    #: The number of frames of one observation.
    frame_stack: int
    #: What changes observations and actions in between, innermost first.
    wrappers: tuple[str, ...]
    #: Whether masks of the environment restrict actions.
    uses_action_masks: bool
    #: The documents of the checkpoint, with which `dqn-checkpoint import` makes the same policy again; `None` for a policy
    #: that was made without a checkpoint.
    documents: Mapping[str, Any] | None = None

    def description(self) -> str | None:
        """The JSON text that exported files carry; `None` without documents."""
        if self.documents is None:
            return None
        digest = hashlib.sha256()
        for name in self.network.parameters:
            digest.update(np.ascontiguousarray(self.parameters[name], "<f4").tobytes())
        return json.dumps({**self.documents, "parameters_sha256": digest.hexdigest()}, sort_keys=True)

    def batch(self, observations: ArrayLike) -> tuple[NDArray[Any], bool]:
        """Observations as [count, *shape], and whether there was only one."""
        values = np.asarray(observations)
        shape, size = self.network.input_shape, math.prod(self.network.input_shape)
        if self.network.element == "uint8" and values.dtype != np.uint8:
            if values.size and (values.min() < 0 or values.max() > 255 or (values != np.floor(values)).any()):
                raise ValueError("this network takes bytes: integers from 0 to 255, which it scales itself")
        else:
            # The network takes float32.
            values = values if values.dtype == np.uint8 else values.astype(np.float32)
        if values.shape in (shape, (size,)):
            return values.reshape(1, *shape), True
        if values.ndim and values.shape[1:] in (shape, (size,)):
            return values.reshape(len(values), *shape), False
        raise ValueError(f"observations have the shape {values.shape}; the network takes {shape} or [count, *{shape}]")

    def _outputs(self, observations: ArrayLike) -> tuple[NDArray[Any], NDArray[Any] | None, bool]:
        values, is_single = self.batch(observations)
        # Bounded, because windows of pictures take many times the memory of an observation.
        largest = max([1, *(math.prod(layer.output_shape) * math.prod(layer.kernel) for layer in self.network.layers)])
        step = max(1, min(256, (1 << 22) // largest))
        parts = [
            compute.outputs(self.network, self.parameters, values[first : first + step])
            for first in range(0, len(values), step)
        ]
        if not parts:
            return np.zeros((0, self.network.actions)), np.zeros(0), False
        states = [state for _, state in parts if state is not None]
        return np.concatenate([part for part, _ in parts]), np.concatenate(states) if states else None, is_single

    def q_values(self, observations: ArrayLike) -> NDArray[np.float64]:
        """The Q-values of one observation [actions], or of several [count, actions].

        For an actor-critic network these are the logits of its policy, as in `dqn-play --trace`; for quantiles their
        means.

        Raises: `ValueError` if the observations do not have the shape of the network's input.
        """
        values, _, is_single = self._outputs(observations)
        return values[0] if is_single else values

    def state_values(self, observations: ArrayLike) -> NDArray[np.float64]:
        """The value of each state: the critic's for an actor-critic network, otherwise the largest Q-value."""
        values, states, is_single = self._outputs(observations)
        states = values.max(axis=1) if states is None else states
        return states[0] if is_single else states

    def probabilities(self, observations: ArrayLike) -> NDArray[np.float64]:
        """The probability of each action under an actor-critic policy; raises `ValueError` for other networks."""
        if self.network.head != "actor_critic":
            raise ValueError(f"a network with the head '{self.network.head}' has no probabilities, but Q-values")
        values, _, is_single = self._outputs(observations)
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        result = powers / powers.sum(axis=1, keepdims=True)
        return np.asarray(result[0] if is_single else result)

    def actions(self, observations: ArrayLike, masks: ArrayLike | None = None) -> NDArray[np.int64]:
        """The greedy action of each observation; with masks the best allowed one. A mask of zeros restricts nothing."""
        values, _, is_single = self._outputs(observations)
        # The comparison of the programs: values are float32 there.
        with np.errstate(over="ignore"):
            values = values.astype(np.float32)
        if masks is not None:
            allowed = np.asarray(masks).reshape(values.shape) != 0
            allowed = allowed | ~allowed.any(axis=1, keepdims=True)
            values = np.where(allowed, values, -np.inf)
        chosen = values.argmax(axis=1)
        return np.asarray(chosen[0] if is_single else chosen)

    def action(self, observation: ArrayLike, mask: ArrayLike | None = None) -> int:
        """The greedy action of one observation."""
        return int(self.actions(np.asarray(observation)[None], None if mask is None else np.asarray(mask)[None])[0])

    def to_stable_baselines3(self) -> Any:
        """A model of Stable-Baselines3 that acts identically; see `stable_baselines3_model`.

        Raises: `ImportError` if Stable-Baselines3 is not installed.
        """
        from .stable_baselines3_model import to_stable_baselines3

        return to_stable_baselines3(self)

    def to_torch(self) -> Any:
        """A `torch.nn.Module` of the network; raises `ImportError` if PyTorch is not installed."""
        from .torch_network import to_torch

        return to_torch(self)

    def to_keras(self) -> Any:
        """A model of Keras 3 that computes the same; see `keras_model`.

        Raises: `ImportError` if Keras is not installed.
        """
        from .keras_model import to_keras

        return to_keras(self)

"""Reads the spaces of a Gymnasium environment as the programs do."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CannotConvert, brief

MOST_COMBINATIONS = 1024
Step = tuple[float, bool, bool]


class Game:
    """An environment with counted actions and frames of numbers."""

    def __init__(self, env: Any, choices: dict[str, str]) -> None:
        from gymnasium import spaces

        self.env, self.spaces = env, spaces
        space = env.observation_space
        self.key: Any = choices.get("observation_key")
        if self.key is not None:
            if isinstance(space, spaces.Tuple) and self.key.isdecimal():
                self.key = int(self.key)
            try:
                space = space[self.key]
            except (KeyError, IndexError, TypeError) as error:
                raise CannotConvert(f"the observations have no entry '{brief(self.key)}'") from error
        self.space = space
        self.is_box = isinstance(space, spaces.Box)
        self.channels_last = False
        if self.is_box:
            shape: tuple[int, ...] = tuple(space.shape) or (1,)
            if len(shape) > 3:
                raise CannotConvert(f"observations of shape {shape} have more than three axes")
            if len(shape) == 3:
                older = "last" if shape[0] >= shape[2] else "first"
                self.channels_last = choices.get("channels", older) == "last"
                shape = (shape[2], shape[0], shape[1]) if self.channels_last else shape
            self.shape: tuple[int, ...] = tuple(int(n) for n in shape)
            self.element = "uint8" if space.dtype == np.uint8 else "float32"
        else:
            try:
                self.shape = (int(spaces.flatdim(space)),)
            except (NotImplementedError, ValueError) as error:
                kind = type(space).__name__
                raise CannotConvert(f"observations of {kind} have no fixed number of elements") from error
            self.element = "float32"
        self.action_list = self._actions(env.action_space)
        self.action_count = len(self.action_list)
        self.frame: NDArray[Any] = np.zeros(self.shape, self.element)
        self.mask: NDArray[np.bool_] | None = None

    def _actions(self, space: Any) -> list[Any]:
        if isinstance(space, self.spaces.Discrete):
            return [int(space.start) + index for index in range(int(space.n))]
        if isinstance(space, self.spaces.MultiDiscrete):
            extents = space.nvec.ravel().tolist()
            starts = np.broadcast_to(space.start, space.nvec.shape).ravel().tolist()
            ranges = [range(start, start + extent) for start, extent in zip(starts, extents)]
        elif isinstance(space, self.spaces.MultiBinary):
            ranges = [range(2)] * math.prod(space.shape)
        else:
            raise CannotConvert(f"the actions are {type(space).__name__}; the policy chooses one of a counted number")
        if math.prod(map(len, ranges)) > MOST_COMBINATIONS:
            raise CannotConvert(f"the actions have more than {MOST_COMBINATIONS} combinations")
        return [np.array(item, space.dtype).reshape(space.shape) for item in itertools.product(*ranges)]

    @property
    def lives(self) -> int | None:
        """The lives that are left, in games that have some."""
        emulator = getattr(self.env.unwrapped, "ale", None)
        return int(emulator.lives()) if emulator is not None else None

    def reset(self, seed: int | None) -> None:
        """Begins an episode; Gymnasium receives the 31 lowest bits of a seed."""
        observation, information = self.env.reset(seed=None if seed is None else seed & 0x7FFFFFFF)
        self._take(observation, information)

    def step(self, action: int) -> Step:
        """Takes an action; returns the reward, and whether the episode is terminated or truncated."""
        native = self.action_list[action]
        native = native.copy() if isinstance(native, np.ndarray) else native
        observation, reward, terminated, truncated, information = self.env.step(native)
        self._take(observation, information)
        return float(reward), bool(terminated), bool(truncated)

    def _take(self, observation: Any, information: Any) -> None:
        if self.key is not None:
            observation = observation[self.key]
        if self.is_box:
            frame = np.asarray(observation)
            frame = np.moveaxis(frame, 2, 0) if self.channels_last else frame
        else:
            frame = np.asarray(self.spaces.flatten(self.space, observation))
        self.frame = np.array(frame, self.element).reshape(self.shape)
        mask = information.get("action_mask")
        self.mask = None if mask is None else np.asarray(mask).reshape(-1) != 0
        if self.mask is not None and len(self.mask) != self.action_count:
            raise CannotConvert(f"action_mask has {len(self.mask)} entries for {self.action_count} actions")

    def meaning(self, action: int) -> str:
        """What an action does in the environment's words."""
        meanings: list[Any] = getattr(self.env.unwrapped, "get_action_meanings", lambda: [])()
        return str(meanings[action]).lower() if len(meanings) == self.action_count else ""


class Layer:
    """A wrapper around a game."""

    def __init__(self, inner: Game | Layer) -> None:
        self.inner = inner
        self.shape: tuple[int, ...] = inner.shape
        self.element: str = inner.element
        self.action_count: int = inner.action_count

    @property
    def frame(self) -> NDArray[Any]:
        """The newest frame."""
        return self.inner.frame

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """The allowed actions."""
        return self.inner.mask

    @property
    def lives(self) -> int | None:
        """The lives that are left."""
        return self.inner.lives

    def meaning(self, action: int) -> str:
        """What an action does."""
        return self.inner.meaning(action)

    def reset(self, seed: int | None) -> None:
        """Begins an episode."""
        self.inner.reset(seed)

    def step(self, action: int) -> Step:
        """Takes an action."""
        return self.inner.step(action)

"""Reads the spaces of a Gymnasium environment as the programs do, and applies the wrappers of a checkpoint."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .area import AreaShrinking, luminance
from .errors import CannotConvert, brief
from .random_streams import RandomStream

MOST_COMBINATIONS = 1024
TRAINING_ONLY = ("episodic-life", "reward-clip", "reward-scale", "reward-normalize")
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
                raise CannotConvert(f"observations of {type(space).__name__} have no fixed number of elements") from error
            self.element = "float32"
        self.action_list = self._actions(env.action_space)
        self.action_count = len(self.action_list)
        self.frame: NDArray[Any] = np.zeros(self.shape, self.element)
        self.mask: NDArray[np.bool_] | None = None

    def _actions(self, space: Any) -> list[Any]:
        if isinstance(space, self.spaces.Discrete):
            return [int(space.start) + index for index in range(int(space.n))]
        if isinstance(space, self.spaces.MultiDiscrete):
            extents, starts = space.nvec.ravel().tolist(), np.broadcast_to(space.start, space.nvec.shape).ravel().tolist()
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


class NoOpStart(Layer):
    """Begins an episode with some steps of action 0."""

    def __init__(self, inner: Game | Layer, most: int) -> None:
        super().__init__(inner)
        if inner.meaning(0) != "noop":
            raise CannotConvert("the wrapper 'no-op-start' needs an action 0 that is 'noop'")
        self.most, self.random = most, RandomStream(0, "no-op-start")

    def reset(self, seed: int | None) -> None:
        if seed is not None:
            self.random = RandomStream(seed, "no-op-start")
        self.inner.reset(seed)
        for _ in range(1 + self.random.below(self.most)):
            _, terminated, truncated = self.inner.step(0)
            if terminated or truncated:
                self.inner.reset(None)


class ActionRepeat(Layer):
    """Repeats each action and sums the rewards; may show the maximum of the last two frames."""

    def __init__(self, inner: Game | Layer, count: int, takes_maximum: bool) -> None:
        super().__init__(inner)
        if takes_maximum and inner.element != "uint8":
            raise CannotConvert("the wrapper 'action-repeat:N,max' needs observations of bytes")
        self.count, self.takes_maximum = count, takes_maximum
        self.shown: NDArray[Any] | None = None

    @property
    def frame(self) -> NDArray[Any]:
        return self.inner.frame if self.shown is None else self.shown

    def reset(self, seed: int | None) -> None:
        self.inner.reset(seed)
        self.shown = None

    def step(self, action: int) -> Step:
        total, taken = 0.0, 0
        before = None
        terminated = truncated = False
        while taken < self.count and not (terminated or truncated):
            before = self.inner.frame
            reward, terminated, truncated = self.inner.step(action)
            total += reward
            taken += 1
        merges = self.takes_maximum and taken == self.count and self.count > 1 and before is not None
        self.shown = np.maximum(before, self.inner.frame) if merges and before is not None else None
        return total, terminated, truncated


class AtariPixels(Layer):
    """Shrinks a screen to a grey square."""

    def __init__(self, inner: Game | Layer, side: int) -> None:
        super().__init__(inner)
        shape = inner.shape
        is_screen = len(shape) == 2 or (len(shape) == 3 and shape[0] == 3)
        if inner.element != "uint8" or not is_screen or min(shape[-2:]) < side:
            raise CannotConvert(f"the wrapper 'atari-pixels:{side}' needs screens of bytes, not {inner.element} of {shape}")
        self.shrinking = AreaShrinking(shape[-2], shape[-1], side)
        self.shape = (side, side)

    @property
    def frame(self) -> NDArray[Any]:
        screen = self.inner.frame
        return self.shrinking.shrink(screen if screen.ndim == 2 else luminance(screen))


class ObservationScale(Layer):
    """Multiplies and shifts observations."""

    def __init__(self, inner: Game | Layer, factor: float, offset: float) -> None:
        super().__init__(inner)
        if inner.element != "float32":
            raise CannotConvert("the wrapper 'observation-scale' needs observations of floats")
        self.factor, self.offset = np.float32(factor), np.float32(offset)

    @property
    def frame(self) -> NDArray[Any]:
        return np.asarray(self.inner.frame * self.factor + self.offset, np.float32)


class TimeLimit(Layer):
    """Truncates an episode after a number of steps."""

    def __init__(self, inner: Game | Layer, steps: int) -> None:
        super().__init__(inner)
        self.steps, self.taken = steps, 0

    def reset(self, seed: int | None) -> None:
        self.inner.reset(seed)
        self.taken = 0

    def step(self, action: int) -> Step:
        reward, terminated, truncated = self.inner.step(action)
        self.taken += 1
        return reward, terminated, truncated or (self.taken >= self.steps and not terminated)


class FireOnReset(Layer):
    """Presses FIRE and action 2 at the start of an episode and after each lost life."""

    def __init__(self, inner: Game | Layer) -> None:
        super().__init__(inner)
        if inner.action_count < 3 or inner.meaning(1) != "fire":
            raise CannotConvert("the wrapper 'fire-on-reset' needs an action 1 that is 'fire', and a third one")
        self.last: int | None = None

    def reset(self, seed: int | None) -> None:
        self.inner.reset(seed)
        for action in (1, 2):
            _, terminated, truncated = self.inner.step(action)
            if terminated or truncated:
                self.inner.reset(None)
        self.last = self.inner.lives

    def step(self, action: int) -> Step:
        total, terminated, truncated = self.inner.step(action)
        lives = self.inner.lives
        if self.last is not None and lives is not None and lives < self.last:
            for fire in (1, 2):
                if not (terminated or truncated):
                    reward, terminated, truncated = self.inner.step(fire)
                    total += reward
        self.last = self.inner.lives
        return total, terminated, truncated


def wrapped(game: Game | Layer, texts: tuple[str, ...]) -> Game | Layer:
    """A game inside the wrappers of a checkpoint, without those for training only."""
    for text in texts:
        name, _, rest = text.partition(":")
        arguments = rest.split(",") if rest else []
        if name in TRAINING_ONLY:
            continue
        try:
            if name == "no-op-start" and len(arguments) == 1:
                game = NoOpStart(game, bounded(arguments[0], 1000))
            elif name == "action-repeat" and arguments[1:] in ([], ["max"]):
                game = ActionRepeat(game, bounded(arguments[0], 1000), len(arguments) == 2)
            elif name == "atari-pixels" and arguments in (["84"], ["42"]):
                game = AtariPixels(game, int(arguments[0]))
            elif name == "observation-scale" and len(arguments) in (1, 2):
                numbers = [float(item) for item in arguments]
                game = ObservationScale(game, numbers[0], numbers[1] if len(numbers) == 2 else 0.0)
            elif name == "time-limit" and len(arguments) == 1:
                game = TimeLimit(game, bounded(arguments[0], (1 << 31) - 1))
            elif name == "fire-on-reset" and not arguments:
                game = FireOnReset(game)
            else:
                raise CannotConvert(f"the policy uses the wrapper '{brief(text)}', which this package does not know")
        except (ValueError, IndexError) as error:
            if isinstance(error, CannotConvert):
                raise
            raise CannotConvert(f"the wrapper '{brief(text)}' has invalid settings") from error
    return game


def bounded(text: str, most: int) -> int:
    """An integer from 1 to a bound."""
    value = int(text)
    if not 1 <= value <= most:
        raise ValueError(text)
    return value

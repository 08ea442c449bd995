"""The wrappers of a checkpoint, as the programs apply them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .area import AreaShrinking, luminance
from .errors import CannotConvert, brief
from .games import Game, Layer, Step
from .random_streams import RandomStream

TRAINING_ONLY = ("episodic-life", "reward-clip", "reward-scale", "reward-normalize")


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
            raise CannotConvert(f"'atari-pixels:{side}' needs screens of bytes, not {inner.element} of {shape}")
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

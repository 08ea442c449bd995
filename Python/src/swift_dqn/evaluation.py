"""Plays episodes of a Gymnasium environment with a policy, as `dqn-play` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from .errors import CannotConvert
from .games import Game, Layer
from .policy import Policy
from .random_streams import RandomStream
from .replay import joined
from .wrappers import wrapped


@dataclass(frozen=True)
class Evaluation:
    """The results of some episodes."""

    returns: tuple[float, ...]
    lengths: tuple[int, ...]
    #: What `reset(seed=…)` received.
    seeds: tuple[int, ...]
    #: Whether `max_steps` ended each episode, and not the environment.
    cut_off: tuple[bool, ...]

    @property
    def mean_return(self) -> float:
        """The mean of the returns."""
        return float(np.mean(self.returns))

    @property
    def standard_deviation(self) -> float:
        """The population standard deviation of the returns."""
        return float(np.std(self.returns))


def evaluate(
    policy: Policy,
    env: Any,
    episodes: int = 10,
    seed: int = 0,
    *,
    epsilon: float = 0.0,
    max_steps: int | None = 108_000,
) -> Evaluation:
    """Plays episodes greedily; the same seed resets a Gymnasium environment with the seeds of `dqn-play --seed`.

    Frames are stacked, the wrappers of the checkpoint are applied, except those for training, and masks in
    `info["action_mask"]` are obeyed if the run obeyed them.

    - `env`: an environment, or the id of one for `gymnasium.make`. The name in the file is never used: it may come
      from a stranger.
    - `epsilon`: the probability of a random action.
    - `max_steps`: agent steps after which an episode is cut off; `None` for no limit.

    Raises: `CannotConvert` if the observations or the actions do not fit the policy, or for a wrapper that this
    package does not know.
    """
    if episodes < 1 or seed < 0 or not 0 <= epsilon <= 1 or (max_steps is not None and max_steps < 1):
        raise ValueError("use at least one episode and one step, a seed of at least 0 and an epsilon from 0 to 1")
    if isinstance(env, str):
        import gymnasium

        made = gymnasium.make(env)
        try:
            return evaluate(policy, made, episodes, seed, epsilon=epsilon, max_steps=max_steps)
        finally:
            made.close()
    game = wrapped(Game(env, reading_options(policy.environment)), policy.wrappers)
    check_fit(policy, game)
    random = RandomStream(seed, "play")
    results = [play(policy, game, random, epsilon, max_steps) for _ in range(episodes)]
    returns, lengths, seeds, cut = zip(*results)
    return Evaluation(returns, lengths, seeds, cut)


def reading_options(identifier: str) -> dict[str, str]:
    """The options of an id that choose how observations are read."""
    kind, _, options = identifier.partition("?")
    pairs = (item.partition("=") for item in options.split(",") if kind.startswith("gym:"))
    chosen = {key: unquote(value) for key, _, value in pairs if key in ("channels", "observation_key")}
    if chosen.get("channels") not in (None, "first", "last"):
        del chosen["channels"]
    return chosen


def check_fit(policy: Policy, game: Game | Layer) -> None:
    """Requires that the environment fits the network."""
    shape = joined(np.zeros((1, policy.frame_stack, *game.shape), np.uint8)).shape[1:]
    network = policy.network
    if (game.element, shape) != (network.element, network.input_shape):
        raise CannotConvert(
            f"the environment has observations of {game.element} {list(shape)} with {policy.frame_stack} frames; "
            f"the policy takes {network.element} {list(network.input_shape)}"
        )
    if game.action_count != network.actions:
        raise CannotConvert(f"the environment has {game.action_count} actions; the policy has {network.actions}")


def play(
    policy: Policy, game: Game | Layer, random: RandomStream, epsilon: float, max_steps: int | None
) -> tuple[float, int, int, bool]:
    """One episode: its return, its length, its seed and whether it was cut off."""
    seed = random.next()
    game.reset(seed)
    stack: NDArray[Any] = np.zeros((policy.frame_stack, *game.shape), game.element)
    total, length = 0.0, 0
    while True:
        stack = np.concatenate([stack[1:], game.frame[None]])
        mask = game.mask if policy.uses_action_masks else None
        if mask is not None and not mask.any():
            raise CannotConvert("action_mask allows no action before the end of the episode")
        if epsilon > 0 and random.uniform() < epsilon:
            allowed = np.arange(game.action_count) if mask is None else np.flatnonzero(mask)
            action = int(allowed[random.below(len(allowed))])
        else:
            action = policy.action(joined(stack[None])[0], mask)
        reward, terminated, truncated = game.step(action)
        if not np.isfinite(reward):
            raise ValueError(f"the environment returned the reward {reward}")
        total += reward
        length += 1
        if terminated or truncated or length == max_steps:
            return total, length, seed & 0x7FFFFFFF, not (terminated or truncated)

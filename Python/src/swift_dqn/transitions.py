"""Transitions of a replay in the arrays that D4RL and Minari use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .replay import FINAL, START, TERMINATED, TRUNCATED, Replay


@dataclass(frozen=True)
class Transitions:
    """Steps of one environment, oldest first.

    Row i leads from `observations[i]` to `next_observations[i]` by `actions[i]`. With n-step returns `rewards` are
    the discounted sums, `next_observations` those after the last step of each sum, and `discounts` the factor of the
    value there: γ to the number of steps, or 0 after a terminated step.
    """

    observations: NDArray[Any]
    actions: NDArray[np.int64]
    rewards: NDArray[np.float32]
    next_observations: NDArray[Any]
    terminations: NDArray[np.bool_]
    truncations: NDArray[np.bool_]
    discounts: NDArray[np.float64]
    #: Whether each row is the first step of its episode.
    starts: NDArray[np.bool_]
    #: The slot in the replay of each row.
    slots: NDArray[np.int64]
    #: The number of steps of each row: 1, or n for n-step returns.
    steps: int

    def __len__(self) -> int:
        return len(self.actions)

    def to_d4rl(self) -> dict[str, NDArray[Any]]:
        """The dictionary of D4RL's `qlearning_dataset`, with `timeouts` for truncations."""
        return {
            "observations": self.observations,
            "actions": self.actions,
            "rewards": self.rewards,
            "next_observations": self.next_observations,
            "terminals": self.terminations,
            "timeouts": self.truncations,
        }

    def to_minari(self) -> list[dict[str, NDArray[Any]]]:
        """Whole and partial episodes as Minari's buffers: each has one more observation than actions.

        The keys are those of `minari.data_collector.EpisodeBuffer`: `observations`, `actions`, `rewards`,
        `terminations`, `truncations`. An episode that still runs, or that the ring cuts, ends with a truncation.

        Raises: `ValueError` for n-step returns, whose rows are no single steps.
        """
        if self.steps != 1:
            raise ValueError("episodes consist of single steps: use transitions() without n-step returns")
        episodes = []
        ends = self.terminations | self.truncations
        first = 0
        for row in range(len(self)):
            is_last = row + 1 == len(self) or bool(self.starts[row + 1])
            if not (is_last or ends[row]):
                continue
            part = slice(first, row + 1)
            truncations = self.truncations[part].copy()
            truncations[-1] = not self.terminations[row]
            episodes.append(
                {
                    "observations": np.concatenate([self.observations[part], self.next_observations[row : row + 1]]),
                    "actions": self.actions[part],
                    "rewards": self.rewards[part],
                    "terminations": self.terminations[part],
                    "truncations": truncations,
                }
            )
            first = row + 1
        return episodes


def make_transitions(replay: Replay, steps: int, discount: float) -> Transitions:
    """The transitions of a replay; n-step sums end with their episode, or at the newest slot."""
    if steps < 1 or not 0 <= discount <= 1:
        raise ValueError(f"{steps} steps with a discount of {discount}; use at least 1 step and a discount from 0 to 1")
    order = replay.order
    flags = replay.flags[order]
    count = len(order)
    taken = (replay.actions[order] >= 0) & ((flags & FINAL) == 0)
    terminated, truncated = (flags & TERMINATED) != 0, (flags & TRUNCATED) != 0
    rows = np.flatnonzero(taken & replay.complete(order))
    sums = np.zeros(len(rows))
    discounts = np.ones(len(rows))
    last = rows.copy()
    running = np.ones(len(rows), bool)
    position = rows.copy()
    for _ in range(steps):
        at = position[running]
        sums[running] += discounts[running] * replay.rewards[order[at]]
        discounts[running] *= discount
        last[running] = at
        following = np.minimum(position + 1, count - 1)
        # The newest slot has no action yet.
        running = running & ~terminated[position] & ~truncated[position] & taken[following]
        position = np.where(running, following, position)
    discounts[terminated[last]] = 0
    # A terminated step has no observation after it: the ring continues with the next episode.
    after = replay.observations(order[np.minimum(last + 1, count - 1)])
    after[terminated[last]] = 0
    return Transitions(
        replay.observations(order[rows]), replay.actions[order[rows]].astype(np.int64), sums.astype(np.float32), after,
        terminated[last], truncated[last], discounts, (flags[rows] & START) != 0, order[rows],
        steps,
    )

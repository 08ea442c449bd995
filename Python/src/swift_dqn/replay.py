"""A replay: the ring of steps that an environment of a worker has taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .transitions import Transitions

TERMINATED, TRUNCATED, START, FINAL = 1, 2, 4, 8


@dataclass(frozen=True)
class Replay:
    """The columns of a ring, in slot order; docs/format.md defines them."""

    worker: int
    environment: int
    capacity: int
    cursor: int
    frame_stack: int
    frames: NDArray[Any]
    actions: NDArray[np.int32]
    rewards: NDArray[np.float32]
    flags: NDArray[np.uint8]
    #: Leaves of the sum tree of prioritized replay.
    priorities: NDArray[np.float64] | None
    #: The actions that the state after each slot's step allows.
    next_action_masks: NDArray[np.uint8] | None

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def order(self) -> NDArray[np.int64]:
        """The slots from the oldest to the newest."""
        count = len(self)
        first = (self.cursor + 1) % count if count == self.capacity else 0
        return (first + np.arange(count)) % count

    def observations(self, slots: Any) -> NDArray[Any]:
        """The stacked observations of slots [count, *shape of the network's input].

        Positions before the start of an episode are zeros. So are frames that a full ring has overwritten:
        `complete` tells them apart.
        """
        frames, _ = self._stack(np.asarray(slots, np.int64))
        return frames

    def complete(self, slots: Any) -> NDArray[np.bool_]:
        """Whether all frames of each slot's observation are still in the ring."""
        return self._stack(np.asarray(slots, np.int64), frames=False)[1]

    def _stack(self, slots: NDArray[np.int64], frames: bool = True) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        count, depth = len(self), self.frame_stack
        oldest = int(self.order[0])
        stack = np.zeros((len(slots), depth, *self.frames.shape[1:]), self.frames.dtype) if frames else np.zeros(0)
        inside = np.ones(len(slots), bool)
        complete = np.ones(len(slots), bool)
        current = slots.copy()
        for position in range(depth - 1, -1, -1):
            if frames:
                stack[inside, position] = self.frames[current[inside]]
            # The frame before the first one of an episode does not exist; that before the oldest slot is gone.
            starts = (self.flags[current] & START) != 0
            ended = inside & ~starts & (current == oldest)
            if position > 0:
                complete &= ~ended
            inside = inside & ~starts & ~ended
            current = (current - 1) % count
        return (joined(stack) if frames else stack), complete

    def transitions(self, steps: int = 1, discount: float = 1.0) -> Transitions:
        """The steps of the ring, oldest first, with stacked observations: arrays like those of D4RL and Minari.

        - `steps`: of n-step returns; 1 for plain transitions.
        - `discount`: the γ of n-step returns.
        """
        from .transitions import make_transitions

        return make_transitions(self, steps, discount)


def joined(stack: NDArray[Any]) -> NDArray[Any]:
    """Stacks of frames [count, k, *frame] as observations: the layout depends on the axes of a frame."""
    axes = stack.ndim - 2
    if axes in (1, 3):
        return stack.reshape(stack.shape[0], stack.shape[1] * stack.shape[2], *stack.shape[3:])
    return stack

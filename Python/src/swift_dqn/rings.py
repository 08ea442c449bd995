"""The ring of a replay: R15, R18, R21, R22, R24 and R31 of docs/format.md."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .container import Container
from .errors import require
from .manifest import SIZES
from .network import Network
from .replay import FINAL, START, TERMINATED, TRUNCATED, Replay

KNOWN = {"actions": "int32", "rewards": "float32", "flags": "uint8"}


@dataclass(frozen=True)
class Ring:
    """Where a replay lies in a file."""

    #: The numbers of the worker and the environment.
    place: tuple[int, int]
    prefix: str
    columns: dict[str, str]
    capacity: int
    count: int
    cursor: int
    chunk_length: int


def check_ring(container: Container, ring: Ring, network: Network) -> None:
    """The numbers, types and shapes, before anything is inflated."""
    name = f"/{ring.prefix}/replay"
    is_fit = 1 <= ring.capacity <= 1 << 53 and 1 <= ring.count <= ring.capacity and 0 <= ring.cursor < ring.count
    require(is_fit, 15, f"{name}: capacity, count and cursor disagree")
    is_newest = ring.count == ring.capacity or ring.cursor == ring.count - 1
    require(is_newest, 15, f"{name}: the cursor is not the newest slot")
    require(1 <= ring.chunk_length <= 1 << 30, 15, f"{name}: chunk_length is not from 1 to 2^30")
    require("frames" in ring.columns and set(KNOWN) <= set(ring.columns), 15, f"{name} lacks a column")
    version = container.version
    for column, path in ring.columns.items():
        entry = container.entries[path]
        require(entry.shape[0] == ring.count, 15, f"/{path} does not have {ring.count} rows")
        size = ring.chunk_length * math.prod(entry.shape[1:]) * SIZES[entry.type]
        require(size <= 256 << 20, 15, f"/{path} has chunks of more than 256 MiB")
        if entry.chunk_rows is not None:
            is_fit = entry.chunk_rows == min(ring.chunk_length, ring.count)
            require(is_fit, 21, f"/{path} has chunks of {entry.chunk_rows} rows")
        if column in KNOWN:
            require((entry.type, entry.shape) == (KNOWN[column], (ring.count,)), 15, f"/{path} has another type")
        elif column == "priorities" and version >= "1.1":
            require((entry.type, entry.shape) == ("float64", (ring.count,)), 18, f"/{path} is not float64 per slot")
        elif column == "next_action_masks" and version >= "2.1":
            is_fit = (entry.type, entry.shape) == ("uint8", (ring.count, network.actions))
            require(is_fit, 24, f"/{path} is not a row of bytes per slot")


def read_ring(container: Container, ring: Ring, network: Network, frame_stack: int, is_finite: bool) -> Replay:
    """The columns of a ring, with the checks of what they mean."""
    version = container.version
    actions, rewards, flags = (container.read(ring.columns[name]) for name in KNOWN)
    frames = container.read(ring.columns["frames"])
    has_priorities = "priorities" in ring.columns and version >= "1.1"
    priorities = container.read(ring.columns["priorities"]) if has_priorities else None
    has_masks = "next_action_masks" in ring.columns and version >= "2.1"
    masks = container.read(ring.columns["next_action_masks"]) if has_masks else None
    for column, path in ring.columns.items():
        if column not in (*KNOWN, "frames", "priorities", "next_action_masks"):
            container.verify(path)
    for values in (actions, rewards, flags, frames):
        values.flags.writeable = False
    numbers = (*ring.place, ring.capacity, ring.cursor, frame_stack)
    replay = Replay(*numbers, frames, actions, rewards, flags, priorities, masks)
    check_slots(ring, replay, network.actions)
    check_order(ring, replay)
    require(np.isfinite(rewards).all(), 31, f"/{ring.prefix}/replay/rewards has a value that is not finite")
    is_fit = frames.dtype != np.float32 or not is_finite or np.isfinite(frames).all()
    require(is_fit, 31, f"/{ring.prefix}/replay/frames has a value that is not finite")
    return replay


def check_slots(ring: Ring, replay: Replay, actions: int) -> None:
    """What each slot holds."""
    name, flags = f"/{ring.prefix}/replay", replay.flags
    is_full = ring.count == ring.capacity
    require(is_full or flags[0] & START, 15, f"{name}: the first slot has no episode start")
    require((flags <= 15).all(), 15, f"{name}: flags have other bits")
    idle = (flags & FINAL) != 0
    idle[ring.cursor] = True
    require((replay.actions[idle] == -1).all(), 15, f"{name}: a slot without an action has one")
    require(not (flags[idle] & (TERMINATED | TRUNCATED)).any(), 15, f"{name}: a slot without an action ends an episode")
    taken = replay.actions[~idle]
    require(((taken >= 0) & (taken < actions)).all(), 15, f"{name}: a slot has an action that the network lacks")
    if replay.priorities is not None:
        is_fit = np.isfinite(replay.priorities).all() and (replay.priorities >= 0).all()
        require(is_fit, 18, f"{name}: a priority is not finite or below zero")
        require(not replay.priorities[idle].any(), 18, f"{name}: a slot without an action has a priority")
    if replay.next_action_masks is not None:
        require((replay.next_action_masks <= 1).all(), 24, f"{name}: a mask has other bytes than 0 and 1")
        require(not replay.next_action_masks[idle].any(), 24, f"{name}: a slot without an action has a mask")


def check_order(ring: Ring, replay: Replay) -> None:
    """R22: how the slots follow one another."""
    name, order = f"/{ring.prefix}/replay", replay.order
    flags = replay.flags[order]
    terminated, truncated = (flags & TERMINATED) != 0, (flags & TRUNCATED) != 0
    start, final = (flags & START) != 0, (flags & FINAL) != 0
    require(start[1:][(terminated | final)[:-1]].all(), 22, f"{name}: no episode starts after the end of one")
    cut = truncated & ~terminated
    require(final[1:][cut[:-1]].all(), 22, f"{name}: no final slot follows a truncated one")
    # The slot before the oldest of a full ring is gone.
    others = final[1:] & ~cut[:-1]
    is_fit = not others.any() and (ring.count == ring.capacity or not final[0])
    require(is_fit, 22, f"{name}: a final slot follows no truncated one")
    require(not (final & start).any() and not final[-1], 22, f"{name}: a final slot starts an episode or is the newest")
    if replay.priorities is not None:
        total = replay.priorities.sum()
        needs = ring.count == ring.capacity or (terminated | final).any()
        require(np.isfinite(total) and (total > 0 or not needs), 22, f"{name}: the priorities have no positive sum")

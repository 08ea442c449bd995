"""The workers of a file: R14, R17, R23, R24, R29 in part and R31 of docs/format.md."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .container import Container
from .documents import is_count, is_number
from .errors import RefusedFile, require
from .network import Network
from .replay import Replay
from .rings import Ring, check_ring, read_ring
from .rules import METHODS, MOST_TO_CONTINUE, check_sums

STANDINGS = ("running", "finished", "abandoned", "resting")


def read_workers(
    container: Container,
    network: Network,
    configuration: dict[str, Any],
    progress: dict[str, Any],
    wanted: bool,
    most: int,
) -> tuple[Replay, ...]:
    """Checks the workers and returns their replays, if they are wanted and take no more than a number of bytes."""
    paths = [path for path in container.entries if path.startswith("workers/")]
    numbers = sorted({int(path.split("/")[1]) for path in paths})
    is_whole = numbers == list(range(len(numbers))) and len(numbers) <= 4096
    require(is_whole, 14, "the workers are not numbered without gaps")
    check_sums(configuration, progress)
    rings: list[Ring] = []
    for number in numbers:
        rings += check_worker(container, number, network, configuration, progress)
    size = sum(container.entries[path].size for ring in rings for path in ring.columns.values())
    if wanted and size > most:
        raise RefusedFile(
            0, f"the replays take {size} bytes in memory, more than max_replay_bytes allows; pass more, or replay=False"
        )
    is_finite = requires_finite(configuration)
    frames = configuration.get("frame_stack") or 1
    if not wanted:
        # A seal covers the bytes of chunks; older files have none.
        for ring in rings if container.version.startswith("1.") else []:
            read_ring(container, ring, network, frames, is_finite)
        return ()
    return tuple(read_ring(container, ring, network, frames, is_finite) for ring in rings)


def requires_finite(configuration: dict[str, Any]) -> bool:
    """Whether R31 restricts observations: environments that refuse other numbers themselves."""
    environment = configuration.get("environment")
    wrappers = configuration.get("wrappers") or []
    built_in = ("Acrobot-v1", "CartPole-v1", "Catch-v0", "Catch84-v0", "MountainCar-v0", "Catch")
    is_known = isinstance(environment, str) and (environment in built_in or environment.startswith(("gym:", "plugin:")))
    has_scale = any(item.split(":")[0] == "observation-scale" for item in wrappers)
    return is_known and not has_scale and configuration.get("method") in METHODS


def check_worker(
    container: Container, number: int, network: Network, configuration: dict[str, Any], progress: dict[str, Any]
) -> list[Ring]:
    """Checks a worker and returns its rings."""
    prefix = f"workers/{number}"
    require(f"{prefix}/state" in container.entries, 14, f"/{prefix}/state is missing")
    state = container.document(f"{prefix}/state")
    require(isinstance(state, dict), 10, f"/{prefix}/state is not an object")
    check_episode(state, prefix, 14, progress)
    lengths, returns = state.get("recent_lengths"), state.get("recent_returns")
    is_lists = isinstance(lengths, list) and isinstance(returns, list) and all(map(is_number, returns))
    require(is_lists and all(type(n) is int for n in lengths), 10, f"/{prefix}/state lacks its recent episodes")
    is_fit = len(lengths) == len(returns) and all(is_count(n, 0, 1 << 31) for n in lengths)
    require(is_fit, 14, f"/{prefix}/state: recent_lengths are out of range, or not as many as returns")
    if container.version >= "1.1":
        steps = state.get("agent_steps")
        require(state.get("standing") in STANDINGS and type(steps) is int, 10, f"/{prefix}/state lacks its standing")
        require(is_count(steps), 17, f"/{prefix}/state: agent_steps is out of range")
        require(steps <= progress["counters"]["agent_steps"], 27, f"/{prefix} has more agent steps than the run")
        epsilon = state.get("final_epsilon")
        require(epsilon is None or is_number(epsilon), 10, f"/{prefix}/state: final_epsilon is no number")
        require(epsilon is None or 0 <= epsilon <= 1, 17, f"/{prefix}/state: final_epsilon is not from 0 to 1")
    members = {path.removeprefix(prefix + "/") for path in container.entries if path.startswith(prefix + "/")}
    for name in sorted(members):
        check_array(container, f"{prefix}/{name}", name, state)
    rings = check_environment(container, prefix, state, network, configuration, (number, 0))
    others = state.get("environments") or []
    require(isinstance(others, list) and all(isinstance(item, dict) for item in others), 10, f"/{prefix}: environments")
    if container.version < "2.1":
        return rings
    require(len(others) < 4096, 23, f"/{prefix} has more than 4096 environments")
    for name in members:
        if name.startswith("environments/"):
            index = int(name.split("/")[1])
            require(1 <= index <= len(others), 23, f"/{prefix}/environments/{index} has no entry in the state")
    for index, item in enumerate(others, 1):
        inner = f"{prefix}/environments/{index}"
        check_episode(item, inner, 23, progress)
        rings += check_environment(container, inner, item, network, configuration, (number, index))
    return rings


def check_episode(state: dict[str, Any], prefix: str, rule: int, progress: dict[str, Any]) -> None:
    """The current episode of an environment."""
    length = state.get("episode_length")
    is_whole = type(length) is int and is_number(state.get("episode_return"))
    require(is_whole, 10, f"/{prefix} lacks its episode_length or episode_return")
    assert isinstance(length, int)
    require(is_count(length), rule, f"/{prefix}: episode_length is out of range")
    require(length <= MOST_TO_CONTINUE, 27, f"/{prefix}: episode_length is above 2^52")


def check_array(container: Container, path: str, name: str, state: dict[str, Any]) -> None:
    """Generators, and the arrays of environments and learners."""
    entry = container.entries[path]
    kind = name.split("/")[-2] if "/" in name else ""
    if kind == "random":
        is_fit = entry.type == "uint64" and entry.shape == (4,)
        require(is_fit and container.read(path).any(), 14, f"/{path} is not four words, not all zero")
    elif kind in ("environment", "learner"):
        rule = 17 if kind == "learner" else 14
        require(len(entry.shape) == 1 and entry.type != "int32", rule, f"/{path} is no array of one axis")
        values = container.read(path)
        if kind == "learner":
            require(state.get("learner") is not None, 17, f"/{path} has no learner in the state")
            require(entry.type[0] != "f" or np.isfinite(values).all(), 17, f"/{path} has a value that is not finite")


def check_environment(
    container: Container, prefix: str, state: dict[str, Any], network: Network, configuration: dict[str, Any],
    place: tuple[int, int],
) -> list[Ring]:
    """The observation, the mask and the replay of one environment."""
    observation = container.entries.get(f"{prefix}/observation")
    if observation is not None:
        is_fit = observation.type == network.element and observation.shape == network.input_shape
        require(is_fit, 14, f"/{observation.path} is not of the network's input")
        values = container.read(observation.path)
        is_finite = not requires_finite(configuration) or np.isfinite(values).all()
        require(is_finite, 31, f"/{observation.path} has a value that is not finite")
    mask = container.entries.get(f"{prefix}/action_mask")
    if mask is not None:
        is_fit = mask.type == "uint8" and mask.shape == (network.actions,)
        require(is_fit and (container.read(mask.path) <= 1).all(), 24, f"/{mask.path} is no mask of the actions")
    inside = f"{prefix}/replay/"
    columns = {path.removeprefix(inside): path for path in container.entries if path.startswith(inside)}
    facts = state.get("replay")
    require(bool(columns) == (facts is not None), 15, f"/{prefix}: the state and the group disagree about a replay")
    if not columns:
        return []
    require(isinstance(facts, dict), 10, f"/{prefix}/state: replay is not an object")
    assert isinstance(facts, dict)
    numbers = [facts.get(key) for key in ("capacity", "count", "cursor", "chunk_length")]
    require(all(type(n) is int for n in numbers), 10, f"/{prefix}/state: the replay lacks its numbers")
    frame = container.entries.get(columns.get("frames", ""))
    frames = configuration.get("frame_stack") or 1
    if frame is not None:
        elements = math.prod(frame.shape[1:]) * frames
        is_fit = frame.type == network.element and elements == math.prod(network.input_shape)
        require(is_fit or configuration.get("method") not in METHODS, 15, f"/{frame.path} does not fit the network")
    ring = Ring(place, prefix, columns, *(int(n) for n in numbers if n is not None))
    check_ring(container, ring, network)
    return [ring]

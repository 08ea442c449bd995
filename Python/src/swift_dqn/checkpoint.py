"""Loads checkpoints."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .container import Container
from .errors import RefusedFile, brief, require
from .history import History
from .network import Network, read_network
from .policy import Policy
from .replay import Replay
from .rules import METHODS, check_configuration, check_extension, check_history, check_progress
from .seal import check_seal
from .workers import read_workers


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds, checked."""

    policy: Policy
    #: Every hyperparameter.
    configuration: dict[str, Any]
    #: Counters and evaluations.
    progress: dict[str, Any]
    history: History
    #: The replays, ordered by worker and environment; empty if the file has none or they were not wanted.
    replays: tuple[Replay, ...]
    #: The target network by name; `None` if the file has none.
    target_parameters: Mapping[str, NDArray[np.float32]] | None
    version: str
    #: The program that created the state, and its version.
    writer: str
    #: SHA-256 of the manifest: two files with equal ones hold equal states.
    manifest_sha256: str
    agent_steps: int

    @property
    def replay(self) -> Replay:
        """The only replay; raises `ValueError` if there is none, or more than one."""
        if len(self.replays) != 1:
            raise ValueError(f"there are {len(self.replays)} replays; choose one of 'replays'")
        return self.replays[0]


def load(path: str | os.PathLike[str], *, replay: bool = True, max_replay_bytes: int = 2 << 30) -> Checkpoint:
    """Loads a checkpoint after checking it against docs/format.md.

    - `replay`: whether to read the replays; without them a file of 2.0 or later inflates nothing.
    - `max_replay_bytes`: the most that all replays may take in memory.

    Raises: `RefusedFile` with the rule that the file breaks, or with rule 0 for replays above `max_replay_bytes`;
    `OSError` if the file cannot be read.
    """
    # Not a pipe or a device: opening one may wait for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with open(descriptor, "rb") as file:
        require(stat.S_ISREG(os.fstat(descriptor).st_mode), 1, f"'{brief(path)}' is not a regular file")
        try:
            return read_checkpoint(file, replay, max_replay_bytes)
        except RefusedFile as error:
            raise RefusedFile(error.rule, f"{brief(path)}: {str(error).rpartition(' [R')[0] or error}") from error


def read_checkpoint(file: BinaryIO, replay: bool, max_replay_bytes: int) -> Checkpoint:
    """The checkpoint in an open file."""
    length = os.fstat(file.fileno()).st_size
    sealed = check_seal(file)
    file.seek(0)
    block = file.read(512) if sealed else b""
    stated = re.search(rb"\nsha256 ([0-9a-f]{64})\n", block)
    file.seek(0)
    container = Container(file, length, sealed)
    try:
        return assemble(container, replay, max_replay_bytes, stated[1].decode() if stated else None)
    finally:
        container.close()


def assemble(container: Container, replay: bool, max_replay_bytes: int, digest: str | None) -> Checkpoint:
    """The checkpoint of a container whose structure is sound."""
    documents = [e for e in container.entries.values() if is_document(e.path)]
    require(sum(entry.size for entry in documents) <= 64 << 20, 10, "the documents have more than 64 MiB")
    steps = int(container.attributes["agent_steps"])
    configuration = container.document("configuration", 16 << 20, 1 << 20)
    architecture = container.document("architecture", 16 << 20, 1 << 20)
    progress = container.document("progress")
    network = read_network(architecture, container.version)
    check_configuration(configuration)
    check_progress(progress, steps)
    online = read_parameters(container, "parameters/online", network, 11)
    has_target = any(path.startswith("parameters/target/") for path in container.entries)
    target = read_parameters(container, "parameters/target", network, 11) if has_target else None
    for path in container.entries:
        is_known = not path.startswith("parameters/") or path.startswith(("parameters/online/", "parameters/target/"))
        require(is_known, 11, f"/{path} is no parameter")
    check_optimizer(container, network, configuration.get("method") in METHODS)
    history = read_history(container)
    check_history(history, progress, steps)
    for owner in sorted({path.split("/")[1] for path in container.entries if path.startswith("extensions/")}):
        check_extension(container, owner)
    policy = Policy(
        network, online, configuration.get("environment") or "", configuration.get("frame_stack") or 1,
        tuple(configuration.get("wrappers") or ()), configuration.get("action_masks") is not False,
        describe(container, configuration, architecture, progress, digest),
    )
    replays = read_workers(container, network, configuration, progress, replay, max_replay_bytes)
    attributes = container.attributes
    return Checkpoint(
        policy, configuration, progress, history, replays, target, container.version,
        f"{attributes['writer']} {attributes['writer_version']}", attributes["manifest_sha256"], steps,
    )


def describe(
    container: Container, configuration: Any, architecture: Any, progress: Any, digest: str | None
) -> dict[str, Any]:
    """What a policy has besides its parameters, as exported files carry it; see docs/interchange.md."""
    attributes = container.attributes
    origin = read_origin(container)
    return {
        "format": "swift-dqn policy",
        "format_version": container.version,
        "writer": {"name": attributes["writer"], "version": attributes["writer_version"]},
        "checkpoint_sha256": digest or attributes["manifest_sha256"],
        "configuration": configuration,
        "architecture": architecture,
        "progress": {**progress, "statistics": {}, "stripped": ["optimizer", "replay", "training"]},
        **({"origin": origin} if origin else {}),
    }


def read_origin(container: Container) -> dict[str, str]:
    """Where an imported policy comes from; of several imports the first."""
    origin = {}
    for key in ("file_sha256", "file_kind", "file_name"):
        paths = [f"extensions/org.swift-dqn.origin/state/{name}" for name in (f"first_{key}", key)]
        path = next((path for path in paths if path in container.entries), None)
        if path is None or container.entries[path].type != "uint8":
            continue
        with contextlib.suppress(UnicodeDecodeError):
            origin[key] = container.read(path).tobytes().decode()
    return origin


def is_document(path: str) -> bool:
    """Whether the format makes a document of a dataset."""
    pattern = r"configuration|architecture|progress|optimizer/state|workers/\d+/state|extensions/[^/]+/descriptor"
    return re.fullmatch(pattern, path) is not None


def read_parameters(container: Container, prefix: str, network: Network, rule: int) -> dict[str, NDArray[np.float32]]:
    """One array for each of the network's parameters."""
    found = {path.removeprefix(prefix + "/") for path in container.entries if path.startswith(prefix + "/")}
    for name in sorted(found ^ set(network.parameters))[:1]:
        raise RefusedFile(rule, f"/{prefix}/{name} is {'unknown' if name in found else 'missing'}")
    arrays = {}
    for name, shape in network.parameters.items():
        entry = container.entries[f"{prefix}/{name}"]
        is_fit = entry.type == "float32" and entry.shape == shape
        require(is_fit, rule, f"/{entry.path} is {entry.type} {list(entry.shape)}; the network needs {list(shape)}")
        values = container.read(entry.path)
        require(np.isfinite(values).all(), rule, f"/{entry.path} has a value that is not finite")
        values.flags.writeable = False
        arrays[name] = values
    return arrays


def check_optimizer(container: Container, network: Network, is_own: bool) -> None:
    """R12, and R28 for the optimisers of this library."""
    paths = [path for path in container.entries if path.startswith("optimizer/")]
    if not paths:
        # As in the reader of the programs: such a file plays, and only a run cannot continue from it.
        return
    state = container.document("optimizer/state") if "optimizer/state" in paths else None
    require(isinstance(state, dict), 12, "/optimizer/state is missing or no object")
    assert isinstance(state, dict)
    steps = state.get("step_count")
    is_whole = isinstance(state.get("kind"), str) and isinstance(state.get("hyperparameters"), dict)
    require(is_whole and type(steps) is int, 10, "/optimizer/state lacks its kind, hyperparameters or step_count")
    assert isinstance(steps, int)
    require(0 <= steps <= 1 << 53, 12, "/optimizer/state: step_count is out of range")
    for slot in sorted({path.split("/")[2] for path in paths if path.startswith("optimizer/slots/")}):
        arrays = read_parameters(container, f"optimizer/slots/{slot}", network, 12)
        if is_own and (state["kind"], slot) in (("adam", "second_moment"), ("rmsprop", "mean_square")):
            is_fit = all((values >= 0).all() for values in arrays.values())
            require(is_fit, 28, f"/optimizer/slots/{slot} has a negative value")


def read_history(container: Container) -> History:
    """R13."""
    paths = [path for path in container.entries if path.startswith("history/")]
    if not paths:
        return History(np.zeros(0, np.int64), {})
    require("history/agent_steps" in paths, 13, "/history/agent_steps is missing")
    entry = container.entries["history/agent_steps"]
    require(entry.type == "int64" and len(entry.shape) == 1, 13, "/history/agent_steps is not int64 with one axis")
    columns = {}
    for path in paths:
        if path != "history/agent_steps":
            column = container.entries[path]
            is_fit = column.type == "float64" and column.shape == entry.shape
            require(is_fit, 13, f"/{path} is not float64 with one number for each row")
            columns[path.removeprefix("history/columns/")] = container.read(path)
    steps = container.read("history/agent_steps")
    require((np.diff(steps) > 0).all(), 13, "/history/agent_steps does not rise")
    return History(steps, columns)

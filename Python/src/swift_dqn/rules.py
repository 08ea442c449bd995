"""What the documents of a file have to say: R10, R16, R26 and R27 of docs/format.md."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .documents import is_count, is_number
from .errors import brief, require
from .history import History

if TYPE_CHECKING:
    from .container import Container

COUNTERS = ("agent_steps", "episodes", "evaluations", "frames", "gradient_updates", "target_refreshes")
METHODS = ("dqn", "async-dqn", "async-q", "async-sarsa", "async-nstep-q", "a3c", "pqn")
MOST = 1 << 53
MOST_TO_CONTINUE = 1 << 52


def check_configuration(document: Any) -> None:
    """R10 and R26."""
    require(isinstance(document, dict), 10, "/configuration is not an object")
    require(len(document) <= 4096, 10, "/configuration has more than 4096 keys")
    require(all(len(key.encode()) <= 1024 for key in document), 10, "/configuration has a key of more than 1024 bytes")
    environment, frames = document.get("environment"), document.get("frame_stack")
    is_text = isinstance(environment, str) and environment != ""
    require(environment is None or is_text, 26, "/configuration: environment is no text")
    require(frames is None or is_count(frames, 1, 64), 26, "/configuration: frame_stack is not from 1 to 64")
    wrappers, masks = document.get("wrappers"), document.get("action_masks")
    is_list = isinstance(wrappers, list) and all(isinstance(item, str) for item in wrappers)
    require(wrappers is None or is_list, 26, "/configuration: wrappers is no array of texts")
    require(masks is None or isinstance(masks, bool), 26, "/configuration: action_masks is not true or false")


def check_progress(document: Any, agent_steps: int) -> None:
    """R10 and R27."""
    require(isinstance(document, dict), 10, "/progress is not an object")
    counters = document.get("counters")
    is_whole = isinstance(counters, dict) and all(is_count(counters.get(name), 0, MOST) for name in COUNTERS)
    require(is_whole, 10, "/progress: the counters are not six counts")
    require(counters["agent_steps"] == agent_steps, 10, "/progress: agent_steps is not that of the root attribute")
    require(isinstance(document.get("reached_target"), bool), 10, "/progress: reached_target is missing")
    statistics, stripped = document.get("statistics"), document.get("stripped")
    is_sums = isinstance(statistics, dict) and all(is_number(value) for value in statistics.values())
    require(is_sums, 10, "/progress: statistics is no object of numbers")
    words = ("optimizer", "replay", "training")
    is_list = isinstance(stripped, list) and all(word in words for word in stripped)
    require(is_list, 10, "/progress: stripped has other words than optimizer, replay, training")
    for name in ("evaluation", "best_evaluation"):
        evaluation = document.get(name)
        if evaluation is not None:
            check_evaluation(name, evaluation)
            steps = evaluation["agent_steps"]
            is_fit = steps == agent_steps if name == "evaluation" else steps <= agent_steps
            require(is_fit, 27, f"/progress: {name} is of other agent steps")
    if not stripped:
        largest = max(counters[name] for name in COUNTERS)
        require(largest <= MOST_TO_CONTINUE, 27, "/progress: a counter is above 2^52")
    for name in ("updates", "abandoned_episodes"):
        value = statistics.get(name, 0)
        require(0 <= value <= MOST_TO_CONTINUE, 27, f"/progress: the sum '{name}' is not from 0 to 2^52")


def check_sums(configuration: dict[str, Any], progress: dict[str, Any]) -> None:
    """R27: the names of sums in files of this library's methods."""
    if configuration.get("method") in METHODS:
        for name in progress["statistics"]:
            is_name = name in ("updates", "abandoned_episodes") or re.fullmatch(r"[A-Za-z0-9_.-]{1,124}_sum", name)
            require(is_name, 27, f"/progress: the sum '{brief(name)}' has an unknown name")


def check_evaluation(name: str, evaluation: Any) -> None:
    """R10 for an evaluation."""
    require(isinstance(evaluation, dict), 10, f"/progress: {name} is not an object")
    deviation = evaluation.get("standard_deviation")
    is_fit = (
        is_count(evaluation.get("agent_steps"))
        and is_count(evaluation.get("episodes"), 1)
        and is_number(evaluation.get("mean_return"))
        and is_number(deviation)
        and deviation >= 0
    )
    require(is_fit, 10, f"/progress: {name} has invalid values")


def check_history(history: History, progress: dict[str, Any], agent_steps: int) -> None:
    """R27 for the rows."""
    if len(history):
        is_fit = history.agent_steps[0] >= 0 and history.agent_steps[-1] <= agent_steps
        require(is_fit, 27, "/history has rows of later agent steps than the file's, or below 0")


def check_extension(container: Container, owner: str) -> None:
    """R16; this package understands no extension that must be understood."""
    prefix = f"extensions/{owner}"
    require(f"{prefix}/descriptor" in container.entries, 16, f"/{prefix} has no descriptor")
    descriptor = container.document(f"{prefix}/descriptor")
    require(isinstance(descriptor, dict), 10, f"/{prefix}/descriptor is not an object")
    require(descriptor.get("owner") == owner, 16, f"/{prefix} names another owner")
    is_whole = isinstance(descriptor.get("kind"), str) and type(descriptor.get("version")) is int
    require(is_whole, 10, f"/{prefix}/descriptor lacks its kind or version")
    must_understand = descriptor.get("must_understand")
    require(isinstance(must_understand, bool), 10, f"/{prefix}/descriptor lacks must_understand")
    require(not must_understand, 16, f"the extension '{owner}' must be understood, and this package does not")
    for path, entry in container.entries.items():
        if path.startswith(prefix + "/") and path != f"{prefix}/descriptor":
            is_array = re.fullmatch(re.escape(prefix) + "/state/[^/]+", path) and len(entry.shape) == 1
            require(is_array and entry.type != "int32", 16, f"/{path} is no array of the extension's state")
            container.verify(path)

"""The places that the format defines for datasets (R7, and R14 for members of workers)."""

from __future__ import annotations

import re

from .errors import require

SINCE = {"learner": "1.1", "action_mask": "2.1", "environments": "2.1"}
PATTERNS = [
    r"(configuration|architecture|progress)",
    r"parameters/.+",
    r"optimizer/state",
    r"optimizer/slots/[^/]+/.+",
    r"history/agent_steps",
    r"history/columns/.+",
    r"workers/.+",
    r"extensions/[^/]+/descriptor",
    r"extensions/[^/]+/.+",
]
PLACE = re.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS))
WORKER = re.compile(
    r"workers/(0|[1-9][0-9]{0,3})/(?:state|random/[^/]+|learner/[^/]+"
    r"|(?:environments/[1-9][0-9]*/)?(?:observation|action_mask|environment/[^/]+|replay/[^/]+))"
)


def check_place(path: str, version: str) -> None:
    """Requires that a version defines a place for a dataset."""
    require(PLACE.fullmatch(path), 7, f"/{path} has no place in the format")
    if not path.startswith("workers/"):
        return
    parts = path.split("/")
    since = SINCE.get(parts[2] if len(parts) > 2 else "", "1.0")
    is_member = WORKER.fullmatch(path) is not None and version >= since
    rule = 23 if len(parts) > 2 and parts[2] == "environments" and version >= since else 14
    require(is_member, rule, f"/{path} has no place in a worker of version {version}")

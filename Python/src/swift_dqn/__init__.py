"""Reads the checkpoints of swift-dqn: policies, learning curves and replays as NumPy arrays.

`load(path)` checks a file against docs/format.md and returns what it holds.
"""

from .checkpoint import Checkpoint, load
from .errors import CannotConvert, RefusedFile
from .evaluation import Evaluation, evaluate
from .history import History
from .network import Network
from .policy import Policy
from .replay import Replay
from .transitions import Transitions

__all__ = [
    "CannotConvert",
    "Checkpoint",
    "Evaluation",
    "History",
    "Network",
    "Policy",
    "RefusedFile",
    "Replay",
    "Transitions",
    "evaluate",
    "load",
]
__version__ = "0.1.0"

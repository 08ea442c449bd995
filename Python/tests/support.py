"""What the tests share: the recorded files of the repository."""

import os
import pathlib
import re
import sys

repository = pathlib.Path(__file__).resolve().parents[2]
fixtures = repository / "Fixtures"
# The sources, unless the caller has put an installed package first.
sys.path.append(str(repository / "Python" / "src"))
sys.path.append(str(fixtures / "scripts"))

GOLDEN = sorted((fixtures / "checkpoints").glob("[12].*/*.h5"))
HOSTILE = sorted([*(fixtures / "hostile").glob("rule-*.h5"), *(fixtures / "checkpoints" / "hostile").glob("*.h5")])
SOUND = sorted((fixtures / "hostile").glob("sound-*.h5"))


def golden(name):
    """A golden file, such as `2.1/method-dqn`."""
    return fixtures / "checkpoints" / f"{name}.h5"


def rule_of(path):
    """The rule that a hostile file breaks, from its name."""
    return int(re.match(r"rule-(\d+)-", path.name)[1])


def is_missing(*modules):
    """The reason to skip a test, if a package is not installed; otherwise an empty text."""
    import importlib.util

    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    return f"{', '.join(missing)} is not installed" if missing else ""


def environment_of(directory):
    """The variables for a child process in another directory."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

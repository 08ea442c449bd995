"""Functions shared by the measurements of Benchmarks/peers/run: running programs, collecting figures, table rows."""

import dataclasses
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"


def timed(command):
    """Runs a command; returns its wall time and its last line of output."""
    began = time.perf_counter()
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if result.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {result.returncode}:\n{result.stderr}")
    lines = result.stdout.strip().splitlines()
    return seconds, lines[-1] if lines else ""


def note(text):
    """Reports progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def duration(seconds):
    """A time in a suitable unit."""
    for unit, size in [("s", 1), ("ms", 1e-3), ("µs", 1e-6)]:
        if seconds >= size or unit == "µs":
            return f"{seconds / size:.3g} {unit}" if seconds < 100 * size else f"{seconds / size:,.0f} {unit}"


@dataclasses.dataclass
class Row:
    """A row of the table. The ratio is how many times faster ours is; with `as_long`, it is our time divided by the
    peer's. The goal is a lower bound, or with `as_long` an upper bound."""

    what: str
    ours: str
    peer: str
    ratio: float
    goal: float | None = None
    as_long: bool = False

    @property
    def is_met(self):
        """None if there is no goal."""
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.as_long else self.ratio >= self.goal

    @property
    def cells(self):
        ratio = f"{self.ratio:.2f}× as long" if self.as_long else f"{self.ratio:.2f}× faster"
        goal = "—" if self.goal is None else f"{'≤' if self.as_long else '≥'} {self.goal:g}×"
        return [self.what, self.ours, self.peer, ratio, goal, {None: "—", True: "yes", False: "**no**"}[self.is_met]]


class Bench:
    """The paths of the programs, and the figures so far."""

    def __init__(self, binaries, benchmarks, scratch, is_quick):
        self.binaries, self.benchmarks, self.scratch, self.is_quick = binaries, benchmarks, scratch, is_quick
        self.figures = {}

    def add(self, name, value):
        self.figures.setdefault(name, []).append(value)

    def has(self, name):
        return name in self.figures

    def median(self, name):
        return statistics.median(self.figures[name])

    def fastest(self, names):
        """The one of several times with the smallest median."""
        return min(names, key=self.median)

    def either(self, full, quick):
        """A setting, smaller with --quick."""
        return quick if self.is_quick else full

    @property
    def seconds(self):
        """The duration for measuring something that takes milliseconds."""
        return self.either(2.0, 0.3)

    def python(self, program, *options):
        """Runs a program of the peers; returns its wall time and the JSON of its last line."""
        seconds, line = timed([sys.executable, PROGRAMS / f"{program}.py", *options])
        return seconds, json.loads(line)

    def ours(self, program, *options):
        """Runs one of our benchmark programs; returns the JSON of its last line."""
        return json.loads(timed([self.benchmarks / program, *options])[1])

    def train(self, *options, environment, folder="run"):
        """Runs dqn-train without evaluation; returns its wall time and the run's directory."""
        folder = self.scratch / folder
        shutil.rmtree(folder, ignore_errors=True)
        command = [self.binaries / "dqn-train", "--env", environment, "--eval-every", 0, "--quiet", "--out", folder]
        return timed([*command, *options])[0], folder

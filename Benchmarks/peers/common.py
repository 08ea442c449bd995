"""Functions shared by the measurements of Benchmarks/peers/run: running programs, collecting figures, table rows."""

import dataclasses
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import isa

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"


def timed(command, environment=None):
    """Runs a command; returns its wall time and its last line of output."""
    began = time.perf_counter()
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
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
    """A row of the table. The ratio is how many times faster ours is; "as long": our time divided by the peer's; "of
    it": our rate divided by the peer's. The goal is a lower bound, or with "as long" an upper bound."""

    what: str
    ours: str
    peer: str
    ratio: float
    goal: float | None = None
    unit: str = "faster"

    @property
    def is_met(self):
        """None if there is no goal."""
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.unit == "as long" else self.ratio >= self.goal

    @property
    def aim(self):
        return "—" if self.goal is None else f"{'≤' if self.unit == 'as long' else '≥'} {self.goal:g}×"

    @property
    def cells(self):
        """The cells of one instruction set."""
        met = {None: "—", True: "yes", False: "**no**"}[self.is_met]
        return [self.ours, self.peer, f"{self.ratio:.2f}× {self.unit}", met]


class Bench:
    """The paths of the programs, and the figures of one instruction set so far."""

    def __init__(self, binaries, benchmarks, scratch, is_quick, is_limited=False, cores=None):
        self.cores = cores
        self.binaries, self.benchmarks, self.scratch, self.is_quick = binaries, benchmarks, scratch, is_quick
        self.is_limited, self.environment = is_limited, isa.environment(is_limited)
        self.figures, self.remarks = {}, []

    def remark(self, text):
        """Reports below the table what could not be measured, and why."""
        if text not in self.remarks:
            self.remarks.append(text)

    @property
    def unlimited(self):
        """A mark for figures of ONNX Runtime, which cannot be limited."""
        return f" ({isa.own_set()})" if self.is_limited and isa.own_set() != "AVX2" else ""

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

    def timed(self, command):
        """Runs a command under this column's limits; returns its wall time and its last line of output."""
        found = timed(command, self.environment)
        self.cores.count()
        return found

    def python(self, program, *options):
        """Runs a program of the peers; returns its wall time and the JSON of its last line."""
        seconds, line = self.timed([sys.executable, PROGRAMS / f"{program}.py", *options])
        return seconds, json.loads(line)

    def ours(self, program, *options):
        """Runs one of our benchmark programs; returns the JSON of its last line."""
        return json.loads(self.timed([self.benchmarks / program, *options])[1])

    def train(self, *options, environment, folder="run"):
        """Runs dqn-train without evaluation; returns its wall time and the run's directory."""
        folder = self.scratch / folder
        shutil.rmtree(folder, ignore_errors=True)
        command = [self.binaries / "dqn-train", "--env", environment, "--eval-every", 0, "--quiet", "--out", folder]
        return self.timed([*command, *options])[0], folder

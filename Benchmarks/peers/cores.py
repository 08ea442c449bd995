"""How far apart the two processors are. In a virtual machine they share a level-3 cache for a while and then do not,
and a small update that both compute takes up to twice as long then, whoever computes it."""

import os
import pathlib
import subprocess

PROGRAM = pathlib.Path(__file__).resolve().parent / "programs" / "core_distance.c"
# Nanoseconds for a cache line to the other processor and back, above which the two share no cache.
APART = 150


class Cores:
    """Counts the commands of a run at whose end the processors shared no cache."""

    def __init__(self, scratch):
        """Compiles the measurement into a folder. A machine with one processor has no distance."""
        self.commands, self.apart = 0, 0
        self.program = scratch / "core_distance" if len(os.sched_getaffinity(0)) > 1 else None
        if self.program:
            subprocess.run(["cc", "-O2", "-pthread", "-o", self.program, PROGRAM], check=True)

    def count(self):
        """Measures the distance, directly after a command."""
        if self.program:
            distance = int(subprocess.run([self.program], capture_output=True, text=True, check=True).stdout)
            self.commands += 1
            self.apart += distance > APART

    @property
    def summary(self):
        return f"the processors shared no cache at the end of {self.apart} of {self.commands} commands"

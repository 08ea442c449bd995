"""The processes of one run: everything in the session that it started, and the instants and blows that reach it."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import time

# How often a waiting script looks, in seconds.
INTERVAL = 0.002
# Time that the processes of a run have to end after it, in seconds.
CLOSING_SECONDS = 15


@dataclasses.dataclass(frozen=True)
class Instant:
    """A moment in the life of a process.

    `kind` is "fraction" (of the expected life), "seconds" (after the start), or what the run does at that moment:
    "folder", "configuration", "checkpoint", "temporary", "metrics", "last-checkpoint", "report". `value` is the
    fraction, or the seconds after that.
    """
    kind: str
    value: float

    def __str__(self):
        if self.kind == "fraction":
            return f"at {self.value:.3f} of its life"
        return f"{self.value:.4f} s after {'its start' if self.kind == 'seconds' else self.kind}"


class Session:
    """A started program and its children."""

    def __init__(self, command, folder, environment):
        self.folder = folder
        with open(folder / "stdout", "w") as output, open(folder / "stderr", "w") as errors:
            self.process = subprocess.Popen(
                list(map(str, command)), env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=errors, start_new_session=True)
        self.start = time.monotonic()

    @property
    def age(self):
        return time.monotonic() - self.start

    def is_running(self):
        return self.process.poll() is None

    def members(self):
        """{process: parent} of everything in the session that has not ended."""
        found = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    status = pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(status[3]) == self.process.pid and status[0] not in "ZX":
                    found[int(entry)] = int(status[1])
        return found

    def children(self):
        return [member for member in self.members() if member != self.process.pid]

    def handles(self, number):
        """Whether the program has a handler of a signal."""
        try:
            lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            return False
        caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
        return bool(int(caught, 16) >> (number - 1) & 1)

    def send(self, number, receivers):
        """Sends a signal to processes, of which some may have ended."""
        for receiver in receivers:
            try:
                os.kill(receiver, number)
            except ProcessLookupError:
                pass

    def send_to_group(self, number):
        """Sends a signal to the process group, as a terminal and a scheduler do."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def wait_until(self, condition, seconds):
        """Waits until a condition holds, the program has ended, or the time is over; returns whether it runs."""
        deadline = time.monotonic() + seconds
        while self.is_running() and not condition() and time.monotonic() < deadline:
            time.sleep(INTERVAL)
        return self.is_running()

    def finish(self, seconds):
        """Waits for the end; returns the exit code, or None if the program hangs."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        """Ends what is left, for good."""
        self.send(signal.SIGKILL, self.members())
        self.process.wait()

    def survivors(self):
        """What still runs some time after the program has ended: nothing should."""
        deadline = time.monotonic() + CLOSING_SECONDS
        while time.monotonic() < deadline:
            # A process that was suspended when its parent died cannot notice the death.
            members = self.members()
            if not members:
                return []
            self.send(signal.SIGCONT, members)
            time.sleep(INTERVAL)
        return sorted(self.members())


def name_of(number):
    return signal.Signals(number).name

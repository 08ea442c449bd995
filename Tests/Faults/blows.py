"""Interruptions: what they are, when they come, and what they may do to a run."""

import dataclasses
import math
import os
import signal
import time

from harness import step_files, step_of
from processes import Instant, name_of

# The signals that end a run, and the one that saves in some of the lives.
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU]
SAVING = signal.SIGUSR2
# Signals that repeat within this time count as one, in seconds.
REPETITION = 1.0
# kind: how often it is drawn
WEIGHTS = {
    "signal": 20,             # one signal to the program
    "signals": 15,            # several within a second
    "group": 10,              # the process and its group, as GNU timeout and schedulers do
    "all": 8,                 # every process, as systemd and a cancelled job do
    "timeout": 8,             # GNU timeout itself
    "time-limit": 6,          # the run's own limit
    "save": 6,                # the signal that saves; the run continues
    "insist": 3,              # again after more than a second: may end the run at once
    "suspend": 12,            # SIGSTOP and SIGCONT of the program, its children or both; the run continues
    "suspend-signal": 6,      # a signal while it is suspended
    "kill": 20,               # SIGKILL to the program
    "kill-all": 4,            # SIGKILL to all its processes
    "kill-environment": 4,    # SIGKILL to an environment
}
BLOWS = list(WEIGHTS)
EVENTS = ["folder", "configuration", "metrics", "temporary", "checkpoint", "last-checkpoint", "report"]


@dataclasses.dataclass(frozen=True)
class Blow:
    """An interruption."""
    kind: str
    # Signals in order.
    signals: tuple = ()
    # Seconds between them.
    pauses: tuple = ()
    # Who is suspended: "program", "children", "all".
    target: str = ""
    # Seconds of the suspension.
    suspension: float = 0

    def __str__(self):
        parts = [self.kind, *(name_of(number) for number in self.signals)]
        if self.pauses:
            parts.append("pauses " + ", ".join(f"{pause:.3f}" for pause in self.pauses))
        if self.target:
            parts.append(f"{self.target} for {self.suspension:.2f} s")
        return " ".join(parts)


@dataclasses.dataclass
class Effect:
    """What happened, and what the run may therefore do."""
    text: str
    # Signals that the program has received.
    numbers: tuple = ()
    # Signals came more than a second apart, or may have.
    may_end_at_once: bool = False
    # Whether the program had handlers when the first signal came: no signal may kill it then.
    is_handled: bool = False
    kills: bool = False
    hits_environment: bool = False

    # Whether it may end the run with 130.
    ends: bool = False

    def __str__(self):
        return self.text


def draw_blow(generator, is_gymnasium, kind=None):
    kind = kind or generator.choices(BLOWS, WEIGHTS.values())[0]
    if kind == "kill-environment" and not is_gymnasium:
        kind = "kill"
    signals, pauses = (), ()
    if kind in ("signal", "group", "all", "timeout", "suspend-signal"):
        signals = (generator.choice(SIGNALS),)
    elif kind == "signals":
        count = generator.randint(2, 4)
        signals = tuple(generator.choices(SIGNALS, k=count)) if generator.random() < 0.5 else (
            generator.choice(SIGNALS),) * count
        pauses = tuple(generator.choice([0, generator.uniform(0, 0.05), generator.uniform(0, 0.25)])
                       for _ in range(count - 1))
    elif kind == "save":
        signals = (SAVING,) * generator.randint(1, 3)
        pauses = tuple(generator.choice([0, generator.uniform(0, 0.5)]) for _ in signals[1:])
    elif kind == "insist":
        signals, pauses = (generator.choice(SIGNALS),) * 2, (1.2,)
    target, suspension = "", 0
    if kind.startswith("suspend"):
        target = generator.choice(["program", "children", "all"] if is_gymnasium else ["program"])
        # Sometimes longer than the time limits of environments and workers.
        suspension = 4 if generator.random() < 0.15 else generator.uniform(0.01, 0.6)
        if kind == "suspend-signal":
            target = generator.choice(["program", "all"] if is_gymnasium else ["program"])
    return Blow(kind, signals, pauses, target, suspension)


def draw_instant(generator, blow):
    """A third of the instants is near the beginning or an event, a few are at the end, the rest anywhere."""
    if blow.kind in ("timeout", "time-limit"):
        return Instant("fraction", generator.uniform(0.02, 1.05))
    draw = generator.random()
    if draw < 0.45:
        return Instant("fraction", generator.uniform(0, 1.05))
    if draw < 0.65:
        return Instant("seconds", math.exp(generator.uniform(math.log(0.001), math.log(0.5))))
    return Instant(generator.choice(EVENTS), generator.choice([0, generator.uniform(0, 0.03)]))


def seen(run, last, session):
    """What a run has done so far: {event: mark}, where the mark of an event that happens again is another."""
    def mark(path):
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    checkpoints = run / "checkpoints"
    try:
        names = os.listdir(checkpoints)
    except OSError:
        names = []
    files = sorted(name for name in names if name.startswith("step-"))
    name = f"step-{last:012}.h5"
    return {
        "folder": mark(run) and True,
        "configuration": mark(run / "config.json"),
        "metrics": mark(run / "metrics.csv"),
        "temporary": next((file for file in files if file.endswith(".tmp")), None),
        "checkpoint": tuple(file for file in files if file.endswith(".h5")) or None,
        "last-checkpoint": True if {name, f"{name}.tmp"} & set(files) else None,
        "report": mark(session.folder / "stdout") if os.path.getsize(session.folder / "stdout") else None,
    }


def reach(session, run, last, instant, life):
    """Waits for an instant; returns whether the program still runs."""
    if instant.kind in ("fraction", "seconds"):
        seconds = instant.value * (life if instant.kind == "fraction" else 1)
        return session.wait_until(lambda: session.age >= seconds, seconds + 60)
    before = seen(run, last, session)[instant.kind] if instant.kind != "folder" else None

    def has_come():
        now = seen(run, last, session)[instant.kind]
        return now is not None and now != before

    if not session.wait_until(has_come, 120):
        return False
    end = time.monotonic() + instant.value
    return session.wait_until(lambda: time.monotonic() >= end, 60)


def strike(session, run, last, instant, blow, life, steps):
    """Interrupts a program; returns the effect, and the step of the newest checkpoint just before."""
    if blow is None:
        return Effect("no interruption"), steps
    if blow.kind == "timeout":
        session.finish(60)
        # timeout sends the signal to the program and then to the group.
        return Effect(f"{blow} {instant}", blow.signals, ends=True), steps
    if blow.kind == "time-limit":
        return Effect(f"{blow} {instant}", ends=True), steps
    if not reach(session, run, last, instant, life):
        return Effect(f"{blow} {instant}, which it did not live to see"), steps
    newest = max((step_of(name) for name in step_files(run)), default=-1)
    effect = Effect(f"{blow} {instant}, {session.age:.3f} s after its start")
    effect.is_handled = bool(blow.signals) and session.handles(blow.signals[0])
    program, children = session.process.pid, session.children()
    effect.numbers = blow.signals
    effect.ends = bool(blow.signals) and blow.kind != "save"
    if blow.kind.startswith("kill"):
        effect.kills = blow.kind != "kill-environment"
        if blow.kind == "kill-environment":
            effect.hits_environment = bool(children)
            session.send(signal.SIGKILL, children[:1])
        else:
            session.send(signal.SIGKILL, [program] if blow.kind == "kill" else [program, *children])
    elif blow.kind in ("signal", "signals", "save", "insist"):
        first = time.monotonic()
        for number, pause in zip(blow.signals, (*blow.pauses, 0)):
            session.send(number, [program] if session.is_running() else [])
            last_sent = time.monotonic()
            time.sleep(pause)
        effect.may_end_at_once = blow.kind != "save" and last_sent - first > REPETITION - 0.05
    elif blow.kind == "all":
        session.send(blow.signals[0], [*children, program])
    elif blow.kind == "group":
        session.send(blow.signals[0], [program] if session.is_running() else [])
        time.sleep(0.02)
        session.send_to_group(blow.signals[0])
    else:
        receivers = {"program": [program], "children": children, "all": [program, *children]}[blow.target]
        session.send(signal.SIGSTOP, receivers)
        time.sleep(blow.suspension)
        session.send(blow.signals[0], [program]) if blow.signals else None
        session.send(signal.SIGCONT, receivers)
    return effect, newest

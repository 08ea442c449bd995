"""Runs that are interrupted and continued, and the checks after each interruption."""

import collections
import csv
import hashlib
import json
import os
import shutil
import signal

from blows import SAVING, Effect, draw_blow, draw_instant, strike
from harness import Failure, is_step_file, step_files, step_of
from processes import Session

# A run takes seconds; one that takes this long hangs. Machines of continuous integration can be slow.
TIMEOUT = 180
INTERRUPTED = 130
# Exit codes of a command that refuses to start: failure, usage, missing input.
REFUSALS = (1, 64, 66)

Setting = collections.namedtuple("Setting", "name steps workers arguments")
COMMON = ["--save-every", 500, "--keep", 2, "--eval-every", 1000, "--eval-episodes", 2, "--set", "log_interval=250",
          "--set", "network=mlp:16"]
REPLAY = ["--set", "batch_size=16", "--set", "learning_starts=200", "--set", "replay_capacity=1000"]
# An uninterrupted run takes one to three seconds with a release build. Children that are suspended for longer than the
# time limits must not count as stuck.
LIMITS = ["--worker-timeout", 3, "--env-timeout", 3]
SETTINGS = [
    Setting("dqn", 12_000, 1, ["--env", "CartPole-v1", *REPLAY]),
    Setting("gym-dqn", 4_000, 1, ["--env", "gym:CartPole-v1", *REPLAY, *LIMITS]),
    Setting("async-dqn-3", 12_000, 3, ["--env", "CartPole-v1", "--method", "async-dqn", *REPLAY]),
    Setting("gym-nstep-2", 4_000, 2, ["--env", "gym:CartPole-v1", "--method", "async-nstep-q", *LIMITS]),
    Setting("a3c", 16_000, 1, ["--env", "Catch-v0", "--method", "a3c"]),
    Setting("gym-pqn", 4_000, 1, ["--env", "gym:CartPole-v1", "--method", "pqn", "--set", "environments_per_worker=2",
                                  "--set", "segment_length=16", "--set", "minibatches=2", *LIMITS]),
]


class Reference:
    """An uninterrupted run of a setting."""

    def __init__(self, tools, setting, folder, environment, seed):
        self.setting = setting
        self.command = [tools.binaries / "dqn-train", *setting.arguments, *COMMON, "--workers", setting.workers,
                        "--steps", setting.steps, "--seed", seed]
        self.folder = folder / f"reference-{setting.name}"
        self.folder.mkdir()
        self.run = self.folder / "run"
        session = Session([*self.command, "--out", self.run, "--json"], self.folder, environment)
        code = session.finish(TIMEOUT)
        self.seconds = session.age
        if code != 0:
            session.end()
            raise Failure(f"the uninterrupted run {setting.name} ends with {code}: {(self.folder / 'stderr').read_text()}")
        self.newest = self.run / "checkpoints" / step_files(self.run)[-1]
        self.digest = hashlib.sha256(self.newest.read_bytes()).hexdigest()
        self.started = sorted(file.name for file in self.run.iterdir())


def draw_life(generator, setting, kind):
    """An interruption and its instant."""
    blow = draw_blow(generator, setting.name.startswith("gym"), kind)
    return draw_instant(generator, blow), blow


def tree(folder):
    """{path: contents} of a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() if file.is_file() else None
            for file in folder.rglob("*")} if folder.exists() else None


def rows(file):
    """The rows of a CSV file without the columns that depend on the clock."""
    with open(file, newline="") as lines:
        return [{key: value for key, value in row.items()
                 if key not in ("time/time_elapsed", "time/fps", "worker/fps", "save/seconds", "save/failures")}
                for row in csv.DictReader(lines)]


class Story:
    """A run that is interrupted, judged and continued until it is complete."""

    def __init__(self, tools, reference, folder, environment, lives, generator):
        self.tools = tools
        self.reference = reference
        self.setting = reference.setting
        self.folder = folder
        self.environment = environment
        self.lives = lives
        self.generator = generator
        self.run = folder / "run"
        self.account = []
        self.interruptions = self.early = self.new_starts = 0
        self.is_exact = self.setting.workers == 1
        self.complete = False
        folder.mkdir()

    # What happens.

    def tell(self):
        for instant, blow in self.lives:
            if self.live(instant, blow):
                self.judge_end()
                return
        if not self.live(None, None):
            raise Failure("an uninterrupted life does not complete the run")
        self.judge_end()

    def live(self, instant, blow):
        """Starts or continues the run and interrupts it; returns whether it is complete."""
        has_checkpoint = bool(step_files(self.run))
        commands = {"--resume": ["--resume", self.run], "--out": [*self.reference.command[1:], "--out", self.run]}
        order = ["--resume", "--out"]
        if self.generator.random() < (0.2 if has_checkpoint else 0.5) or not self.run.exists():
            order.reverse()
        for way in order:
            if self.start(way, commands[way], has_checkpoint, instant, blow):
                return self.complete
        raise Failure("dead end: neither --resume nor the same --out works")

    def start(self, way, arguments, has_checkpoint, instant, blow):
        """Returns whether the command was accepted."""
        self.complete = False
        before = tree(self.run)
        steps = self.newest_step()
        command = [self.tools.binaries / "dqn-train", *arguments, "--json"]
        remaining = 1 - max(steps, 0) / self.setting.steps
        life = 0.05 + self.reference.seconds * max(remaining, 0.05)
        if blow and blow.kind == "timeout":
            command = ["timeout", "--preserve-status", f"--signal={blow.signals[0]}", f"{instant.value * life:.3f}",
                       *command]
        if blow and blow.kind == "save":
            command += ["--save-on-signal", SAVING.name]
        elif blow and blow.kind == "time-limit":
            command += ["--time-limit", f"{instant.value * life:.3f}"]
        session = Session(command, self.folder, self.environment)
        floor = steps
        try:
            effect, floor = strike(session, self.run, self.setting.steps, instant, blow, life, steps)
            code = session.finish(TIMEOUT)
            if code is None:
                raise Failure(f"the run hangs after {effect}")
            survivors = session.survivors()
        finally:
            session.end()
        if blow and blow.kind == "timeout" and code > 128 and code != INTERRUPTED:
            # As a shell reports that a signal ended a program.
            code = 128 - code
        self.account.append(f"{way} at step {steps}: {effect}; ended with {code} after {session.age:.2f} s")
        if survivors:
            raise Failure(f"{len(survivors)} processes are left")
        if code in REFUSALS and not (effect.hits_environment and code == 1):
            # An interruption of a command that refuses to start means nothing.
            if tree(self.run) != before:
                raise Failure(f"{way} is refused and changes the directory: {self.errors()}")
            if has_checkpoint and way == "--resume":
                raise Failure(f"--resume from step {steps} ends with {code}: {self.errors()}")
            self.account[-1] += f" ({self.errors().strip()})"
            return False
        if has_checkpoint and way == "--out" and tree(self.run) != before:
            raise Failure("--out starts over in a directory that holds checkpoints")
        self.new_starts += way == "--out" and steps < 0 and self.run.exists() and before is not None
        self.interruptions += blow is not None
        if code == INTERRUPTED and tree(self.run) == before and not (self.folder / "stdout").read_text():
            # The signal came before the run was created or resumed: there is nothing to save or to report.
            self.early += 1
        else:
            self.judge(code, effect, floor)
        if has_checkpoint and way == "--out":
            return False
        return True

    # What is checked.

    def newest_step(self):
        return step_of(files[-1]) if (files := step_files(self.run)) else -1

    def errors(self):
        return (self.folder / "stderr").read_text()

    def judge(self, code, effect, floor):
        """Checks the directory after a life, and how the life ended."""
        files = [self.run / "checkpoints" / name for name in step_files(self.run)]
        for file, (_, accepted, _) in self.tools.verify(files).items():
            if not accepted:
                raise Failure(f"{file.name} is refused after {effect}")
        if self.newest_step() < floor:
            raise Failure(f"the checkpoint of step {floor} is lost after {effect}; the newest is {self.newest_step()}")
        if code == 0:
            self.complete = True
            self.judge_report("completed")
        elif code == INTERRUPTED and effect.may_end_at_once and not (self.folder / "stdout").read_text():
            pass
        elif code == INTERRUPTED and effect.ends:
            self.judge_report("interrupted")
        elif code < 0 and -code in effect.numbers:
            # It came before the program had handlers, and therefore before it had changed anything.
            if self.newest_step() > floor or effect.is_handled:
                raise Failure(f"the run dies of signal {-code} after {effect}: {self.errors()}")
            self.early += 1
        elif effect.hits_environment and code == 1:
            self.is_exact = False
        elif not (effect.kills and code == -signal.SIGKILL):
            raise Failure(f"the run ends with {code} after {effect}: {self.errors()}")

    def judge_report(self, outcome):
        """Compares the report at the end of a life with the newest checkpoint."""
        text = (self.folder / "stdout").read_text()
        try:
            report = json.loads(text)
        except ValueError:
            raise Failure(f"the report is not a JSON document: {text!r}; {self.errors()}") from None
        steps = report["agent_steps"]
        if report["outcome"] != outcome or steps != self.newest_step() or step_of(
                os.path.basename(report["checkpoint"])) != steps:
            raise Failure(f"the newest checkpoint is of step {self.newest_step()}, but the report is {text}")
        newest = step_files(self.run)[-1]
        stored = {entry["file"]: entry.get("agent_steps") for entry in self.tools.ask("ls", [self.run])}[newest]
        if stored != steps:
            raise Failure(f"{newest} stores {stored} agent steps, but the report is {text}")

    def judge_end(self):
        """Checks a complete run."""
        if self.newest_step() != self.setting.steps:
            raise Failure(f"the complete run has {self.newest_step()} steps")
        for file in self.run.rglob("*"):
            if file.parent.name == "checkpoints" and not is_step_file(file.name):
                raise Failure(f"the complete run contains {file.name}")
            if file.parent == self.run and file.name not in self.reference.started:
                raise Failure(f"the complete run contains {file.name}")
        for line in (self.run / "lineage.jsonl").read_text().splitlines():
            try:
                json.loads(line)
            except ValueError:
                raise Failure(f"lineage.jsonl has the line {line!r}") from None
        for name, key in (("metrics.csv", ("time/total_timesteps",)), ("workers.csv", ("time/total_timesteps", "worker"))):
            mine, other = rows(self.run / name), rows(self.reference.run / name)
            keys = [[tuple(row[part] for part in key) for row in rows] for rows in (mine, other)]
            scheduled = [row for row in keys[0] if int(row[0]) % 250 == 0]
            if len(set(keys[0])) != len(keys[0]) or scheduled != keys[1]:
                raise Failure(f"{name} has missing or repeated rows, or rows in another order")
            if self.is_exact and mine != other:
                raise Failure(f"{name} differs from that of an uninterrupted run")
        if self.is_exact:
            newest = self.run / "checkpoints" / step_files(self.run)[-1]
            if hashlib.sha256(newest.read_bytes()).hexdigest() != self.reference.digest:
                raise Failure(f"{newest.name} differs from {self.reference.newest}")


def check_judge(reference, tools, environment):
    """Checks that the judge notices what must not happen."""
    def change_byte(story):
        file = story.run / "checkpoints" / step_files(story.run)[-1]
        content = bytearray(file.read_bytes())
        content[1000] ^= 1
        file.write_bytes(content)

    def append(name, line):
        return lambda story: (story.run / name).write_text((story.run / name).read_text() + line)

    def repeat_row(name):
        return lambda story: append(name, (story.run / name).read_text().splitlines(True)[-1])(story)

    def change_row(story):
        file = story.run / "metrics.csv"
        file.write_text(file.read_text().replace("0.0", "0.1"))

    def report(story):
        file = story.folder / "stdout"
        file.write_text(file.read_text().replace(f'"agent_steps" : {story.setting.steps}', '"agent_steps" : 1'))

    sabotages = {
        "a changed byte": change_byte,
        "a lost checkpoint": lambda story: (story.run / "checkpoints" / step_files(story.run)[-1]).unlink(),
        "a wrong report": report,
        "a leftover": lambda story: (story.run / "checkpoints" / "step-000000000001.h5.tmp").touch(),
        "half a line": append("lineage.jsonl", '{"child":'),
        "a repeated row": repeat_row("metrics.csv"),
        "a repeated worker": repeat_row("workers.csv"),
        "a changed row": change_row,
        "another last state": lambda story: shutil.copyfile(
            *(story.run / "checkpoints" / name for name in step_files(story.run)[-2:])),
    }
    for what, sabotage in {"nothing": None, **sabotages}.items():
        story = Story(tools, reference, reference.folder / "judge", environment, [], None)
        shutil.copytree(reference.run, story.run)
        shutil.copyfile(reference.folder / "stdout", story.folder / "stdout")
        if sabotage:
            sabotage(story)
        try:
            story.judge(0, Effect("nothing"), story.setting.steps)
            story.judge_end()
        except Failure:
            if not sabotage:
                raise
        else:
            if sabotage:
                raise Failure(f"the judge does not notice {what}")
        shutil.rmtree(story.folder)

"""A run of several processes: starts them on hosts, strikes one of them, and judges the end."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Faults"))
from harness import Failure  # noqa: E402

# Everything must be over so many seconds after the loss of a shard or of the chief.
CLOSING_SECONDS = 10
# A stopped process can only end once it is continued; then it has so many seconds.
WAKING_SECONDS = 5
# A run that takes this long hangs.
TIMEOUT = 180
# A worker that joins takes part within so many seconds.
JOINING_SECONDS = 5
INTERVAL = 0.02
MARK = "DQN_CLUSTER_CHECK"
SHARDS, WORKERS = 2, 4
LOG_INTERVAL = 200
SETTINGS = ["--env", "CartPole-v1", "--method", "async-dqn", "--set", "network=mlp:16", "--set", "batch_size=8",
            "--set", "learning_starts=50", "--set", "replay_capacity=500", "--set", f"log_interval={LOG_INTERVAL}",
            "--eval-episodes", "1", "--eval-every", "0", "--keep", "2"]


class Role:
    """One started process."""

    def __init__(self, kind, number, host, process, folder):
        self.kind, self.number, self.host, self.process = kind, number, host, process
        self.folder = folder

    @property
    def name(self):
        return f"{self.kind} {self.number}" if self.kind != "chief" else "chief"

    def output(self):
        return (self.folder / f"{self.kind}-{self.number}.out").read_text()

    def errors(self):
        return (self.folder / f"{self.kind}-{self.number}.err").read_text()

    def is_ready(self):
        return any(line.startswith(f"ready {self.kind}") for line in self.output().splitlines())


class Cluster:
    """The processes of one run in a folder."""

    def __init__(self, program, folder, steps, save_every):
        self.program, self.folder, self.steps, self.save_every = program, folder, steps, save_every
        self.run = folder / "run"
        self.certificates = folder / "certificates"
        self.mark = uuid.uuid4().hex
        self.environment = dict(os.environ, **{MARK: self.mark}, XDG_RUNTIME_DIR=str(folder))
        self.roles = []
        folder.mkdir(parents=True, exist_ok=True)
        if not self.certificates.exists():
            subprocess.run([str(program), "certificates", str(self.certificates)], check=True, capture_output=True)

    # Starting

    def start(self, kind, number, host, arguments):
        """Starts a process on a host."""
        folder = self.folder
        with open(folder / f"{kind}-{number}.out", "w") as output, open(folder / f"{kind}-{number}.err", "w") as errors:
            process = subprocess.Popen(
                [*host.prefix, str(self.program), *map(str, arguments)], env=self.environment, cwd=folder,
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors, start_new_session=True)
        self.roles.append(Role(kind, number, host, process, folder))
        return self.roles[-1]

    def start_chief(self, host, resuming=False):
        file = self.folder / "chief-address"
        file.unlink(missing_ok=True)
        what = ["--resume", self.run] if resuming else ["--out", self.run, *SETTINGS]
        return self.start("chief", 0, host, [
            "chief", "--listen", host.address, "--servers", SHARDS, "--workers", WORKERS, "--certificates",
            self.certificates, "--chief-file", file, "--steps", self.steps, "--save-every", self.save_every, "--quiet",
            *what])

    def start_shard(self, number, host):
        return self.start("shard", number, host, ["shard", "--listen", host.address, *self._common])

    def start_worker(self, number, host, threads=1):
        return self.start("worker", number, host, ["worker", "--workers", threads, *self._common])

    @property
    def _common(self):
        return ["--chief-file", self.folder / "chief-address", "--certificates", self.certificates]

    def start_all(self, chief, shards, workers, resuming=False, threads=None):
        """Starts a run; the first three are a host or a list of them, `threads` how many workers each process has."""
        self.roles = []
        self.start_chief(chief, resuming)
        for number, host in enumerate(shards):
            self.start_shard(number, host)
        for number, (host, count) in enumerate(zip(workers, threads or [1] * len(workers), strict=True)):
            self.start_worker(number, host, count)

    def of(self, kind):
        return [role for role in self.roles if role.kind == kind]

    @property
    def chief(self):
        return self.of("chief")[0]

    # Watching

    def wait_until(self, holds, seconds, what):
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise Failure(f"after {seconds} s: {what}\n{self.account()}")
            time.sleep(INTERVAL)

    def wait_ready(self):
        """Waits until every process takes part, or the chief has ended."""
        self.wait_until(lambda: self.chief.process.poll() is not None or all(role.is_ready() for role in self.roles),
                        60, "not all processes take part")
        if self.chief.process.returncode is not None:
            raise Failure(f"the chief ended with {self.chief.process.returncode} before all took part\n{self.account()}")

    def members(self):
        """{process: state} of everything that this run has started and that has not ended."""
        found = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                variables = pathlib.Path("/proc", entry, "environ").read_bytes()
                state = pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if f"{MARK}={self.mark}".encode() in variables and state not in "ZX":
                found[int(entry)] = state
        return found

    def reap(self):
        for role in self.roles:
            role.process.poll()

    def account(self):
        """What the processes have printed, for a message."""
        lines = []
        for role in self.roles:
            lines.append(f"  {role.name} on {role.host.name}: exit code {role.process.poll()}")
            lines += [f"    {line}" for line in (role.output() + role.errors()).splitlines()[-8:]]
        return "\n".join(lines)

    # Judging

    def finish(self):
        """Waits for the chief's end; returns its exit code."""
        self.wait_until(lambda: self.chief.process.poll() is not None, TIMEOUT, "the run hangs")
        return self.chief.process.returncode

    def require_deserted(self, seconds, stopped=()):
        """Requires that everything is over within a time; stopped processes end once they are continued."""
        def running():
            self.reap()
            # A process that is just ending has no environment any more.
            ending = {role.process.pid for role in self.roles if role.process.poll() is None}
            return [member for member in {*self.members(), *ending} if member not in stopped]
        self.wait_until(lambda: not running(), seconds, "processes are left")
        for member in stopped:
            try:
                os.kill(member, signal.SIGCONT)
            except ProcessLookupError:
                pass
        stopped = ()
        self.wait_until(lambda: not running(), WAKING_SECONDS, "processes are left that were stopped")

    def end(self):
        """Kills everything that is left."""
        for _ in range(100):
            members = self.members()
            if not members:
                break
            for member in members:
                try:
                    os.kill(member, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.reap()
            time.sleep(INTERVAL)
        self.reap()

    def checkpoints(self, checkpoint_program):
        """[(agent steps, whether valid)] of the run's checkpoints."""
        result = subprocess.run([str(checkpoint_program), "ls", "--json", str(self.run)], capture_output=True, text=True,
                                timeout=TIMEOUT)
        if result.returncode not in (0, 65):
            raise Failure(f"dqn-checkpoint ls ends with {result.returncode}: {result.stderr}")
        return [(entry["agent_steps"], entry["valid"]) for entry in json.loads(result.stdout)]

    def require_whole(self, checkpoint_program):
        """Requires that every checkpoint is valid; returns the newest one's agent steps, None without one."""
        if not (self.run / "checkpoints").is_dir():
            return None
        entries = self.checkpoints(checkpoint_program)
        invalid = [steps for steps, valid in entries if not valid]
        if invalid:
            raise Failure(f"checkpoints are invalid: {invalid}")
        return max((steps for steps, _ in entries), default=None)

    def require_exact(self, checkpoint_program):
        """Requires that the run has taken exactly its steps."""
        newest = self.require_whole(checkpoint_program)
        if newest != self.steps:
            raise Failure(f"the newest checkpoint has {newest} steps instead of {self.steps}\n{self.account()}")
        lines = (self.run / "metrics.csv").read_text().splitlines()
        column = lines[0].split(",").index("time/total_timesteps")
        rows = [int(line.split(",")[column]) for line in lines[1:]]
        if rows != list(range(LOG_INTERVAL, self.steps + 1, LOG_INTERVAL)):
            raise Failure(f"metrics.csv has the steps {rows}; expected is each multiple of {LOG_INTERVAL} once")

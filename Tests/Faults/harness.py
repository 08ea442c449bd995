"""Functions shared by the scripts in this folder: the interposed library and its log, training runs, readers' verdicts.

The executables are black boxes: the scripts judge by the calls in the log and by the files left behind.
"""

import collections
import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
REPOSITORY = FOLDER.parents[1]
# The paths that the interposed library watches: the folder of checkpoints with its contents, and the lineage log.
PATHS = "/checkpoints:/lineage.jsonl"
# Small settings: a run with its start and several saves takes a tenth of a second. The schedule is long, so that a run
# can be resumed to any step.
SETTINGS = ["--env", "CartPole-v1", "--schedule-steps", "1000000000", "--eval-episodes", "1", "--set", "network=mlp:8",
            "--set", "batch_size=8", "--set", "learning_starts=100", "--set", "replay_capacity=500",
            "--set", "log_interval=1000000"]
SAVE_INTERVAL = 200
# No run here takes a second; a run that takes this long hangs.
TIMEOUT = 60
NOTHING_TO_RESUME = 66
MALFORMED = 65

Call = collections.namedtuple("Call", "kind result error descriptor offset length flags data fault path second")


class Failure(Exception):
    """A failed check, with its description."""


def add_common_options(parser):
    parser.add_argument("--binaries", type=pathlib.Path, default=REPOSITORY / ".build" / "release")
    parser.add_argument("--seed", type=int, default=0, help="seed of every random choice")
    parser.add_argument("--quick", action="store_true", help="a sample that takes seconds, for Scripts/test")


def scratch_folder(name):
    """Creates a folder in TMPDIR. A folder in memory is much faster."""
    return pathlib.Path(tempfile.mkdtemp(prefix=f"dqn-{name}-")).resolve()


def conclude(name, folder, arguments, judgement):
    """Calls `judgement`, prints its summary and ends; keeps the folder if a check fails."""
    try:
        summary = judgement()
    except Failure as failure:
        print(f"{name}: FAILED with --seed {arguments.seed}: {failure}\n{name}: kept {folder}", flush=True)
        sys.exit(1)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")
    shutil.rmtree(folder)
    print(f"{name}: {summary}", flush=True)


def build_interposer(folder):
    """Compiles the interposed library with clang, which comes with Swift, or another compiler."""
    compiler = next((found for found in map(shutil.which, ("clang", "cc")) if found), None)
    if compiler is None:
        sys.exit("error: neither clang nor cc is installed; clang comes with the Swift toolchain")
    library = folder / "interpose.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-pthread", "-Wall", "-Wextra", "-Werror",
                    str(FOLDER / "interpose.c"), "-o", str(library)], check=True)
    return library


def read_log(path):
    """The calls in order, without a last line that a kill cut off."""
    if not path.exists():
        return []
    calls = []
    for line in path.read_text().split("\n")[:-1]:
        kind, *numbers, fault, first, second = line.split("\t")
        calls.append(Call(kind, *map(int, numbers), "" if fault == "-" else fault, first, second))
    return calls


def base(path):
    return path.rpartition("/")[2]


def is_step_file(name):
    return name.startswith("step-") and name.endswith(".h5")


def step_of(name):
    return int(name[len("step-"):-len(".h5")])


def step_files(run):
    """The names of a run's checkpoints."""
    folder = run / "checkpoints"
    return sorted(filter(is_step_file, os.listdir(folder))) if folder.is_dir() else []


class Ledger:
    """The committed checkpoints of a log: renamed, their directory synchronised, not deleted by retention."""

    def __init__(self):
        self.committed = set()
        self.renamed = set()

    def follow(self, calls):
        """Follows calls; raises `Failure` at a deletion without a newer durable checkpoint."""
        for call in calls:
            name = base(call.path)
            if call.kind == "rename" and call.result == 0:
                if is_step_file(base(call.second)):
                    self.renamed.add(base(call.second))
            elif call.kind == "sync-directory" and call.result == 0 and name == "checkpoints":
                self.committed |= self.renamed
                self.renamed.clear()
            elif call.kind == "unlinking" and is_step_file(name):
                if not any(step_of(other) > step_of(name) for other in self.committed):
                    raise Failure(f"{name} is deleted while no newer checkpoint is durable")
                self.committed.discard(name)
                self.renamed.discard(name)


class Tools:
    """Runs the executables, some of them under the interposed library."""

    def __init__(self, binaries, folder):
        self.binaries = binaries
        for name in ("dqn-train", "dqn-checkpoint"):
            if not (binaries / name).exists():
                sys.exit(f"error: {binaries / name} is missing; build first (swift build -c release)")
        self.folder = folder
        self.verdicts = {}

    @functools.cached_property
    def library(self):
        return build_interposer(self.folder)

    def train(self, arguments, log, errors, fault=None, data=None, paths=PATHS):
        """Starts dqn-train; `fault` holds the interposed library's variables without the prefix FAULTS_."""
        environment = dict(os.environ, LD_PRELOAD=str(self.library), FAULTS_PATHS=paths, FAULTS_LOG=str(log))
        if data:
            environment["FAULTS_DATA"] = str(data)
        for key, value in (fault or {}).items():
            environment[f"FAULTS_{key}"] = str(value)
        with open(errors, "w") as file:
            return subprocess.Popen(
                [str(self.binaries / "dqn-train"), "--quiet", *map(str, arguments)], env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file)

    def finish(self, process, what):
        """The exit code of a run that must end without being killed."""
        try:
            return process.wait(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure(f"{what} hangs")

    def verify(self, files):
        """The result of `dqn-checkpoint verify`: {file: (SHA-256, whether accepted, digest)}."""
        digests = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
        unknown = {digest: file for file, digest in digests.items() if digest not in self.verdicts}
        pairs = list(unknown.items())
        for start in range(0, len(pairs), 500):
            batch = pairs[start:start + 500]
            for (digest, _), entry in zip(batch, self.ask("verify", [file for _, file in batch]), strict=True):
                self.verdicts[digest] = (entry["valid"], entry.get("digest"))
        return {file: (digest, *self.verdicts[digest]) for file, digest in digests.items()}

    def list(self, run):
        """The result of `dqn-checkpoint ls`, {name: whether valid}."""
        return {entry["file"]: entry["valid"] for entry in self.ask("ls", [run])}

    def ask(self, command, files):
        result = subprocess.run([str(self.binaries / "dqn-checkpoint"), command, "--json", *map(str, files)],
                                capture_output=True, text=True, timeout=10 * TIMEOUT)
        if result.returncode not in (0, MALFORMED):
            raise Failure(f"dqn-checkpoint {command} of {files[0]} … ends with {result.returncode}: {result.stderr}")
        return json.loads(result.stdout)

"""Measures the memory and the time that the programs take for files that claim or unpack to far more than they hold.

    measure_bombs.py BIN_DIR [NAME …]

BIN_DIR has dqn-checkpoint, dqn-play and dqn-train (`swift build -c release`). Every file is made from a checkpoint of a
short run, follows docs/format.md except for its one excess, and has right digests and a right seal. Ends with 1 if a
command takes more than the format's limits promise, ends by a signal, or does not end:

- commands that need no replay: 1 GB and 20 s;
- the others: the decoded size of the replays plus 500 MB.

Needs h5py and NumPy, and some gigabytes in the temporary folder.
"""

import hashlib
import json
import multiprocessing
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

import h5py
import numpy as np

from make_hostile_files import Forgery

MEGABYTE = 1_000_000
LIMIT_BYTES, LIMIT_SECONDS = 1000 * MEGABYTE, 20
REPLAY_BYTES, REPLAY_SECONDS = 500 * MEGABYTE, 400
REPLAY = "workers/0/replay"
STATE = "workers/0/state"


class Zeros:
    """An array of zeros that is not in memory."""

    def __init__(self, shape, dtype):
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self.row_bytes = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=object))
        self.nbytes = self.row_bytes * self.shape[0]

    def __len__(self):
        return self.shape[0]


class Bomb(Forgery):
    """A checkpoint of a run, taken apart."""

    def __init__(self, source, version="2.1"):
        super().__init__(version)
        self.documents, self.arrays = {}, {}
        with h5py.File(source) as file:
            for name, value in file.attrs.items():
                if name != "manifest_sha256":
                    self.attributes[name] = value if isinstance(value, np.integer) else np.bytes_(value)
            for entry in json.loads(file["manifest"][()].tobytes())["datasets"]:
                values = file[entry["path"]][()]
                try:
                    assert values.dtype == np.uint8 and values.ndim == 1
                    self.documents[entry["path"]] = json.loads(values.tobytes())
                except (AssertionError, ValueError):
                    self.arrays[entry["path"]] = values
        self.attributes["format_version"] = np.bytes_(version)

    def chunk_rows(self, path):
        values = self.arrays[path]
        if isinstance(values, Zeros):
            return self.replay_rows() if self.version >= "2.0" and path.startswith(REPLAY) else None
        return super().chunk_rows(path)

    def digest(self, path):
        values = self.arrays[path]
        if not isinstance(values, Zeros):
            return super().digest(path)
        rows = self.chunk_rows(path)
        chunk = hashlib.sha256(bytes(rows * values.row_bytes)).digest()
        count, rest = divmod(len(values), rows)
        last = hashlib.sha256(bytes(rest * values.row_bytes)).digest() if rest else b""
        return hashlib.sha256(chunk * count + last).hexdigest()

    def write_chunks(self, dataset, path):
        values, rows = self.arrays[path], self.chunk_rows(path)
        if not isinstance(values, Zeros):
            return super().write_chunks(dataset, path)
        stored = zlib.compress(bytes(rows * values.row_bytes), 9)
        for first in range(0, len(values), rows):
            dataset.id.write_direct_chunk((first, *(0 for _ in values.shape[1:])), stored)

    @property
    def decoded(self):
        return sum(values.nbytes for path, values in self.arrays.items() if "/replay/" in path)

    def slots(self, count, chunk, capacity=None):
        """Replaces the replay by one of zeros, which start an episode once."""
        frame = self.arrays[f"{REPLAY}/frames"].shape[1:]
        self.documents[STATE]["replay"] = {
            "capacity": capacity or count + 1, "chunk_length": chunk, "count": count, "cursor": count - 1}
        for name, shape, kind in [("frames", frame, "<f4"), ("rewards", (), "<f4")]:
            self.arrays[f"{REPLAY}/{name}"] = Zeros((count, *shape), kind)
        self.arrays[f"{REPLAY}/actions"] = np.zeros(count, "<i4")
        self.arrays[f"{REPLAY}/actions"][-1] = -1
        self.arrays[f"{REPLAY}/flags"] = np.zeros(count, "u1")
        self.arrays[f"{REPLAY}/flags"][0] = 4


bombs = {}


def bomb(change):
    bombs[change.__name__.replace("_", "-")] = change
    return change


# Documents.


@bomb
def configuration_of_60_mb(b):
    b.documents["configuration"]["note"] = "x" * (60 << 20)


@bomb
def configuration_of_arrays(b):
    b.documents["configuration"]["note"] = b"[" + b",".join([b"[]"] * (5 << 20)) + b"]"


@bomb
def configuration_of_many_keys(b):
    b.documents["configuration"] |= {f"k{index}": 0 for index in range(1_000_000)}


@bomb
def configuration_of_escaped_keys(b):
    b.documents["configuration"] |= {f"\n\t{index}": 0 for index in range(800_000)}


@bomb
def wrappers_100_000(b):
    b.documents["configuration"]["wrappers"] = ["reward-clip"] * 100_000


@bomb
def wrapper_of_a_long_name(b):
    b.documents["configuration"]["wrappers"] = ["x" * (15 << 20)]


@bomb
def environment_of_a_long_name(b):
    b.documents["configuration"]["environment"] = "x" * (15 << 20)


@bomb
def key_of_a_long_name(b):
    b.documents["configuration"]["x" * (15 << 20)] = 0


@bomb
def layers_600_000(b):
    b.documents["architecture"]["layers"] = [{"type": "layer_norm"}] * 600_000


@bomb
def layers_4096(b):
    b.documents["architecture"]["layers"] = [{"type": "layer_norm"}] * 4096


@bomb
def scale_of_a_million(b):
    b.documents["architecture"]["input_scale"] = [0.1] * 1_000_000


@bomb
def observation_of_2_to_28(b):
    b.documents["architecture"]["input"] = {"element": "uint8", "shape": [1 << 10, 1 << 9, 1 << 9]}
    b.documents["architecture"]["layers"] = [{"type": "max_pooling", "kernel": 512, "stride": 512}]


@bomb
def axes_of_the_input(b):
    b.documents["architecture"]["input"]["shape"] = [1] * 1_000_000


@bomb
def stripped_twice_and_more(b):
    b.documents["progress"]["stripped"] = ["replay"] * 400_000


@bomb
def statistics_by_the_thousand(b):
    b.documents["progress"]["statistics"] = {f"s{index}": index for index in range(250_000)}


@bomb
def hyperparameters_by_the_thousand(b):
    b.documents["optimizer/state"]["hyperparameters"] |= {f"h{index}": index for index in range(250_000)}


@bomb
def episodes_by_the_thousand(b):
    b.documents[STATE] |= {"recent_lengths": [1] * 900_000, "recent_returns": [1] * 900_000}


@bomb
def environments_4095(b):
    b.documents[STATE]["environments"] = [{"episode_length": 0, "episode_return": 0}] * 4095


@bomb
def environments_by_the_thousand(b):
    b.documents[STATE]["environments"] = [{"episode_length": 0, "episode_return": 0}] * 90_000


@bomb
def many_documents_of_unknown_keys(b):
    for index in range(1, 400):
        b.documents[f"workers/{index}/state"] = {"agent_steps": 0, "episode_length": 0, "episode_return": 0,
            "recent_lengths": [], "recent_returns": [], "standing": "finished"} | {
            f"k{key}": 0 for key in range(20_000)}


@bomb
def many_long_descriptors(b):
    for index in range(24):
        owner = f"org.long{index}"
        b.documents[f"extensions/{owner}/descriptor"] = {
            "kind": "x" * 4_000_000, "must_understand": False, "owner": owner, "version": 1}


# Lists of objects.


@bomb
def groups_3_000(b):
    for index in range(3000):
        add_extension(b, f"org.group{index}")


@bomb
def groups_12_000(b):
    for index in range(12_000):
        add_extension(b, f"g{index}.x")


@bomb
def groups_by_worker(b):
    state = b.documents[STATE] | {"standing": "finished", "learner": None, "environment": None, "replay": None}
    for worker in range(1, 4096):
        b.documents[f"workers/{worker}/state"] = state
        for index in range(20):
            b.arrays[f"workers/{worker}/random/r{index}"] = np.ones(4, "<u8")


@bomb
def arrays_of_an_extension(b):
    for index in range(12_000):
        b.arrays[f"extensions/org.swift-dqn.many/state/a{index}"] = np.zeros(0, "u1")
    b.documents["extensions/org.swift-dqn.many/descriptor"] = {
        "kind": "many", "must_understand": False, "owner": "org.swift-dqn.many", "version": 1}


@bomb
def texts_of_an_extension(b):
    add_extension(b, "org.texts")
    for index in range(5000):
        b.arrays[f"extensions/org.texts/state/t{index}"] = np.full(16_000, ord("x"), "u1")


@bomb
def array_of_an_extension(b):
    add_extension(b, "org.large")
    b.arrays["extensions/org.large/state/a"] = np.zeros(90 << 20, "u1")


@bomb
def arrays_of_a_learner(b):
    b.documents[STATE]["learner"] = {"kind": "dqn", "version": 1}
    for index in range(9):
        b.arrays[f"workers/0/learner/a{index}"] = np.zeros(10 << 17, "<f8")


@bomb
def slots_by_the_hundred(b):
    names = [path for path in b.arrays if path.startswith("parameters/online/")]
    for index in range(300):
        for name in names:
            b.arrays[name.replace("parameters/online", f"optimizer/slots/s{index}")] = b.arrays[name]


@bomb
def history_of_5_million_rows(b):
    for path in [path for path in b.arrays if path.startswith("history/")]:
        del b.arrays[path]
    b.arrays["history/agent_steps"] = np.arange(5_000_000, dtype="<i8")
    b.arrays["history/columns/eval/mean_reward"] = np.zeros(5_000_000, "<f8")


@bomb
def history_of_10_000_columns(b):
    rows = len(b.arrays["history/agent_steps"])
    for index in range(10_000):
        b.arrays[f"history/columns/c{index}"] = np.zeros(rows, "<f8")


@bomb
def manifest_of_spaces(b):
    b.edit_manifest = lambda manifest: manifest + b" " * (60 << 20)


@bomb
def manifest_of_numbers(b):
    b.edit_manifest = lambda manifest: manifest[:-1] + b',"note":[' + b",".join([b"[1]"] * (15 << 20)) + b"]}"


@bomb
def extents_by_the_thousand(b):
    b.listed["parameters/online/head/bias"] = {"shape": [1] * 1_000_000 + [2]}


# Replays.


@bomb
def wide_columns(b):
    """Twenty-four columns of 60 MB of zeros each, in a file of 1.5 MB."""
    rows = len(b.arrays[f"{REPLAY}/flags"])
    for index in range(24):
        b.arrays[f"{REPLAY}/org.wide{index}"] = Zeros((rows, 200_000), "u1")


@bomb
def wide_frames(b):
    rows = len(b.arrays[f"{REPLAY}/flags"])
    b.arrays[f"{REPLAY}/frames"] = Zeros((rows, 60_000), "<f4")


@bomb
def slots_by_the_million(b):
    b.slots(20_000_000, 1024)


@bomb
def slots_in_long_chunks(b):
    b.slots(20_000_000, 1 << 24)


@bomb
def slots_in_chunks_of_one(b):
    b.slots(250_000, 1)


@bomb
def replay_of_18_gb(b):
    rows = len(b.arrays[f"{REPLAY}/flags"])
    for index in range(240):
        b.arrays[f"{REPLAY}/org.wide{index}"] = Zeros((rows, 250_000), "u1")


def add_extension(b, owner):
    b.documents[f"extensions/{owner}/descriptor"] = {
        "kind": "own", "must_understand": False, "owner": owner, "version": 1}
    b.arrays[f"extensions/{owner}/state/a"] = np.arange(8, dtype="u1")


# Run directories.

tables = {
    "metrics-without-end": ("metrics.csv", lambda file: file.write(b"x" * 100 * MEGABYTE)),
    "metrics-of-line-ends": ("metrics.csv", lambda file: file.write(b"time/total_timesteps\n" + b"\n" * 100 * MEGABYTE)),
    "metrics-of-commas": ("metrics.csv", lambda file: file.write(
        b"time/total_timesteps" + b"," * 100_000 + b"\n" + (b"," * 100_000 + b"\n") * 900)),
    "metrics-of-rows": ("metrics.csv", lambda file: file.write(
        b"time/total_timesteps,time/time_elapsed,eval/mean_reward\n" + b"1,1,1\n" * 15_000_000)),
    "workers-of-rows": ("workers.csv", lambda file: file.write(
        b"time/total_timesteps,worker\n" + b"100,1,1,1,1,1,1,1\n" * 5_000_000)),
    "configuration-file": ("config.json", lambda file: file.write(
        b'{"configuration":{"a":[' + b"[],[],[],[]," * 8 * MEGABYTE + b"0]}}")),
    "lineage": ("lineage.jsonl", lambda file: file.write(b'{"child":"' + b"x" * 100 * MEGABYTE)),
}


def measure(command, seconds, folder):
    """Returns the peak memory in bytes, the seconds and the exit status; the status is negative for a signal.

    Other programs may keep the processors busy, so the seconds are those of the processors if these are fewer."""
    start = time.monotonic()
    with open(folder / "output", "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
        signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(int(seconds * 10))
        _, status, usage = os.wait4(process.pid, 0)
        signal.alarm(0)
    taken = min(time.monotonic() - start, usage.ru_utime + usage.ru_stime)
    return usage.ru_maxrss * 1024, taken, os.waitstatus_to_exitcode(status)


class Report:
    def __init__(self):
        self.failures = 0

    def run(self, name, command, most, seconds, folder):
        used, taken, status = measure(command, seconds, folder)
        text = f"{name:34} {' '.join(pathlib.Path(str(word)).name for word in command)[:60]:60}"
        isBad = used > most or taken > seconds or status < 0
        self.failures += isBad
        reason = "" if status in (0, 130) else (folder / "output").read_bytes()[-160:].decode(errors="replace").strip()
        print(f"{'FAILED' if isBad else 'ok':6} {text} {used / MEGABYTE:7.0f} MB {taken:6.1f} s  exit {status}  {reason}",
            flush=True)


def commands(binaries, file, run, sound, folder, decoded):
    tool, play, train = (str(binaries / name) for name in ("dqn-checkpoint", "dqn-play", "dqn-train"))
    light = [
        [tool, "show", file], [tool, "show", file, "--json"], [tool, "ls", run], [tool, "verify", file],
        [tool, "strip", file, folder / "policy.h5", "--all-but-policy", "--force"],
        [tool, "strip", file, folder / "small.h5", "--replay", "--force"],
        [tool, "plot", file, "-o", folder / "curve.svg"],
        [play, file, "--episodes", "1", "--max-steps", "2", "--quiet"]]
    heavy = [
        [tool, "verify", file, "--deep"], [tool, "strip", file, folder / "bare.h5", "--optimizer", "--force"],
        [tool, "convert", file, folder / "old.h5", "--to", "2.0", "--allow-lossy", "--force"],
        [tool, "diff", file, file], [tool, "diff", sound, file],
        [tool, "repair", file, folder / "whole.h5", "--force"],
        [train, "--resume", run, "--steps", "310", "--schedule-steps", "310"],
        [train, "--from", file, "--out", folder / "next", "--steps", "10"]]
    # A copy without compression is as large as what it holds.
    if decoded < 3000 * MEGABYTE:
        heavy.insert(3, [tool, "convert", file, folder / "plain.h5", "--to", "1.0", "--allow-lossy", "--force"])
    return light, heavy


def base(binaries, folder):
    """A run of 300 steps and its last checkpoint."""
    subprocess.run(
        [binaries / "dqn-train", "--env", "CartPole-v1", "--steps", "300", "--out", folder / "run", "--set",
         "learning_starts=100", "--set", "evaluation_interval=100", "--set", "evaluation_episodes=1"],
        check=True, capture_output=True)
    return folder / "run", max((folder / "run" / "checkpoints").glob("*.h5"))


def make(sound, name, file):
    """Writes a bomb and returns the decoded size of its replays. Called in a process of its own: a command's peak would
    include the memory of the process that starts it."""
    b = Bomb(sound)
    bombs[name](b)
    # A document may be given as the text of one of its values.
    for path, document in b.documents.items():
        if isinstance(document, dict) and isinstance(document.get("note"), bytes):
            raw = document.pop("note")
            text = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
            b.documents[path] = text[:-1] + b',"note":' + raw + b"}"
    b.write(file)
    return b.decoded


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binaries, chosen = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run, sound = base(binaries, folder)
        for name in bombs:
            if chosen and name not in chosen:
                continue
            shutil.rmtree(folder / "strange", ignore_errors=True)
            (folder / "strange" / "checkpoints").mkdir(parents=True)
            shutil.copy(run / "config.json", folder / "strange")
            file = folder / "strange" / "checkpoints" / sound.name
            with multiprocessing.Pool(1) as pool:
                decoded = pool.apply(make, (sound, name, file))
            size = file.stat().st_size
            assert size <= 100 * MEGABYTE, (name, size)
            print(f"{name}: {size / MEGABYTE:.1f} MB, replays of {decoded / MEGABYTE:.1f} MB", flush=True)
            light, heavy = commands(binaries, file, folder / "strange", sound, folder, decoded)
            for command in light:
                (folder / "curve.svg").unlink(missing_ok=True)
                report.run(name, command, LIMIT_BYTES, LIMIT_SECONDS, folder)
            for command in heavy:
                # A resume renames what it refuses.
                if not file.exists():
                    next((folder / "strange" / "checkpoints").glob("*.damaged")).rename(file)
                shutil.rmtree(folder / "next", ignore_errors=True)
                report.run(name, command, decoded + REPLAY_BYTES, REPLAY_SECONDS, folder)
            for left in folder.glob("*.h5"):
                left.unlink()
        for name, (file, write) in tables.items():
            if chosen and name not in chosen:
                continue
            strange = folder / "strange"
            shutil.rmtree(strange, ignore_errors=True)
            shutil.copytree(run, strange)
            with open(strange / file, "wb") as output:
                write(output)
            tool, train = binaries / "dqn-checkpoint", binaries / "dqn-train"
            for command in [
                [tool, "plot", strange, "--x", "time", "-o", folder / "curve.svg"], [tool, "ls", strange],
                [train, "--resume", strange, "--steps", "310", "--schedule-steps", "310"]]:
                (folder / "curve.svg").unlink(missing_ok=True)
                report.run(name, command, LIMIT_BYTES, LIMIT_SECONDS, folder)
    print(f"{report.failures} failures")
    sys.exit(1 if report.failures else 0)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()

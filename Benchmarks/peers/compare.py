"""Runs the measurements of Benchmarks/peers/run in turns and writes their medians as a table."""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ZOO_STEPS = 50_000
CLEANRL_STEPS = 500_000  # all of them: exploration shapes the cost of a step, early ones are cheap
# Multiplications and additions of the Zoo run: 24.5k updates of 64 observations, a forward pass of either network
# and a backward pass of twice a forward one, 67,072 weights.
ZOO_FLOATING_POINT_OPERATIONS = 24_500 * 64 * 4 * 2 * 67_072


def timed(command):
    """Runs a command; gives its wall time and its last line of output."""
    began = time.perf_counter()
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if result.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {result.returncode}:\n{result.stderr}")
    lines = result.stdout.strip().splitlines()
    return seconds, lines[-1] if lines else ""


def note(text):
    """Says on stderr how it goes."""
    print(text, file=sys.stderr, flush=True)


class Bench:
    """The measurements' common ground."""

    def __init__(self, arguments, scratch):
        self.arguments, self.scratch = arguments, scratch
        self.figures = {}

    def add(self, name, value):
        self.figures.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.figures[name])

    def python(self, script, *options):
        return timed([sys.executable, HERE / script, *options])

    def train(self, index, *options):
        """One dqn-train process in a directory of its own; gives its wall time."""
        folder = self.scratch / "run"
        shutil.rmtree(folder, ignore_errors=True)
        command = [self.arguments.train, "--env", "CartPole-v1", "--seed", index, "--eval-every", 0]
        return timed([*command, "--quiet", "--out", folder, *options])[0]

    def zoo(self, index):
        self.add("zoo.ours.process_seconds", self.train(index, "--preset", "zoo", "--steps", ZOO_STEPS))
        seconds, line = self.python("zoo_cartpole.py", "--seed", index, "--steps", ZOO_STEPS)
        self.add("zoo.sb3.process_seconds", seconds)
        self.add("zoo.sb3.learn_seconds", json.loads(line)["learn_seconds"])

    def cleanrl(self, index):
        options = ["--preset", "cleanrl", "--steps", CLEANRL_STEPS]
        self.add("cleanrl.ours.steps_per_second", CLEANRL_STEPS / self.train(index, *options))
        _, line = self.python("cleanrl_cartpole.py", "--seed", index, "--steps", CLEANRL_STEPS)
        self.add("cleanrl.peer.steps_per_second", json.loads(line)["steps_per_second"])

    def weights(self, _index):
        options = ["--directory", self.scratch, "--rounds", 5]
        for owner, line in [
            ("ours", timed([self.arguments.checkpoint_bench, *options])[1]),
            ("peer", self.python("weights.py", *options)[1]),
        ]:
            for kind in ("save", "load"):
                for value in json.loads(line)[f"{kind}_seconds"]:
                    self.add(f"weights.{owner}.{kind}_seconds", value)

    def rows(self):
        """The table's rows: what, ours, the peer's, the ratio, what the project demands."""
        if "zoo.ours.process_seconds" in self.figures:
            ours = self.median("zoo.ours.process_seconds")
            rate = ZOO_FLOATING_POINT_OPERATIONS / ours / 1e9
            for peer, name in [("process", "whole process"), ("learn", "learn() alone")]:
                other = self.median(f"zoo.sb3.{peer}_seconds")
                what = f"CartPole, 50k steps, Zoo's settings; Stable-Baselines3's {name}"
                yield what, f"{ours:.2f} s ({rate:.0f} GF/s)", f"{other:.2f} s", f"{other / ours:.1f}× faster", "≥ 5×"
        if "cleanrl.ours.steps_per_second" in self.figures:
            ours, other = (self.median(f"cleanrl.{who}.steps_per_second") for who in ("ours", "peer"))
            what = "CartPole, CleanRL's settings, steps per second"
            # The goal is twelve times what CleanRL's own program reached on the machine that the goal was set on.
            yield what, f"{ours:,.0f}", f"{other:,.0f}", f"{ours / other:.1f}× faster", "≥ 23,220 steps/s"
        if "weights.ours.save_seconds" in self.figures:
            for kind, what, demand in [
                ("save", "Nature CNN: durable save; safetensors + fsync + 2 × SHA-256", "≤ 1.2×"),
                ("load", "Nature CNN: verified load; torch.load + SHA-256", "≤ 2×"),
            ]:
                ours, other = (self.median(f"weights.{who}.{kind}_seconds") for who in ("ours", "peer"))
                yield what, f"{ours * 1e3:.1f} ms", f"{other * 1e3:.1f} ms", f"{ours / other:.2f}× as long", demand


def machine():
    """What the figures depend on."""
    model = platform.processor() or platform.machine()
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":", 1)[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    versions = {name: importlib.metadata.version(name) for name in
                ("torch", "stable_baselines3", "gymnasium", "safetensors", "numpy")}
    return {"processor": model, "cores": os.cpu_count(), "python": platform.python_version(), **versions}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", required=True, type=pathlib.Path, help="the dqn-train executable")
    parser.add_argument("--checkpoint-bench", default="", help="the checkpoint-bench executable")
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="zoo,cleanrl,weights", help="measurements, separated by commas")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    unknown = set(wanted) - {"zoo", "cleanrl", "weights"}
    if unknown or arguments.rounds < 1:
        parser.error("--only takes zoo, cleanrl and weights; --rounds takes at least 1")
    if "weights" in wanted and not arguments.checkpoint_bench:
        note("There is no checkpoint-bench: saving and loading are left out.")
        wanted.remove("weights")

    arguments.results.mkdir(parents=True, exist_ok=True)
    # On the disk that the results go to: a memory file system would make fsync free.
    with tempfile.TemporaryDirectory(dir=arguments.results) as scratch:
        bench = Bench(arguments, pathlib.Path(scratch))
        for index in range(arguments.rounds):
            for name in wanted:
                note(f"round {index + 1} of {arguments.rounds}: {name}")
                getattr(bench, name)(index)

    facts = machine()
    lines = ["| what | swift-dqn | peer | ratio | goal |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in bench.rows()]
    lines += ["", f"Medians of {arguments.rounds} rounds, one thread each, on {facts['cores']} cores of "
              f"{facts['processor']}; " + ", ".join(f"{k} {v}" for k, v in facts.items() if k not in ("processor", "cores"))
              + ". Ours are whole processes; of the CleanRL loop and of saving and loading the peers' imports are not counted."]
    table = "\n".join(lines)
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    (arguments.results / f"peers-{stamp}.md").write_text(table + "\n")
    document = {"machine": facts, "rounds": arguments.rounds, "figures": bench.figures}
    (arguments.results / f"peers-{stamp}.json").write_text(json.dumps(document, indent=1) + "\n")
    print(table)


if __name__ == "__main__":
    main()

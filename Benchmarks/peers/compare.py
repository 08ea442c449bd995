"""Runs the measurements of Benchmarks/peers/run in alternating rounds and writes their medians as a table."""

import argparse
import datetime
import importlib
import importlib.metadata
import json
import os
import pathlib
import platform
import tempfile

from common import Bench, note

MEASUREMENTS = ["update", "inference", "pixels", "environment", "zoo", "cleanrl", "weights"]
LIBRARIES = ["torch", "onnxruntime", "stable_baselines3", "gymnasium", "safetensors", "h5py", "numpy", "tensorboard"]


def machine():
    """The versions and the machine behind the figures."""
    model = platform.processor() or platform.machine()
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":", 1)[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"processor": model, "cores": os.cpu_count(), "python": platform.python_version(), **versions}


def table(rows, arguments, facts):
    """The rows in Markdown, with versions and machine."""
    lines = ["| what; peer | swift-dqn | peer | ratio | goal | met |", "|---|---|---|---|---|---|"]
    lines += [f"| {' | '.join(row.cells)} |" for row in rows]
    rounds = f"Median of {arguments.rounds} rounds" if arguments.rounds > 1 else "One round"
    quick = ", shortened by --quick: no result" if arguments.quick else ""
    versions = ", ".join(f"{name} {facts[name]}" for name in ["python", *LIBRARIES])
    lines += ["", f"{rounds}{quick}; one thread where no number is given; {facts['cores']} cores of "
              f"{facts['processor']}, load average {facts['load_before']} before the run; {versions}. CartPole's times "
              "are those of our whole processes; the times of CleanRL's loops, of saving and of loading exclude the "
              "peers' imports."]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="Benchmarks/peers/run", description=__doc__)
    parser.add_argument("--binaries", required=True, type=pathlib.Path, help="folder of dqn-train and dqn-play")
    parser.add_argument("--benchmarks", required=True, type=pathlib.Path, help="folder of the benchmark programs")
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="measurements, separated by commas")
    parser.add_argument("--quick", action="store_true", help="tiny runs, as a smoke test")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    if set(wanted) - set(MEASUREMENTS) or arguments.rounds < 1:
        parser.error(f"--only takes {', '.join(MEASUREMENTS)}; --rounds takes at least 1")
    measurements = {name: importlib.import_module(f"measurements.{name}") for name in wanted}

    # Other work on the machine spoils two-thread measurements on either side.
    load = os.getloadavg()[0]
    arguments.results.mkdir(parents=True, exist_ok=True)
    # On the disk of the results: in a memory file system fsync would be free.
    with tempfile.TemporaryDirectory(dir=arguments.results) as scratch:
        bench = Bench(arguments.binaries, arguments.benchmarks, pathlib.Path(scratch), arguments.quick)
        for index in range(arguments.rounds):
            for name, measurement in measurements.items():
                note(f"round {index + 1} of {arguments.rounds}: {name}")
                measurement.measure(bench, index)

    facts = {**machine(), "load_before": round(load, 2)}
    rows = [row for measurement in measurements.values() for row in measurement.rows(bench)]
    text = table(rows, arguments, facts)
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    (arguments.results / f"peers-{stamp}.md").write_text(text + "\n")
    document = {"machine": facts, "rounds": arguments.rounds, "quick": arguments.quick, "figures": bench.figures}
    (arguments.results / f"peers-{stamp}.json").write_text(json.dumps(document, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()

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

import isa
from common import Bench, note
from cores import Cores
from table import table

MEASUREMENTS = ["update", "inference", "pixels", "environment", "zoo", "cleanrl", "weights"]
LIBRARIES = ["torch", "onnxruntime", "stable_baselines3", "sbx-rl", "jax", "flax", "gymnasium", "ale-py", "envpool",
             "safetensors", "h5py", "numpy", "tensorboard"]
COLUMNS = {"native": ["native"], "avx2": ["avx2"], "both": ["native", "avx2"]}


def machine():
    """The versions and the machine behind the figures."""
    model = platform.processor() or platform.machine()
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":", 1)[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"processor": model, "own_set": isa.own_set(), "cores": os.cpu_count(),
            "load_before": round(os.getloadavg()[0], 2), "python": platform.python_version(), "versions": versions}


def parse():
    parser = argparse.ArgumentParser(prog="Benchmarks/peers/run", description=__doc__)
    parser.add_argument("--binaries", required=True, type=pathlib.Path, help="folder of dqn-train and dqn-play")
    parser.add_argument("--benchmarks", required=True, type=pathlib.Path, help="folder of the benchmark programs")
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="measurements, separated by commas")
    parser.add_argument("--isa", choices=COLUMNS, default="native", help="the processor's own instruction set, or AVX2")
    parser.add_argument("--keep", type=pathlib.Path, metavar="JSON",
                        help="earlier results: a column that this run does not measure comes from there, with its date")
    parser.add_argument("--quick", action="store_true", help="tiny runs, as a smoke test")
    arguments = parser.parse_args()
    arguments.only = arguments.only.split(",")
    if set(arguments.only) - set(MEASUREMENTS) or arguments.rounds < 1:
        parser.error(f"--only takes {', '.join(MEASUREMENTS)}; --rounds takes at least 1")
    if arguments.isa != "native" and isa.own_set() not in ("AVX-512", "AVX2"):
        parser.error("--isa avx2 and both need a processor with AVX2")
    return arguments


def earlier_columns(arguments, wanted):
    """The columns of an earlier run that this one does not measure, as benches that only hold figures."""
    if not arguments.keep:
        return {}
    columns = {}
    for name, column in json.loads(arguments.keep.read_text())["columns"].items():
        if name not in wanted:
            bench = Bench(arguments.binaries, arguments.benchmarks, arguments.results, column["quick"], name == "AVX2")
            bench.figures, bench.remarks, bench.column = column["figures"], column["remarks"], column
            columns[name] = bench
    return columns


def measure(arguments, measurements, scratch):
    """Runs all rounds; returns a bench for each column by its instruction set."""
    facts, today = machine(), datetime.date.today().isoformat()
    # On a processor without AVX-512 both columns would be the same.
    wanted = {isa.own_set() if name == "native" else "AVX2": name == "avx2" for name in COLUMNS[arguments.isa]}
    columns = {}
    for name, is_limited in wanted.items():
        (scratch / name).mkdir()
        bench = Bench(arguments.binaries, arguments.benchmarks, scratch / name, arguments.quick, is_limited,
                      Cores(scratch / name))
        bench.column = {"date": today, "machine": facts, "rounds": arguments.rounds, "quick": arguments.quick,
                        "limits": isa.LIMITS if is_limited else {}, "in_force": isa.in_force(bench)}
        columns[name] = bench
    for index in range(arguments.rounds):
        for title, measurement in measurements.items():
            for name, bench in columns.items():
                note(f"round {index + 1} of {arguments.rounds}: {title}, {name}")
                measurement.measure(bench, index)
    for bench in columns.values():
        bench.remark(bench.cores.summary)
    return {**columns, **earlier_columns(arguments, columns)}


def main():
    arguments = parse()
    measurements = {name: importlib.import_module(f"measurements.{name}") for name in arguments.only}
    arguments.results.mkdir(parents=True, exist_ok=True)
    # On the disk of the results: in a memory file system fsync would be free.
    with tempfile.TemporaryDirectory(dir=arguments.results) as scratch:
        columns = measure(arguments, measurements, pathlib.Path(scratch))
    columns = dict(sorted(columns.items(), key=lambda column: ["AVX-512", "AVX2"].index(column[0])
                          if column[0] in ("AVX-512", "AVX2") else 2))
    text = table(columns, measurements.values())
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    (arguments.results / f"peers-{stamp}.md").write_text(text + "\n")
    document = {"columns": {name: {**bench.column, "figures": bench.figures, "remarks": bench.remarks}
                            for name, bench in columns.items()}}
    (arguments.results / f"peers-{stamp}.json").write_text(json.dumps(document, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()

"""Times steps of empty environments: in this process, in a process of AsyncVectorEnv, and through the bridge.

usage: Benchmarks/gymnasium/run, which builds what is needed and calls this script

The cost of a process is its time minus that of the environment in this process. AsyncVectorEnv has one environment and
shared memory, like the bridge.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import gymnasium
import numpy

ENVIRONMENTS = {"4 floats": "Still", "84×84×4 bytes": "LargeFrames"}
GOALS = {"4 floats": 60, "84×84×4 bytes": 100}
MODULE = "dqn_test_environments"
MODULES = pathlib.Path(__file__).resolve().parents[2] / "Fixtures" / "gymnasium"
STEPS = 500


def microseconds(step, seconds):
    """The median time of a step, over laps of many steps."""
    laps, end = [], time.perf_counter() + seconds
    while not laps or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(STEPS):
            step()
        laps.append((time.perf_counter() - start) / STEPS * 1e6)
    return statistics.median(laps)


def here(name, seconds):
    environment = gymnasium.make(f"{MODULE}:{name}-v0")
    environment.reset(seed=1)
    return microseconds(lambda: environment.step(0), seconds)


def vector(name, seconds):
    identifier = f"{MODULE}:{name}-v0"
    environment = gymnasium.vector.AsyncVectorEnv([lambda: gymnasium.make(identifier)], shared_memory=True)
    environment.reset(seed=1)
    actions = numpy.zeros(1, numpy.int64)
    try:
        return microseconds(lambda: environment.step(actions), seconds)
    finally:
        environment.close()


def bridge(name, seconds, folder):
    command = [f"{folder}/compute-bench", "environment", "--id", f"gym:{MODULE}:{name}-v0", "--seconds", str(seconds),
               "--python-path", str(MODULES)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return 1e6 / json.loads(output)["steps_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmarks", required=True, help="folder of compute-bench")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds")
    parser.add_argument("--seconds", type=float, default=2, help="seconds of each measurement")
    arguments = parser.parse_args()
    sys.path.append(str(MODULES))
    print("| observation | environment alone | AsyncVectorEnv adds | the bridge adds (least) | goal | |")
    print("|---|---|---|---|---|---|")
    for title, name in ENVIRONMENTS.items():
        rounds = [
            (here(name, arguments.seconds), vector(name, arguments.seconds),
             bridge(name, arguments.seconds, arguments.benchmarks))
            for _ in range(arguments.rounds)
        ]
        alone, theirs, ours = (statistics.median(column) for column in zip(*rounds))
        least = min(through - own for own, _, through in rounds)
        met = ours - alone <= GOALS[title] and ours < theirs
        print(f"| {title} | {alone:.1f} µs | {theirs - alone:.1f} µs | {ours - alone:.1f} µs ({least:.1f}) "
              f"| ≤ {GOALS[title]} µs, below AsyncVectorEnv | {'met' if met else 'not met'} |")


main()

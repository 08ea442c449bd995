"""Steps Pong in ALE's own vector environment and in EnvPool; prints agent steps per second as JSON.

Each with its own preprocessing in its own threads: four frames a step, the larger of the last two, 84×84 grey, stacks
of four. `one` is one environment and one thread; `many` is the better of 4 and 8 environments, in as many threads as
cores.
"""

import argparse
import json
import os

import numpy as np
from laps import median_lap

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seconds", type=float, default=2)
arguments = parser.parse_args()

STEPS = 50
ACTIONS = np.array([((index * 2654435761 & 0xFFFFFFFF) >> 13) % 6 for index in range(65_536)], np.int32)


def ale(count, threads):
    from ale_py.vector_env import AtariVectorEnv

    return AtariVectorEnv("pong", num_envs=count, num_threads=threads)


def envpool(count, threads):
    import envpool

    return envpool.make_gymnasium("Pong-v5", num_envs=count, num_threads=threads, seed=1)


def measure(make, count, threads):
    environments = make(count, threads)
    environments.reset()
    taken = 0

    def run():
        nonlocal taken
        for _ in range(STEPS):
            start = taken % (65_536 - count)
            environments.step(ACTIONS[start:start + count])
            taken += count

    rate = STEPS * count / median_lap(arguments.seconds, run)
    environments.close()
    return rate


def report(make):
    """The rates of a library, or the reason why it does not run here."""
    try:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        return {"one": measure(make, 1, 1), "many": max(measure(make, count, cores) for count in (4, 8))}
    except Exception as error:
        return {"failed": (str(error).strip().splitlines() or [repr(error)])[0]}


print(json.dumps({"ale": report(ale), "envpool": report(envpool)}))

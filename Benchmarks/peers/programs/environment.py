"""Steps Gymnasium's CartPole-v1 with the actions of compute-bench environment; prints steps per second as JSON.

Once as created by gymnasium.make, and once without the wrapper that checks every observation. Resets are included.
"""

import argparse
import json

import gymnasium
from laps import median_lap

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seconds", type=float, default=2)
arguments = parser.parse_args()

STEPS = 1000
ACTIONS = [((index * 2654435761 & 0xFFFFFFFF) >> 13) % 2 for index in range(65_536)]


def measure(**options):
    environment = gymnasium.make("CartPole-v1", **options)
    environment.reset(seed=1)
    taken = 0

    def run():
        nonlocal taken
        for _ in range(STEPS):
            _, _, terminated, truncated, _ = environment.step(ACTIONS[taken & 65_535])
            taken += 1
            if terminated or truncated:
                environment.reset()

    return STEPS / median_lap(arguments.seconds, run)


print(json.dumps({"made": measure(), "unchecked": measure(disable_env_checker=True)}))

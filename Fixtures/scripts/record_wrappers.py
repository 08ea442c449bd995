"""Records what Gymnasium's reward wrappers make of a sequence of rewards.

usage: record_wrappers.py, with gymnasium 1.x; writes ../trajectories/reward-normalize.json
"""

import json
import pathlib
import random

import gymnasium
import numpy


class Scripted(gymnasium.Env):
    """Pays the rewards of a list; some of them end an episode."""

    action_space = gymnasium.spaces.Discrete(2)
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), numpy.float64)

    def __init__(self, steps):
        self.steps = steps
        self.index = 0

    def reset(self, *, seed=None, options=None):
        return numpy.zeros(1), {}

    def step(self, action):
        reward, terminated, truncated = self.steps[self.index]
        self.index += 1
        return numpy.zeros(1), reward, terminated, truncated, {}


def record(gamma):
    generator = random.Random(7)
    steps = []
    for index in range(240):
        # Long quiet stretches and a few large rewards.
        reward = round(generator.choice([0.0, 0.0, 0.0, 1.0, -3.5, 250.0 * generator.random()]), 3)
        steps.append((reward, index % 37 == 36, index % 53 == 52))
    environment = gymnasium.wrappers.NormalizeReward(Scripted(steps), gamma=gamma)
    environment.reset()
    normalized = []
    for _, terminated, truncated in steps:
        normalized.append(float(numpy.asarray(environment.step(0)[1]).reshape(-1)[0]))
        if terminated or truncated:
            environment.reset()
    return {
        "gamma": gamma, "rewards": [step[0] for step in steps], "terminated": [step[1] for step in steps],
        "truncated": [step[2] for step in steps], "normalized": normalized,
    }


folder = pathlib.Path(__file__).parent.parent / "trajectories"
text = json.dumps([record(0.99), record(0.9)])
(folder / "reward-normalize.json").write_text(text + "\n")

"""Compares the Q-values and greedy actions of the package with a trace of dqn-play.

    compare_trace.py CHECKPOINT.h5 TRACE.jsonl
"""

import json
import sys

import numpy as np
import swift_dqn


def main():
    checkpoint, trace = sys.argv[1:]
    policy = swift_dqn.load(checkpoint).policy
    with open(trace, encoding="utf-8") as lines:
        steps = [json.loads(line) for line in lines]
    observations = np.array([step["observation"] for step in steps])
    expected = np.array([step["action_values"] for step in steps])
    values = policy.q_values(observations)
    difference = (np.abs(values - expected) / np.maximum(1, np.abs(expected))).max()
    equal = int((policy.actions(observations) == [step["action"] for step in steps]).sum())
    print(f"{trace}: {equal} of {len(steps)} actions are equal, largest difference {difference:.1e}")
    # Two values that differ in their last bits may change places.
    values.sort(axis=1)
    close = int((values[:, -1] - values[:, -2] < 1e-4).sum())
    if difference > 1e-5 or equal + close < len(steps):
        sys.exit(f"{trace}: the package computes other values than dqn-play")


if __name__ == "__main__":
    main()

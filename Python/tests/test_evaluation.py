"""Evaluations in Gymnasium environments, compared with `dqn-play` and with what the format says."""

import base64
import json
import unittest

from support import fixtures, golden, is_missing

import numpy as np
import swift_dqn
from swift_dqn.area import AreaShrinking, luminance
from swift_dqn.random_streams import RandomStream

REASON = is_missing("gymnasium")


def noise(count, salt):
    """The hash of Fixtures/README.md, its highest eight bits."""
    x = (np.arange(count, dtype=np.uint64) + salt * 0x9E3779B9) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 0x85EBCA6B) & 0xFFFFFFFF
    x ^= x >> 13
    x = (x * 0xC2B2AE35) & 0xFFFFFFFF
    return ((x ^ (x >> 16)) >> 24).astype(np.uint8)


class PixelTests(unittest.TestCase):
    def test_shrinking_equals_opencv(self):
        recorded = json.loads((fixtures / "atari" / "preprocessing.json").read_text())
        self.assertGreater(len(recorded["noise"]), 3)
        for item in recorded["noise"]:
            rows, columns, side = item["rows"], item["columns"], item["side"]
            picture = noise(rows * columns, 9).reshape(rows, columns)
            expected = np.frombuffer(base64.b64decode(item["picture"]), np.uint8).reshape(side, side)
            np.testing.assert_array_equal(AreaShrinking(rows, columns, side).shrink(picture), expected)

    def test_luminance_equals_the_emulators(self):
        colours = json.loads((fixtures / "atari" / "preprocessing.json").read_text())["colours"]
        planes = np.frombuffer(base64.b64decode(colours["colours"]), np.uint8).reshape(-1, 3).T
        expected = np.frombuffer(base64.b64decode(colours["greys"]), np.uint8)
        difference = luminance(planes[:, None, :])[0].astype(int) - expected
        self.assertLessEqual(np.abs(difference).max(), 1)


class RandomStreamTests(unittest.TestCase):
    def test_seeds_are_those_of_dqn_play(self):
        # Printed by `dqn-play --seed 5 --episodes 2`.
        stream = RandomStream(5, "play")
        self.assertEqual([stream.next(), stream.next()], [527009744873731988, 16451470325128059824])


@unittest.skipIf(REASON, REASON)
class EvaluationTests(unittest.TestCase):
    def test_episodes_are_those_of_dqn_play(self):
        # Printed by `dqn-play method-dqn.h5 --env gym:CartPole-v1 --episodes 3 --seed 7`.
        policy = swift_dqn.load(golden("2.1/method-dqn")).policy
        result = swift_dqn.evaluate(policy, "CartPole-v1", episodes=3, seed=7)
        self.assertEqual(result.returns, (11.0, 36.0, 9.0))
        self.assertEqual(result.seeds, (1077742508, 232518971, 1308484235))
        self.assertAlmostEqual(result.mean_return, 18.67, places=2)
        self.assertAlmostEqual(result.standard_deviation, 12.28, places=2)
        short = swift_dqn.evaluate(policy, "CartPole-v1", episodes=1, seed=7, max_steps=5)
        self.assertEqual((short.lengths, short.cut_off), ((5,), (True,)))

    def test_what_does_not_fit_is_refused(self):
        import gymnasium

        policy = swift_dqn.load(golden("2.1/method-dqn")).policy
        for name in ("Acrobot-v1", "Pendulum-v1", "FrozenLake-v1"):
            with self.assertRaises(swift_dqn.CannotConvert, msg=name):
                swift_dqn.evaluate(policy, name, episodes=1)
        environment = gymnasium.make("CartPole-v1")
        for wrapper in ("strange:3", "action-repeat:x", "action-repeat:0", "atari-pixels:84", "no-op-start:30"):
            changed = with_values(policy, wrappers=(wrapper,))
            with self.assertRaises(swift_dqn.CannotConvert, msg=wrapper):
                swift_dqn.evaluate(changed, environment, episodes=1)
        with self.assertRaises(ValueError):
            swift_dqn.evaluate(policy, environment, episodes=0)

    def test_the_name_in_a_file_is_never_used(self):
        policy = with_values(swift_dqn.load(golden("2.1/method-dqn")).policy, environment="gym:evil_module:Evil-v0")
        self.assertEqual(swift_dqn.evaluate(policy, "CartPole-v1", episodes=1, seed=7).returns, (11.0,))

    def test_wrappers_frames_and_masks(self):
        environment, seen = Recorder(), []
        policy = with_values(
            swift_dqn.load(golden("2.1/method-dqn")).policy,
            wrappers=("action-repeat:2", "observation-scale:10,1", "reward-clip", "time-limit:2"), frame_stack=4,
        )
        policy = Spy(policy, seen)
        result = swift_dqn.evaluate(policy, environment, episodes=1)
        # Two steps of two repetitions; rewards are not clipped.
        self.assertEqual((result.returns, result.lengths), ((1.0 + 2 + 3 + 4,), (2,)))
        self.assertEqual(seen[0], [0, 0, 0, 1])
        self.assertEqual(seen[1], [0, 0, 1, 21])
        self.assertEqual(environment.taken, [1, 1, 1, 1])


def with_values(policy, **values):
    """A copy of a policy with other values."""
    import dataclasses

    return dataclasses.replace(policy, **values)


class Spy:
    """A policy that records what it sees; masks decide its action."""

    def __init__(self, policy, seen):
        self.policy, self.seen = policy, seen

    def __getattr__(self, name):
        return getattr(self.policy, name)

    def action(self, observation, mask):
        self.seen.append(np.asarray(observation).tolist())
        return int(np.flatnonzero(mask)[0])


def Recorder():
    """An environment whose observation and reward are the number of steps; only action 1 is allowed."""
    import gymnasium

    class Counter(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-100, 100, (1,), np.float32)
        action_space = gymnasium.spaces.Discrete(2)

        def __init__(self):
            self.taken = []

        def reset(self, *, seed=None, options=None):
            self.count = 0
            return np.array([0], np.float32), {"action_mask": np.array([0, 1])}

        def step(self, action):
            self.taken.append(action)
            self.count += 1
            return np.array([self.count], np.float32), self.count, False, False, {"action_mask": np.array([0, 1])}

    return Counter()


if __name__ == "__main__":
    unittest.main()

"""Replays as arrays, compared with a slow reading of docs/format.md."""

import unittest

from support import GOLDEN

import numpy as np
import swift_dqn


def slots_of_stack(replay, slot):
    """The slots of one stacked observation, newest first, and whether one of them is gone."""
    slots, oldest = [slot], int(replay.order[0])
    while len(slots) < replay.frame_stack and not replay.flags[slots[-1]] & 4:
        if slots[-1] == oldest:
            return slots, True
        slots.append((slots[-1] - 1) % len(replay))
    return slots, False


def observation(replay, slot):
    """One stacked observation."""
    frames = [replay.frames[other] for other in slots_of_stack(replay, slot)[0]]
    frames += [np.zeros_like(frames[0])] * (replay.frame_stack - len(frames))
    frames = frames[::-1]
    return np.concatenate(frames) if frames[0].ndim in (1, 3) else np.stack(frames)


def slow_transitions(replay, steps, discount):
    """Rows (slot, action, reward, next slot or None, terminated, truncated, discount) one at a time."""
    order, rows = [int(slot) for slot in replay.order], []
    for position, slot in enumerate(order):
        if replay.actions[slot] < 0 or slots_of_stack(replay, slot)[1]:
            continue
        total, factor, at = 0.0, 1.0, position
        while True:
            total += factor * float(replay.rewards[order[at]])
            factor *= discount
            ended = replay.flags[order[at]] & 3
            if ended or at - position + 1 == steps or replay.actions[order[at + 1]] < 0:
                break
            at += 1
        terminated, truncated = bool(ended & 1), bool(ended & 2)
        following = None if terminated else order[at + 1]
        rows.append((slot, replay.actions[slot], total, following, terminated, truncated, 0 if terminated else factor))
    return rows


def all_replays():
    return [(path, replay) for path in GOLDEN for replay in swift_dqn.load(path).replays]


class ReplayTests(unittest.TestCase):
    def test_transitions_equal_a_slow_reading(self):
        seen = {"terminated": 0, "truncated": 0, "full": 0, "stacked": 0}
        for path, replay in all_replays():
            seen["full"] += len(replay) == replay.capacity
            seen["stacked"] += replay.frame_stack > 1
            for steps, discount in ((1, 1.0), (3, 0.5)):
                with self.subTest(path=f"{path.parent.name}/{path.name}", steps=steps):
                    rows = slow_transitions(replay, steps, discount)
                    transitions = replay.transitions(steps, discount)
                    self.assertEqual(transitions.slots.tolist(), [row[0] for row in rows])
                    self.assertEqual(transitions.actions.tolist(), [row[1] for row in rows])
                    np.testing.assert_allclose(transitions.rewards, [row[2] for row in rows], rtol=1e-5)
                    self.assertEqual(transitions.terminations.tolist(), [row[4] for row in rows])
                    self.assertEqual(transitions.truncations.tolist(), [row[5] for row in rows])
                    np.testing.assert_allclose(transitions.discounts, [row[6] for row in rows])
                    seen["terminated"] += int(transitions.terminations.sum())
                    seen["truncated"] += int(transitions.truncations.sum())
                    for index, row in enumerate(rows):
                        np.testing.assert_array_equal(transitions.observations[index], observation(replay, row[0]))
                        after = transitions.next_observations[index]
                        expected = np.zeros_like(after) if row[3] is None else observation(replay, row[3])
                        np.testing.assert_array_equal(after, expected)
        for name, count in seen.items():
            self.assertGreater(count, 0, name)

    def test_observations_have_the_shape_of_the_network(self):
        for path in GOLDEN:
            checkpoint = swift_dqn.load(path)
            for replay in checkpoint.replays:
                shape = replay.observations([int(replay.cursor)]).shape[1:]
                self.assertEqual(shape, checkpoint.policy.network.input_shape, path)

    def test_episodes_have_one_more_observation_than_actions(self):
        for path, replay in all_replays():
            transitions = replay.transitions()
            episodes = transitions.to_minari()
            with self.subTest(path.name):
                self.assertEqual(sum(len(episode["actions"]) for episode in episodes), len(transitions))
                for episode in episodes:
                    self.assertEqual(len(episode["observations"]), len(episode["actions"]) + 1)
                    ends = episode["terminations"] | episode["truncations"]
                    self.assertTrue(ends[-1])
                    self.assertFalse(ends[:-1].any())

    def test_d4rl_has_its_keys(self):
        _, replay = all_replays()[0]
        keys = {"observations", "actions", "rewards", "next_observations", "terminals", "timeouts"}
        data = replay.transitions().to_d4rl()
        self.assertEqual(set(data), keys)
        self.assertEqual({len(values) for values in data.values()}, {len(data["actions"])})

    def test_wrong_requests_are_refused(self):
        _, replay = all_replays()[0]
        for arguments in ((0, 1.0), (1, 1.5), (1, -0.1)):
            with self.assertRaises(ValueError):
                replay.transitions(*arguments)
        with self.assertRaises(ValueError):
            replay.transitions(3, 0.9).to_minari()


if __name__ == "__main__":
    unittest.main()

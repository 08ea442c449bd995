"""Q-values equal those of an independent program; models of other libraries act identically."""

import json
import pathlib
import tempfile
import unittest

from support import GOLDEN, fixtures, golden, is_missing

import check_trace
import numpy as np
import swift_dqn

# Samples with the largest finite numbers as weights, whose sums are infinite in float32.
EXTREME = {"sample-environments", "sample-prioritized", "sample-vector", "sample-workers"}
CONVERTED = [path for path in GOLDEN if path.parent.name == "2.1" and path.stem not in EXTREME]


def observations(policy, count):
    """Made-up observations for a network."""
    random = np.random.default_rng(count)
    shape = (count, *policy.network.input_shape)
    if policy.network.element == "uint8":
        return random.integers(0, 256, shape).astype(np.uint8)
    return random.normal(size=shape).astype(np.float32)


class PolicyTests(unittest.TestCase):
    def test_q_values_equal_those_of_an_independent_reader(self):
        heads, layers = set(), set()
        for path in [*GOLDEN, *(fixtures / "hostile").glob("sound-network*.h5"), fixtures / "zoo" / "pong.h5"]:
            with self.subTest(path.name):
                arrays, _ = check_trace.read_checkpoint(path)
                architecture = check_trace.document(arrays, "architecture")
                policy = swift_dqn.load(path, replay=False).policy
                heads.add(architecture["head"]["type"])
                layers |= {layer["type"] for layer in architecture["layers"]}
                batch = observations(policy, 3)
                expected = np.array([check_trace.action_values(arrays, architecture, one) for one in batch])
                np.testing.assert_allclose(policy.q_values(batch), expected, rtol=1e-6, atol=1e-6)
                np.testing.assert_allclose(policy.q_values(batch[0]), expected[0], rtol=1e-6, atol=1e-6)
                np.testing.assert_allclose(policy.q_values(batch.reshape(3, -1)), expected, rtol=1e-6, atol=1e-6)
        self.assertEqual(heads, {"action_values", "dueling", "actor_critic", "quantiles"})
        self.assertEqual(layers, {"dense", "convolution", "layer_norm", "max_pooling", "average_pooling"})

    def test_actions_and_masks(self):
        policy = swift_dqn.load(fixtures / "zoo" / "pong.h5").policy
        batch = observations(policy, 8)
        values = policy.q_values(batch)
        np.testing.assert_array_equal(policy.actions(batch), values.argmax(axis=1))
        masks = np.ones(values.shape, np.uint8)
        masks[np.arange(8), values.argmax(axis=1)] = 0
        second = np.argsort(values, axis=1)[:, -2]
        np.testing.assert_array_equal(policy.actions(batch, masks), second)
        # A mask of zeros restricts nothing.
        np.testing.assert_array_equal(policy.actions(batch, 0 * masks), values.argmax(axis=1))
        self.assertEqual(policy.action(batch[0]), values[0].argmax())

    def test_actor_critic_networks_have_probabilities_and_values(self):
        policy = swift_dqn.load(golden("1.1/method-a3c")).policy
        batch = observations(policy, 5)
        logits, probabilities = policy.q_values(batch), policy.probabilities(batch)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        np.testing.assert_allclose(np.log(probabilities[:, 0] / probabilities[:, 1]), logits[:, 0] - logits[:, 1])
        self.assertEqual(policy.state_values(batch).shape, (5,))
        with self.assertRaises(ValueError):
            swift_dqn.load(golden("2.1/method-dqn")).policy.probabilities(batch)

    def test_descriptions_keep_the_origin_of_an_imported_policy(self):
        text = swift_dqn.load(golden("2.1/import-stable-baselines3")).policy.description()
        origin = json.loads(text)["origin"]
        self.assertEqual(sorted(origin), ["file_kind", "file_name", "file_sha256"])
        self.assertEqual(origin["file_kind"], "stable-baselines3")
        other = swift_dqn.load(golden("2.1/method-dqn")).policy.description()
        self.assertNotIn("origin", json.loads(other))

    def test_observations_of_another_shape_are_refused(self):
        policy = swift_dqn.load(golden("2.1/method-dqn")).policy
        for wrong in (np.zeros(3), np.zeros((2, 5)), np.zeros((1, 1, 4))):
            with self.assertRaises(ValueError):
                policy.q_values(wrong)
        pixels = swift_dqn.load(fixtures / "zoo" / "pong.h5").policy
        with self.assertRaises(ValueError):
            pixels.q_values(np.full(pixels.network.input_shape, 0.5))
        self.assertEqual(policy.q_values(np.zeros((0, 4))).shape, (0, 2))

    @unittest.skipIf(is_missing("torch", "stable_baselines3"), is_missing("torch", "stable_baselines3"))
    def test_models_of_stable_baselines3_act_identically(self):
        import torch

        for path in [*CONVERTED, golden("1.1/method-a3c"), fixtures / "zoo" / "pong.h5"]:
            with self.subTest(path.name):
                policy = swift_dqn.load(path, replay=False).policy
                batch = observations(policy, 10_000 if len(policy.network.input_shape) == 1 else 100)
                expected = policy.actions(batch)
                model = policy.to_stable_baselines3()
                np.testing.assert_array_equal(model.predict(batch, deterministic=True)[0], expected)
                with tempfile.TemporaryDirectory() as folder:
                    model.save(pathlib.Path(folder) / "model.zip")
                    again = type(model).load(pathlib.Path(folder) / "model.zip")
                np.testing.assert_array_equal(again.predict(batch, deterministic=True)[0], expected)
                values = policy.to_torch()(torch.as_tensor(batch)).detach().numpy()[:, : policy.network.actions]
                np.testing.assert_allclose(values, policy.q_values(batch), rtol=1e-5, atol=1e-5)

    @unittest.skipIf(is_missing("keras"), is_missing("keras"))
    def test_models_of_keras_compute_the_same(self):
        import keras

        for path in [*CONVERTED, golden("1.1/method-a3c"), fixtures / "zoo" / "pong.h5"]:
            with self.subTest(path.name):
                policy = swift_dqn.load(path, replay=False).policy
                batch = observations(policy, 10_000 if len(policy.network.input_shape) == 1 else 100)
                model = policy.to_keras()
                with tempfile.TemporaryDirectory() as folder:
                    model.save(pathlib.Path(folder) / "model.keras")
                    again = keras.models.load_model(pathlib.Path(folder) / "model.keras")
                for candidate in (model, again):
                    outputs = candidate.predict(batch, verbose=0, batch_size=500)
                    values = outputs[0] if isinstance(outputs, list) else outputs
                    np.testing.assert_allclose(values, policy.q_values(batch), rtol=1e-5, atol=1e-5)
                    np.testing.assert_array_equal(values.argmax(axis=1), policy.actions(batch))


if __name__ == "__main__":
    unittest.main()

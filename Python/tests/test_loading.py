"""Every golden file loads; every hostile or damaged file is refused by the number of its rule."""

import hashlib
import pathlib
import signal
import tempfile
import unittest

from support import GOLDEN, HOSTILE, SOUND, golden, rule_of

import check_trace
import numpy as np
import swift_dqn

# libhdf5 crashes, hangs or allocates without end on these structures before any code of Python can look at them.
# The preflight of the programs refuses them; docs/python.md tells readers to use it.
CRASHES_LIBHDF5 = {
    "rule-1-group-names-in-a-circle-at-the-root-2.0",
    "rule-2-attributes-in-records-of-0-bytes-2.0",
    "rule-6-attributes-of-a-dataset-in-records-of-0-bytes-2.0",
    "rule-6-attributes-of-a-group-in-records-of-0-bytes-2.0",
    "rule-6-group-members-in-a-circle-2.0",
    "rule-6-group-members-in-a-tree-without-an-end-2.0",
    "rule-6-group-names-in-a-circle-2.0",
    "rule-6-many-members-in-ways-that-meet-soon-2.0",
    "rule-6-many-members-more-than-counted-2.0",
    "rule-8-chunks-found-in-a-circle-2.0",
    "rule-8-chunks-found-in-a-tree-without-an-end-2.0",
    "rule-8-virtual-of-a-damaged-selection-2.0",
}
# libhdf5 reads past these oddities of headers: the content that it returns equals its digests.
READ_BY_LIBHDF5 = {
    "rule-1-old-superblock-with-another-table-of-the-root-2.0",
    "rule-1-old-superblock-with-trees-of-another-size-2.0",
    "rule-1-superblock-of-an-unfinished-change-2.0",
    "rule-2-attributes-in-a-heap-2.0",
    "rule-2-long-attribute-2.0",
    "rule-8-header-two-pipelines-2.0",
    "rule-8-header-two-spaces-2.0",
    "rule-8-header-two-types-2.0",
}
# Whether a run can continue is for the trainer to judge.
ONLY_FOR_TRAINERS = {29, 30}
# Damage in a header shows where libhdf5 stops, which is not always the part that is damaged.
STRUCTURE = {1, 2, 6, 8}


class LoadingTests(unittest.TestCase):
    def test_every_version_loads(self):
        self.assertGreater(len(GOLDEN), 40)
        for path in GOLDEN + SOUND:
            with self.subTest(path.name):
                checkpoint = swift_dqn.load(path)
                arrays, attributes = check_trace.read_checkpoint(path)
                self.assertEqual(checkpoint.agent_steps, attributes["agent_steps"])
                self.assertEqual(checkpoint.version, attributes["format_version"])
                self.assertEqual(checkpoint.configuration, check_trace.document(arrays, "configuration"))
                self.assertEqual(checkpoint.progress, check_trace.document(arrays, "progress"))
                for name, values in checkpoint.policy.parameters.items():
                    np.testing.assert_array_equal(values, arrays[f"parameters/online/{name}"])
                rows = arrays.get("history/agent_steps", np.zeros(0))
                np.testing.assert_array_equal(checkpoint.history.agent_steps, rows)
                for name, values in checkpoint.history.columns.items():
                    np.testing.assert_array_equal(values, arrays[f"history/columns/{name}"])
                replays = [name for name in arrays if name.endswith("/replay/frames")]
                self.assertEqual(len(checkpoint.replays), len(replays))

    def test_hostile_files_are_refused_by_rule(self):
        self.assertGreater(len(HOSTILE), 200)
        self.assertLessEqual(CRASHES_LIBHDF5 | READ_BY_LIBHDF5, {path.stem for path in HOSTILE})
        for path in HOSTILE:
            rule = rule_of(path)
            if path.stem in CRASHES_LIBHDF5 | READ_BY_LIBHDF5 or rule in ONLY_FOR_TRAINERS:
                continue
            with self.subTest(path.name):
                # A file on which a newer libhdf5 hangs is a failure, not a stuck test.
                signal.alarm(30)
                try:
                    with self.assertRaises(swift_dqn.RefusedFile) as context:
                        swift_dqn.load(path)
                finally:
                    signal.alarm(0)
                allowed = STRUCTURE if rule in (1, 8) else {rule, 8, 9, 15} if rule == 21 else {rule}
                self.assertIn(context.exception.rule, allowed)
                self.assertIn(f"[R{context.exception.rule}]", str(context.exception))
                self.assertEqual(len(str(context.exception).splitlines()), 1)

    def test_sound_files_of_other_layouts_load_without_their_replay(self):
        for path in SOUND:
            self.assertEqual(swift_dqn.load(path, replay=False).replays, ())

    def test_every_changed_byte_of_a_sealed_file_is_refused(self):
        content = golden("2.1/method-dqn").read_bytes()
        for place in [0, 22, 40, 70, 200, 511, *range(512, len(content), len(content) // 40), len(content) - 1]:
            changed = bytearray(content)
            changed[place] ^= 1
            self.assert_refused(changed, {1, 3, 19, 20})

    def test_short_and_long_files_are_refused(self):
        content = golden("2.1/method-dqn").read_bytes()
        for length in (0, 5, 511, 512, 600, len(content) - 1):
            self.assert_refused(content[:length], {1, 19, 20})
        self.assert_refused(content + b"\0", {20})

    def test_changed_arrays_of_older_files_are_refused(self):
        import h5py

        path = golden("1.1/method-dqn")
        content = path.read_bytes()
        with h5py.File(path) as file:
            names = ["manifest", *(name for name in check_trace.walk(file, "") if name != "manifest")]
            places = [(name, file[name].id.get_offset()) for name in names]
        for name, place in places:
            changed = bytearray(content)
            changed[place] ^= 1
            self.assert_refused(changed, {4 if name == "manifest" else 9})

    def test_a_seal_of_another_program_and_version(self):
        body = golden("2.1/method-dqn").read_bytes()[512:]

        def sealed(version):
            digest = hashlib.sha256(body).hexdigest()
            lines = f"swift-dqn checkpoint {version}\nlength {len(body) + 512:020}\nsha256 {digest}\n"
            return lines.encode().ljust(512, b"\0") + body

        self.assert_refused(sealed("3.0"), {3}, "update it")
        self.assert_refused(sealed("2.0"), {19})
        self.assert_refused(sealed("1.1"), {19})
        self.assert_refused(body, {1, 19})

    def test_replays_above_the_limit_are_refused_before_they_are_inflated(self):
        with self.assertRaises(swift_dqn.RefusedFile) as context:
            swift_dqn.load(golden("2.1/method-dqn"), max_replay_bytes=100)
        self.assertEqual(context.exception.rule, 0)
        self.assertIn("max_replay_bytes", str(context.exception))

    def test_what_is_no_regular_file(self):
        with tempfile.TemporaryDirectory() as folder:
            import os

            pipe = pathlib.Path(folder) / "pipe"
            os.mkfifo(pipe)
            with self.assertRaises(swift_dqn.RefusedFile):
                swift_dqn.load(pipe)
            with self.assertRaises(FileNotFoundError):
                swift_dqn.load(pathlib.Path(folder) / "none.h5")

    def test_messages_hold_no_control_characters_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a\x1b[31m.h5"
            path.write_bytes(b"nothing")
            with self.assertRaises(swift_dqn.RefusedFile) as context:
                swift_dqn.load(path)
            self.assertNotIn("\x1b", str(context.exception))

    def assert_refused(self, content, rules, text=""):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "changed.h5"
            path.write_bytes(content)
            with self.assertRaises(swift_dqn.RefusedFile) as context:
                swift_dqn.load(path)
            self.assertIn(context.exception.rule, rules)
            self.assertIn(text, str(context.exception))


if __name__ == "__main__":
    unittest.main()

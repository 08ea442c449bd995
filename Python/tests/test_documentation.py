"""Runs the examples of docs/python.md, each in a process of its own."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import environment_of, golden, is_missing, repository

OPTIONAL = ("gymnasium", "pandas", "stable_baselines3", "keras")


def examples():
    text = (repository / "docs" / "python.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


class DocumentationTests(unittest.TestCase):
    def test_every_example_runs(self):
        blocks = examples()
        self.assertGreaterEqual(len(blocks), 10)
        ran = 0
        for number, block in enumerate(blocks, 1):
            needed = [name for name in OPTIONAL if re.search(rf"^import {name}$", block, re.MULTILINE)]
            reason = is_missing(*needed)
            with self.subTest(example=number):
                if reason:
                    self.skipTest(f"example {number}: {reason}")
                ran += 1
                self.run_example(block)
        self.assertGreaterEqual(ran, 6)

    def run_example(self, block):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(golden("2.1/method-dqn"), pathlib.Path(folder) / "checkpoint.h5")
            shutil.copy(golden("2.1/method-dqn"), pathlib.Path(folder) / "policy.h5")
            result = subprocess.run(
                [sys.executable, "-c", block], cwd=folder, env=environment_of(folder), capture_output=True, text=True,
                timeout=120,
            )
            self.assertEqual(result.returncode, 0, result.stderr)



if __name__ == "__main__":
    unittest.main()

"""Runs the examples in Python of the documents, each in a process of its own."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import environment_of, golden, is_missing, repository

OPTIONAL = ("gymnasium", "onnxruntime", "pandas", "stable_baselines3", "keras", "torch")

PROGRAM = repository / ".build" / "release" / "dqn-checkpoint"
# Files that the program exports.
EXPORTED = re.compile(r"policy\.(npz|onnx|safetensors)")

# What the examples of a page use without defining it.
PAGES = {
    "docs/python.md": "",
    "README.md": "import numpy\nobservations = numpy.zeros((2, 4), numpy.float32)\n",
    "Python/README.md": "import numpy\nobservations = numpy.zeros((2, 4), numpy.float32)\n",
    "docs/format.md": """
import sys, numpy as np
sys.argv = ["example.py", "policy.h5", "[0.1, 0.2, 0.3, 0.4]"]
x, weight, bias, stride = np.ones((2, 7, 7)), np.ones((3, 2, 3, 3)), np.zeros(3), 2
network = {"input_offset": [0.5], "input_scale": [2.0]}
""",
    "docs/interchange.md": "import numpy\nobservations = numpy.zeros((2, 4), numpy.float32)\n"
    "observation = observations[0]\n",
}


def examples(page):
    text = (repository / page).read_text(encoding="utf-8")
    return re.findall(r"^ *```python\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)


class DocumentationTests(unittest.TestCase):
    def test_every_example_runs(self):
        self.assertGreaterEqual(len(examples("docs/python.md")), 10)
        ran = 0
        for page, given in PAGES.items():
            blocks = examples(page)
            self.assertTrue(blocks, page)
            for number, block in enumerate(blocks, 1):
                needed = [name for name in OPTIONAL if re.search(rf"^import {name}$", block, re.MULTILINE)]
                # The module that an export writes.
                if "from policy import" in block:
                    needed.append("torch")
                reason = is_missing(*needed)
                if EXPORTED.search(block) and not PROGRAM.exists():
                    reason = "dqn-checkpoint is not built"
                with self.subTest(page=page, example=number):
                    # What cannot run here is at least valid.
                    compile(block, page, "exec")
                    if reason:
                        self.skipTest(f"{page}, example {number}: {reason}")
                    ran += 1
                    self.run_example(given + block)
        self.assertGreaterEqual(ran, 11)

    def run_example(self, code):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("checkpoint.h5", "policy.h5", "step-000000050000.h5"):
                shutil.copy(golden("2.1/method-dqn"), pathlib.Path(folder) / name)
            if EXPORTED.search(code):
                self.export(folder)
            result = subprocess.run(
                [sys.executable, "-c", code], cwd=folder, env=environment_of(folder), capture_output=True, text=True,
                timeout=120,
            )
            self.assertEqual(result.returncode, 0, result.stderr)

    def export(self, folder):
        """Writes the files of docs/interchange.md beside the checkpoint."""
        for arguments in (["policy.npz"], ["policy.onnx"], ["policy.safetensors", "--pytorch-module"]):
            subprocess.run(
                [PROGRAM, "export", "policy.h5", *arguments], cwd=folder, check=True, capture_output=True, timeout=120
            )


if __name__ == "__main__":
    unittest.main()

"""The best rate of a matrix product of 1024³ in single precision that PyTorch reaches; NumPy's with --numpy.

Prints floating-point operations a second as JSON. NumPy's library takes its threads from OPENBLAS_NUM_THREADS and the
like, which must be there before it is loaded.
"""

import argparse
import json
import os
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=2)
parser.add_argument("--numpy", action="store_true")
arguments = parser.parse_args()

SIZE = 1024
for name in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{name}_NUM_THREADS"] = str(arguments.threads)
import numpy as np  # noqa: E402

left, right = (np.random.default_rng(seed).random((SIZE, SIZE), dtype=np.float32) for seed in (1, 2))
product = np.empty_like(left)
if arguments.numpy:
    def multiply():
        np.matmul(left, right, out=product)
else:
    import torch

    torch.set_num_threads(arguments.threads)
    left, right, product = (torch.from_numpy(array) for array in (left, right, product))

    def multiply():
        torch.mm(left, right, out=product)

multiply()
least = float("inf")
until = time.perf_counter() + arguments.seconds
while time.perf_counter() < until:
    began = time.perf_counter()
    multiply()
    least = min(least, time.perf_counter() - began)
print(json.dumps({"operations_per_second": 2 * SIZE**3 / least}))

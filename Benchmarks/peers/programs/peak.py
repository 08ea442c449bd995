"""Measures the best rate of each library for a matrix product of 1024³ in single precision.

Prints floating-point operations per second as JSON: `numpy`, `torch`, `onnxruntime`, `jax`, and `onednn` where the system's
oneDNN is found. They differ, since not every library uses the widest vectors of every processor.
"""

import argparse
import ctypes
import ctypes.util
import json
import os
import time

import libraries

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=2)
arguments = parser.parse_args()

libraries.limit_threads(arguments.threads)
# NumPy's library reads these variables when it is loaded.
for name in ("OPENBLAS", "OMP", "MKL"):
    os.environ[f"{name}_NUM_THREADS"] = str(arguments.threads)
import jax  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import torch  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

SIZE = 1024
torch.set_num_threads(arguments.threads)
left, right = (np.random.default_rng(seed).random((SIZE, SIZE), dtype=np.float32) for seed in (1, 2))
product = np.empty_like(left)
tensors = [torch.from_numpy(array) for array in (left, right, product)]


def runtime_session():
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [SIZE, SIZE]) for name in ("left", "right")]
    output = helper.make_tensor_value_info("product", TensorProto.FLOAT, [SIZE, SIZE])
    graph = helper.make_graph([helper.make_node("MatMul", ["left", "right"], ["product"])], "peak", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    # Threads that wait for work must not occupy the processor while other libraries run.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def system_product():
    """A function that multiplies with the oneDNN that this package uses, or nothing where it is not found."""
    path = ctypes.util.find_library("dnnl")
    if path is None:
        return {}
    multiply = ctypes.CDLL(path).dnnl_sgemm
    size, none = ctypes.c_int64(SIZE), ctypes.c_char(b"N")
    arrays = [ctypes.c_void_p(array.ctypes.data) for array in (left, right, product)]
    one, zero = ctypes.c_float(1), ctypes.c_float(0)

    def run():
        if multiply(none, none, size, size, size, one, arrays[0], size, arrays[1], size, zero, arrays[2], size) != 0:
            raise RuntimeError("oneDNN refuses the product")

    return {"onednn": run}


session = runtime_session()
multiply_in_jax, (left_in_jax, right_in_jax) = jax.jit(lambda a, b: a @ b), map(jax.numpy.asarray, (left, right))
ways = {
    "numpy": lambda: np.matmul(left, right, out=product),
    "torch": lambda: torch.mm(tensors[0], tensors[1], out=tensors[2]),
    "onnxruntime": lambda: session.run(None, {"left": left, "right": right}),
    "jax": lambda: multiply_in_jax(left_in_jax, right_in_jax).block_until_ready(),
    **system_product(),
}


def rate(multiply):
    multiply()
    least = float("inf")
    until = time.perf_counter() + arguments.seconds / len(ways)
    while time.perf_counter() < until:
        began = time.perf_counter()
        multiply()
        least = min(least, time.perf_counter() - began)
    return 2 * SIZE**3 / least


print(json.dumps({name: rate(way) for name, way in ways.items()}))

"""The instruction sets of a comparison: both sides as they are, or both limited to AVX2 by each library's switch."""

import json
import os
import pathlib
import re
import subprocess
import sys

# The switch of every library of either side. ONNX Runtime's kernels have none: they always use the processor's own set.
LIMITS = {
    "DQN_MAX_CPU_ISA": "avx2",  # this package: its kernels and its oneDNN
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # oneDNN, this package's and PyTorch's
    "DNNL_MAX_CPU_ISA": "AVX2",  # the same in older versions
    "ATEN_CPU_CAPABILITY": "avx2",  # PyTorch's own kernels, and those that torch.compile writes
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # PyTorch's matrix products
    "OPENBLAS_CORETYPE": "Haswell",  # NumPy's matrix products
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",  # JAX
}
# Settings of OpenBLAS that make NumPy's products slower than it chooses by itself.
DISTURBING = ["OPENBLAS_L2_SIZE"]


def own_set():
    """The widest vectors of this processor."""
    flags = pathlib.Path("/proc/cpuinfo")
    text = flags.read_text() if flags.exists() else ""
    return next((name for flag, name in [("avx512f", "AVX-512"), ("avx2", "AVX2")] if re.search(rf"\b{flag}\b", text)),
                "narrower than AVX2")


def environment(is_limited):
    """The variables of both sides' processes."""
    kept = {name: value for name, value in os.environ.items() if name not in {*LIMITS, *DISTURBING}}
    return {**kept, **LIMITS} if is_limited else kept


def said_by(code, variables, pattern):
    """What a library reports of itself in a process of Python, by a pattern with one group."""
    result = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
    found = re.search(pattern, result.stdout + result.stderr)
    return found.group(1).strip() if found else "not reported"


def in_force(bench):
    """The instruction set that each library of both sides reports in this column. `update` adds the rates of their
    matrix products, which show the same for libraries that report nothing."""
    variables = bench.environment
    _, run = bench.train("--steps", 1, "--save-every", 0, environment="CartPole-v1", folder="isa")
    convolution = "import torch; torch.nn.Conv2d(16, 16, 3)(torch.zeros(8, 16, 64, 64))"
    product = "import torch; torch.ones(64, 64) @ torch.ones(64, 64)"
    inductor = "from torch._inductor.cpu_vec_isa import pick_vec_isa as pick; print('set', pick())"
    multiply = "import jax.numpy as n, jax; jax.jit(lambda x: n.exp(x) @ x)(n.ones((256, 256))).block_until_ready()"
    dump = bench.scratch / "xla"
    xla = f"{variables.get('XLA_FLAGS', '')} --xla_dump_to={dump}"
    said_by(multiply, {**variables, "XLA_FLAGS": xla}, "()")
    # Feature lists of the code that XLA wrote.
    code = "".join(path.read_text(errors="ignore") for path in dump.rglob("*") if path.is_file())
    features = re.search(r"[+-]avx512f\b", code)
    capability = "import torch; print('set', torch.backends.cpu.get_cpu_capability())"
    return {
        "swift-dqn": json.loads((run / "config.json").read_text()).get("compute"),
        "PyTorch": said_by(capability, variables, r"set (.*)"),
        "PyTorch's oneDNN": said_by(convolution, {**variables, "ONEDNN_VERBOSE": "1"}, r"info,cpu,isa:(.*)"),
        "PyTorch's MKL": said_by(product, {**variables, "MKL_VERBOSE": "1"}, r" for (.*?), (?:Lnx|Win|OSX)"),
        "torch.compile": said_by(inductor, variables, r"set (.*)"),
        "NumPy's OpenBLAS": said_by("import numpy", {**variables, "OPENBLAS_VERBOSE": "2"}, r"Core: (.*)"),
        "JAX": features.group(0) if features else "not reported",
        "ONNX Runtime": f"{own_set()} (it has no switch)",
    }

"""Whole gradient updates against PyTorch's, and both against what a large matrix product reaches in the same run."""

from common import Row, duration
from networks import update_operations

PIXELS, VECTOR, ACTIONS = (4, 84, 84), (4,), 6
# Network, input, batch, threads, Double, goal.
CASES = [
    ("nature-cnn", PIXELS, 32, 1, False, 1.75),
    ("nature-cnn", PIXELS, 32, 1, True, 1.75),
    ("nature-cnn", PIXELS, 32, 2, False, 1.5),
    ("nature-cnn", PIXELS, 32, 2, True, 1.5),
    ("nips-cnn", PIXELS, 5, 1, False, None),
    ("nips-cnn", PIXELS, 20, 1, False, None),
    ("mlp:64,64", VECTOR, 64, 1, False, None),
    ("mlp:256,256", VECTOR, 64, 1, False, None),
]


def name_of(network, batch, threads, double):
    return f"update.{network}.{batch}.{threads}{'.double' if double else ''}"


def measure(bench, index):
    for threads in (1, 2):
        # A peak is the most that was ever seen: a short look in each round is enough.
        for options in ([], ["--numpy"]):
            _, found = bench.python("peak", "--threads", threads, "--seconds", bench.seconds, *options)
            bench.add(f"update.peak.{threads}", found["operations_per_second"])
    for network, shape, batch, threads, double, _ in CASES:
        options = ["--network", network, "--input", ",".join(map(str, shape)), "--actions", ACTIONS, "--batch", batch,
                   "--threads", threads, "--seconds", bench.seconds, *(["--double"] if double else [])]
        name = name_of(network, batch, threads, double)
        bench.add(f"{name}.ours", bench.ours("compute-bench", "update", *options)["median"])
        _, found = bench.python("update", *options)
        bench.add(f"{name}.adam", found["adam"])
        bench.add(f"{name}.fused", found["fused"])


def rows(bench):
    for network, shape, batch, threads, double, goal in CASES:
        name = name_of(network, batch, threads, double)
        ours, adam, fused = (bench.median(f"{name}.{kind}") for kind in ("ours", "adam", "fused"))
        rate = update_operations(network, shape, ACTIONS, batch, double) / ours
        peak = max(bench.figures[f"update.peak.{threads}"])
        yield Row(
            f"update of {network}{', Double' if double else ''}, batch {batch}, {threads} thread{'s' * (threads > 1)}; "
            "PyTorch's Adam / fused Adam",
            f"{duration(ours)} ({rate / 1e9:.1f} GF/s, {rate / peak:.0%} of sgemm's {peak / 1e9:.1f})",
            f"{duration(adam)} / {duration(fused)}", min(adam, fused) / ours, goal)

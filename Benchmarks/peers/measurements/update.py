"""Complete gradient updates against eager PyTorch, and their rate as a share of the rate of large matrix products in
several libraries, measured in the same run."""

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
        # A peak is the largest rate of all rounds, so a short measurement in each is enough.
        _, found = bench.python("peak", "--threads", threads, "--seconds", bench.seconds)
        for library, rate in found.items():
            bench.add(f"update.peak.{threads}.{library}", rate)
    for network, shape, batch, threads, double, _ in CASES:
        options = ["--network", network, "--input", ",".join(map(str, shape)), "--actions", ACTIONS, "--batch", batch,
                   "--threads", threads, "--seconds", bench.seconds, *(["--double"] if double else [])]
        name = name_of(network, batch, threads, double)
        bench.add(f"{name}.ours", bench.ours("compute-bench", "update", *options)["median"])
        _, found = bench.python("update", *options)
        for kind, seconds in found.items():
            bench.add(f"{name}.{kind}", seconds)


def rows(bench):
    for network, shape, batch, threads, double, goal in CASES:
        name = name_of(network, batch, threads, double)
        ours, adam, fused = (bench.median(f"{name}.{kind}") for kind in ("ours", "adam", "fused"))
        rate = update_operations(network, shape, ACTIONS, batch, double) / ours
        # Libraries differ twofold if only some use the widest vectors, so each share is given beside its own peak.
        peaks = {library: max(bench.figures[f"update.peak.{threads}.{library}"])
                 for library in ("numpy", "torch", "onnxruntime")}
        shares = ", ".join(f"{rate / peak:.0%} of {library}'s {peak / 1e9:.0f}" for library, peak in peaks.items())
        what = (f"update of {network}{', Double' if double else ''}, batch {batch}, {threads} "
                f"thread{'s' * (threads > 1)}; PyTorch's")
        yield Row(f"{what} Adam / fused Adam", f"{duration(ours)} ({rate / 1e9:.0f} GF/s; sgemm: {shares})",
                  f"{duration(adam)} / {duration(fused)}", min(adam, fused) / ours, goal)
        if bench.has(f"{name}.channels_last"):
            # A program must request this variant, so the goal does not refer to it.
            peer = bench.median(f"{name}.channels_last")
            yield Row(f"{what} fused Adam, channels last", duration(ours), duration(peer), peer / ours)

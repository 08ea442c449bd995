"""Complete gradient updates against PyTorch, eager and compiled, and their rate as a share of the rate of large matrix
products in several libraries, measured in the same run."""

from common import Row, duration
from networks import update_operations

PIXELS, VECTOR, ACTIONS = (4, 84, 84), (4,), 6
# Network, input, batch, threads, Double, and the goals against PyTorch's default layout, its better layout, and the
# best of everything, torch.compile included.
CASES = [
    ("nature-cnn", PIXELS, 32, 1, False, 1.75, 1.4, None),
    ("nature-cnn", PIXELS, 32, 1, True, 1.75, 1.4, None),
    ("nature-cnn", PIXELS, 32, 2, False, 1.75, 1.4, None),
    ("nature-cnn", PIXELS, 32, 2, True, 1.75, 1.4, None),
    ("nips-cnn", PIXELS, 5, 1, False, None, None, 2.5),
    ("nips-cnn", PIXELS, 20, 1, False, None, None, 2),
    ("mlp:64,64", VECTOR, 64, 1, False, None, None, None),
    ("mlp:256,256", VECTOR, 64, 1, False, None, None, None),
    ("mlp:256,256", VECTOR, 64, 2, False, None, None, None),
]
# The networks for which --quick tries torch.compile, which takes half a minute for each.
QUICKLY_COMPILED = ["mlp:64,64"]
# The share of the fastest matrix product among these that the Nature CNN must reach on one thread.
PRODUCTS, SHARE = ("numpy", "torch", "onednn"), 0.8
TITLES = {"adam": "Adam", "fused": "fused Adam", "channels_last": "channels last", "compiled": "compiled",
          "compiled_channels_last": "compiled, channels last"}


def name_of(network, batch, threads, double):
    return f"update.{network}.{batch}.{threads}{'.double' if double else ''}"


def measure(bench, index):
    for threads in (1, 2):
        # A peak is the largest rate of all rounds, so a short measurement in each is enough.
        _, found = bench.python("peak", "--threads", threads, "--seconds", bench.seconds)
        for library, rate in found.items():
            bench.add(f"update.peak.{threads}.{library}", rate)
    for network, shape, batch, threads, double, *_ in CASES:
        options = ["--network", network, "--input", ",".join(map(str, shape)), "--actions", ACTIONS, "--batch", batch,
                   "--threads", threads, "--seconds", bench.seconds, *(["--double"] if double else [])]
        name = name_of(network, batch, threads, double)
        bench.add(f"{name}.ours", bench.ours("compute-bench", "update", *options)["median"])
        is_compiled = not bench.is_quick or network in QUICKLY_COMPILED
        _, found = bench.python("update", *options, *(["--compile"] if is_compiled else []))
        if reason := found.pop("compiled_failed", None):
            bench.remark(f"torch.compile does not run here: {reason}")
        for kind, seconds in found.items():
            bench.add(f"{name}.{kind}", seconds)


def peaks_of(bench, threads):
    """The best rate of each library that was measured."""
    libraries = [library for library in (*PRODUCTS, "jax", "onnxruntime") if bench.has(f"update.peak.{threads}.{library}")]
    return {library: max(bench.figures[f"update.peak.{threads}.{library}"]) for library in libraries}


def rows(bench):
    for network, shape, batch, threads, double, default_goal, layout_goal, best_goal in CASES:
        name = name_of(network, batch, threads, double)
        ours, adam, fused = (bench.median(f"{name}.{kind}") for kind in ("ours", "adam", "fused"))
        rate = update_operations(network, shape, ACTIONS, batch, double) / ours
        what = (f"update of {network}{', Double' if double else ''}, batch {batch}, {threads} "
                f"thread{'s' * (threads > 1)}")
        yield Row(f"{what}; PyTorch's Adam / fused Adam", duration(ours), f"{duration(adam)} / {duration(fused)}",
                  min(adam, fused) / ours, default_goal)

        def against(title, kinds, goal):
            measured = [f"{name}.{kind}" for kind in kinds if bench.has(f"{name}.{kind}")]
            if measured:
                fastest = bench.fastest(measured)
                peer = bench.median(fastest)
                yield Row(f"{what}; {title}", duration(ours), f"{duration(peer)} ({TITLES[fastest[len(name) + 1:]]})",
                          peer / ours, goal)

        if bench.has(f"{name}.channels_last"):
            yield from against("PyTorch's fused Adam, better layout", ["adam", "fused", "channels_last"], layout_goal)
        yield from against("torch.compile, better layout", ["compiled", "compiled_channels_last"], None)
        if best_goal:
            yield from against("PyTorch's best", TITLES, best_goal)

        # Libraries differ twofold if only some use the widest vectors, so each rate is given.
        peaks = peaks_of(bench, threads)
        fastest = max(peaks[library] for library in PRODUCTS if library in peaks)
        rates = ", ".join(f"{library} {peak / 1e9:.0f}{bench.unlimited if library == 'onnxruntime' else ''}"
                          for library, peak in peaks.items())
        goal = SHARE if network == "nature-cnn" and threads == 1 else None
        yield Row(f"{what}; fastest sgemm of NumPy, PyTorch and oneDNN", f"{rate / 1e9:.0f} GF/s", f"GF/s: {rates}",
                  rate / fastest, goal, "of it")

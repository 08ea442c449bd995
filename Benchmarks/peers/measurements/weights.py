"""Saving and loading the Nature CNN's policy, durably and verified, against safetensors and torch; h5py as a
reference."""

from common import Row, duration

# Kind, peer, the largest allowed ratio of our time to the peer's.
KINDS = [
    ("save", "durable save", "safetensors + fsync + 2 × SHA-256", 1.2),
    ("load", "verified load", "torch.load + SHA-256", 2),
]
# The median of a few saves varies with the disk.
ROUNDS = 5


def measure(bench, index):
    options = ["--directory", bench.scratch, "--rounds", bench.either(ROUNDS, 2)]
    ours = bench.ours("checkpoint-bench", *options)
    _, peers = bench.python("weights", *options)
    for kind, *_ in KINDS:
        for name, values in [("ours", ours[f"{kind}_seconds"]), ("peer", peers[f"{kind}_seconds"]),
                             ("h5py", peers[f"h5py_{kind}_seconds"])]:
            for value in values:
                bench.add(f"weights.{name}.{kind}", value)


def rows(bench):
    for kind, what, peer, goal in KINDS:
        ours, other, reference = (bench.median(f"weights.{who}.{kind}") for who in ("ours", "peer", "h5py"))
        yield Row(f"Nature CNN: {what}; {peer}", duration(ours), duration(other), ours / other, goal, "as long")
        extra = " and fsync" if kind == "save" else ""
        yield Row(f"Nature CNN: {what}; h5py{extra}, no digest", duration(ours), duration(reference),
                  ours / reference, None, "as long")

"""50,000 steps of CartPole with the Zoo's settings, against Stable-Baselines3 and SBX (JAX), all with the
better of 1 and 2 threads."""

from common import Row

STEPS = 50_000
# Updates of 64 observations in that many steps, and weights: a forward pass of both networks, and a backward pass that
# counts as two forward passes.
UPDATES, BATCH, WEIGHTS = 24_500, 64, 67_072
THREADS = (1, 2)
LIBRARIES = {"sb3": "Stable-Baselines3", "sbx": "SBX"}
# Library, figure, its name, goal.
CASES = [
    ("sb3", "process", "whole process", 9),
    ("sb3", "learn", "learn() alone", None),
    ("sbx", "process", "whole process", 4),
    ("sbx", "learn", "learn() alone", None),
]


def measure(bench, index):
    steps = bench.either(STEPS, 5000)
    for threads in THREADS:
        seconds, _ = bench.train("--preset", "zoo", "--steps", steps, "--schedule-steps", STEPS, "--seed", index,
                                 "--set", f"compute_threads={threads}", environment="CartPole-v1")
        bench.add(f"zoo.ours.{threads}", seconds)
        for library in LIBRARIES:
            seconds, found = bench.python("zoo", "--library", library, "--seed", index, "--steps", steps,
                                          "--threads", threads)
            bench.add(f"zoo.{library}.process.{threads}", seconds)
            bench.add(f"zoo.{library}.learn.{threads}", found["learn_seconds"])


def rows(bench):
    def best(who):
        name = bench.fastest([f"zoo.{who}.{threads}" for threads in THREADS])
        threads = int(name[-1])
        return bench.median(name), f"{threads} thread{'s' * (threads > 1)}"

    ours, threads = best("ours")
    rate = "" if bench.is_quick else f"{UPDATES * BATCH * 4 * 2 * WEIGHTS / ours / 1e9:.0f} GF/s, "
    for library, figure, what, goal in CASES:
        peer, peer_threads = best(f"{library}.{figure}")
        yield Row(f"CartPole, Zoo's settings; {LIBRARIES[library]}'s {what}", f"{ours:.2f} s ({rate}{threads})",
                  f"{peer:.2f} s ({peer_threads})", peer / ours, goal)

"""50,000 steps of CartPole with the Zoo's settings, against Stable-Baselines3, both with the better of 1 and 2
threads."""

from common import Row

STEPS = 50_000
# Updates of 64 observations in that many steps, and weights: a forward pass of both networks, and a backward pass that
# counts as two forward passes.
UPDATES, BATCH, WEIGHTS = 24_500, 64, 67_072
THREADS = (1, 2)


def measure(bench, index):
    steps = bench.either(STEPS, 5000)
    for threads in THREADS:
        seconds, _ = bench.train("--preset", "zoo", "--steps", steps, "--schedule-steps", STEPS, "--seed", index,
                                 "--set", f"compute_threads={threads}", environment="CartPole-v1")
        bench.add(f"zoo.ours.{threads}", seconds)
        seconds, found = bench.python("zoo", "--seed", index, "--steps", steps, "--threads", threads)
        bench.add(f"zoo.process.{threads}", seconds)
        bench.add(f"zoo.learn.{threads}", found["learn_seconds"])


def rows(bench):
    def best(who):
        name = bench.fastest([f"zoo.{who}.{threads}" for threads in THREADS])
        threads = int(name[-1])
        return bench.median(name), f"{threads} thread{'s' * (threads > 1)}"

    ours, threads = best("ours")
    rate = "" if bench.is_quick else f"{UPDATES * BATCH * 4 * 2 * WEIGHTS / ours / 1e9:.0f} GF/s, "
    for who, what, goal in [("process", "whole process", 9), ("learn", "learn() alone", None)]:
        peer, peer_threads = best(who)
        yield Row(f"CartPole, Zoo's settings; Stable-Baselines3's {what}", f"{ours:.2f} s ({rate}{threads})",
                  f"{peer:.2f} s ({peer_threads})", peer / ours, goal)

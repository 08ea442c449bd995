"""CartPole steps against Gymnasium's, with the same actions, including resets; Pong's agent step against ALE's own
vector environment and EnvPool, each with its own preprocessing."""

import concurrent.futures
import os
import sys

from common import Row

WRAPPERS = "no-op-start:30 action-repeat:4,max atari-pixels:84 time-limit:27000 fire-on-reset reward-clip"
PONG = ["environment", "--id", "gym:PongNoFrameskip-v4?obs_type=grayscale", "--wrappers", WRAPPERS,
        "--python", sys.executable, "--steps", 50]
PEERS = {"ale": "ALE's vector environment", "envpool": "EnvPool"}


def measure(bench, index):
    found = bench.ours("compute-bench", "environment", "--id", "CartPole-v1", "--seconds", bench.seconds)
    bench.add("environment.ours", found["steps_per_second"])
    _, found = bench.python("environment", "--seconds", bench.seconds)
    for kind in ("made", "unchecked"):
        bench.add(f"environment.gymnasium.{kind}", found[kind])
    measure_pong(bench)


def measure_pong(bench):
    def step():
        return bench.ours("compute-bench", *PONG, "--seconds", bench.seconds)["steps_per_second"]

    bench.add("pong.one", step())
    # As workers have them: one environment a core.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        bench.add("pong.many", sum(pool.map(lambda _: step(), range(os.cpu_count()))))
    _, found = bench.python("pong", "--seconds", bench.seconds)
    for peer, rates in found.items():
        if "failed" in rates:
            bench.remark(f"{PEERS[peer]} does not run here: {rates['failed']}")
            continue
        for kind, rate in rates.items():
            bench.add(f"pong.{peer}.{kind}", rate)


def rows(bench):
    ours, made, unchecked = (
        bench.median(f"environment.{name}") for name in ("ours", "gymnasium.made", "gymnasium.unchecked"))
    yield Row("steps of CartPole a second; Gymnasium's make / without its checking wrapper", f"{ours:,.0f}",
              f"{made:,.0f} / {unchecked:,.0f}", ours / max(made, unchecked), 50)
    for kind, what in [("one", "one environment, 1 thread"), ("many", "all cores; peers with 4 or 8 environments")]:
        for peer, title in PEERS.items():
            if bench.has(f"pong.{peer}.{kind}"):
                ours, other = bench.median(f"pong.{kind}"), bench.median(f"pong.{peer}.{kind}")
                yield Row(f"agent steps of Pong a second, {what}; {title}", f"{ours:,.0f}", f"{other:,.0f}",
                          ours / other)

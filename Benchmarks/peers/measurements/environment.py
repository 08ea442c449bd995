"""CartPole steps against Gymnasium's, with the same actions, including resets."""

from common import Row


def measure(bench, index):
    found = bench.ours("compute-bench", "environment", "--id", "CartPole-v1", "--seconds", bench.seconds)
    bench.add("environment.ours", found["steps_per_second"])
    _, found = bench.python("environment", "--seconds", bench.seconds)
    for kind in ("made", "unchecked"):
        bench.add(f"environment.gymnasium.{kind}", found[kind])


def rows(bench):
    ours, made, unchecked = (
        bench.median(f"environment.{name}") for name in ("ours", "gymnasium.made", "gymnasium.unchecked"))
    yield Row("steps of CartPole a second; Gymnasium's make / without its checking wrapper", f"{ours:,.0f}",
              f"{made:,.0f} / {unchecked:,.0f}", ours / max(made, unchecked), 50)

"""CartPole steps per second with CleanRL's settings: against our lean loop in its manner, and against one with what the
real program has around it, which the goal is set on."""

from common import Row

# All of them: exploration shapes the cost of a step, early ones are cheap.
STEPS = 500_000


def measure(bench, index):
    steps = bench.either(STEPS, 20_000)
    seconds, _ = bench.train("--preset", "cleanrl", "--steps", steps, "--seed", index, environment="CartPole-v1")
    bench.add("cleanrl.ours", steps / seconds)
    for kind, options in [("lean", []), ("as_built", ["--as-built"])]:
        _, found = bench.python("cleanrl", "--seed", index, "--steps", steps, *options)
        bench.add(f"cleanrl.{kind}", found["steps_per_second"])


def rows(bench):
    ours = bench.median("cleanrl.ours")
    for kind, what, goal in [("as_built", "as built: Stable-Baselines3's replay, infos, TensorBoard", 20),
                             ("lean", "lean", None)]:
        peer = bench.median(f"cleanrl.{kind}")
        yield Row(f"CartPole, CleanRL's settings, steps a second; {what}", f"{ours:,.0f}", f"{peer:,.0f}", ours / peer,
                  goal)

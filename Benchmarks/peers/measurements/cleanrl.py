"""CartPole steps per second with CleanRL's settings: against a lean loop in its style, and against one with the real
program's surroundings, which the goal refers to, each in PyTorch and in JAX. All use the better of 1 and 2 threads."""

from common import Row

# All steps: exploration changes the cost of a step, and early steps are cheap.
STEPS = 500_000
THREADS = (1, 2)
KINDS = [("lean", []), ("as_built", ["--as-built"]), ("jax_lean", ["--jax"]), ("jax_as_built", ["--jax", "--as-built"])]


def measure(bench, index):
    steps = bench.either(STEPS, 20_000)
    for threads in THREADS:
        seconds, _ = bench.train("--preset", "cleanrl", "--steps", steps, "--seed", index, "--set",
                                 f"compute_threads={threads}", environment="CartPole-v1")
        bench.add(f"cleanrl.ours.{threads}", seconds / steps)
        for kind, options in KINDS:
            _, found = bench.python("cleanrl", "--seed", index, "--steps", steps, "--threads", threads, *options)
            bench.add(f"cleanrl.{kind}.{threads}", 1 / found["steps_per_second"])


def rows(bench):
    def best(who):
        name = bench.fastest([f"cleanrl.{who}.{threads}" for threads in THREADS])
        return bench.median(name), f"{1 / bench.median(name):,.0f} ({name[-1]} thread{'s' * (name[-1] != '1')})"

    ours, rate = best("ours")
    for kind, what, goal in [("as_built", "as built: Stable-Baselines3's replay, infos, TensorBoard", 20),
                             ("lean", "lean", None),
                             ("jax_as_built", "JAX, as built", None), ("jax_lean", "JAX, lean", None)]:
        peer, peer_rate = best(kind)
        yield Row(f"CartPole, CleanRL's settings, steps a second; {what}", rate, peer_rate, peer / ours, goal)

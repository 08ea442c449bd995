"""Training on 84×84×4 pixels against Stable-Baselines3 and SBX: Catch, whose steps cost almost nothing, and Atari's
Pong, where both sides use their own preprocessing around the same emulator.

Nature CNN, mini-batches of 32, an update every four agent steps, a replay of 5,000. One action in twenty is random from
the start, so that nearly every step needs a forward pass. The time starts once learning starts.
"""

import csv
import sys

from common import Row

SETTINGS = {
    "network": "nature-cnn", "batch_size": 32, "train_interval": 4, "gradient_steps": 1, "optimizer": "adam",
    "learning_rate": 1e-4, "loss": "huber", "max_gradient_norm": 10, "double": "false", "prioritized": "false",
    "replay_capacity": 5000, "discount": 0.99, "target_interval": 1000, "epsilon_start": 0.05, "epsilon_final": 0.05,
    "epsilon_assignment": "fixed",
}
# Name, method, workers, compute threads.
CASES = [
    ("dqn, 1 thread", "dqn", 1, 1),
    ("dqn, 2 threads", "dqn", 1, 2),
    ("async-dqn, 2 workers", "async-dqn", 2, 1),
]
PONG = "PongNoFrameskip-v4"
# Name, our environment and options, the peer's options, the goals of `dqn` and of `async-dqn` in multiples of
# Stable-Baselines3's speed.
GAMES = [
    ("Catch on pixels", "Catch84-v0", [], [], 4, 4),
    ("Pong", f"gym:{PONG}", ["--preset", "atari", "--python", sys.executable], ["--game", PONG], 4, 5),
]
THREADS = (1, 2)
LIBRARIES = {"sb3": "Stable-Baselines3", "sbx": "SBX"}


def steps_per_second(run, learning_starts):
    """The rate from the second row of metrics.csv after the start of learning to the last."""
    rows = list(csv.DictReader(open(run / "metrics.csv")))
    taken = [(int(row["time/total_timesteps"]), float(row["time/time_elapsed"])) for row in rows]
    taken = [row for row in taken if row[0] > learning_starts][1:]
    return (taken[-1][0] - taken[0][0]) / (taken[-1][1] - taken[0][1])


def measure(bench, index):
    starts = bench.either(1000, 200)
    for game, environment, ours, peer, *_ in GAMES:
        for name, method, workers, threads in CASES:
            steps = (starts + bench.either(3000, 400)) * workers
            settings = {**SETTINGS, "learning_starts": starts, "compute_threads": threads, "log_interval": steps // 20}
            options = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
            _, run = bench.train(*ours, "--method", method, "--workers", workers, "--steps", steps, "--save-every", 0,
                                 "--seed", index, *options, environment=environment)
            bench.add(f"{game}.{name}", steps_per_second(run, starts * workers))
        for threads in THREADS:
            for library in LIBRARIES:
                # A step of SBX takes a third of a second: XLA's convolutions are slow on processors.
                more = bench.either(1000, 150) if library == "sb3" else bench.either(150, 70)
                _, found = bench.python("pixels", *peer, "--library", library, "--seed", index, "--threads", threads,
                                        "--learning-starts", starts, "--steps", starts + more)
                bench.add(f"{game}.{library}.{threads}", found["steps_per_second"])


def rows(bench):
    for game, *_, wanted, wanted_of_workers in GAMES:
        best = max((name for name, method, *_ in CASES if method == "dqn"),
                   key=lambda name: bench.median(f"{game}.{name}"))
        for library, title in LIBRARIES.items():
            threads = max(THREADS, key=lambda threads: bench.median(f"{game}.{library}.{threads}"))
            peer = bench.median(f"{game}.{library}.{threads}")
            for name, method, *_ in CASES:
                ours = bench.median(f"{game}.{name}")
                # Both sides with their better number of threads.
                goal = wanted_of_workers if method != "dqn" else wanted if name == best else None
                yield Row(f"{game}, Nature CNN, agent steps a second, {name}; {title}, best of 1 and 2 threads",
                          f"{ours:,.0f}", f"{peer:,.0f} ({threads} thread{'s' * (threads > 1)})", ours / peer,
                          goal if library == "sb3" else None)

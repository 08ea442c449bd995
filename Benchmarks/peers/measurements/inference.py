"""One observation through a policy, on one thread, against ONNX Runtime and PyTorch, which read our checkpoint.

Networks are newly initialised and observations are made up, except for the last case, a policy trained on Catch: real
activations have more zeros. All three must return the same action values.
"""

import json
import random
import struct
import sys

from common import Row, duration

# Name, environment, network, goal against ONNX Runtime (as long), goal against PyTorch (faster).
CASES = [
    ("nature-cnn", "Catch84-v0", "nature-cnn", 0.7, None),
    ("nature-cnn, trained, on a frame of Catch", "Catch84-v0", "nature-cnn", 0.7, None),
    ("nips-cnn", "Catch84-v0", "nips-cnn", 0.7, None),
    ("mlp:64,64", "CartPole-v1", "mlp:64,64", 0.2, 20),
    ("mlp:256,256", "CartPole-v1", "mlp:256,256", None, None),
]
# Tolerances of action values: absolute, and relative to the largest, since a new network's values are small.
TOLERANCE, SHARE = 1e-3, 0.01


def made_up_observation(environment):
    numbers = random.Random(1)
    if environment == "CartPole-v1":
        return struct.pack("<4f", *(numbers.uniform(-1, 1) for _ in range(4)))
    return numbers.randbytes(4 * 84 * 84)


def played_observation(bench, run):
    """The observation of a policy in the middle of its second episode."""
    trace = bench.scratch / "trace.jsonl"
    bench.timed(
        [bench.binaries / "dqn-play", run, "--episodes", 2, "--seed", 1, "--quiet", "--trace", trace])
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    trace.unlink()
    return bytes(next(line["observation"] for line in lines if line["episode"] == 1 and line["step"] == 5))


def prepare(bench, name, environment, network):
    """Creates a case's checkpoint and observation, unless an earlier round did."""
    folder = f"inference-{name.replace(':', '-').replace(' ', '-')}"
    observation = bench.scratch / f"{folder}.observation"
    if not observation.exists():
        is_trained = "trained" in name
        steps = bench.either(6000, 1500) if is_trained else 1
        _, run = bench.train(
            "--set", f"network={network}", "--set", "learning_starts=500", "--steps", steps, "--save-every", 0,
            "--seed", 1, environment=environment, folder=folder)
        observation.write_bytes(played_observation(bench, run) if is_trained else made_up_observation(environment))
    return sorted((bench.scratch / folder / "checkpoints").glob("step-*.h5"))[-1], observation


def measure(bench, index):
    for name, environment, network, _, _ in CASES:
        checkpoint, observation = prepare(bench, name, environment, network)
        options = [checkpoint, observation, "--seconds", bench.seconds]
        ours = bench.ours("compute-bench", "act", *options)
        _, peers = bench.python("inference", *options, "--network", network)
        for peer in ("torch", "onnxruntime"):
            pairs = zip(ours["values"], peers[f"{peer}_values"], strict=True)
            difference = max(abs(left - right) for left, right in pairs)
            limit = min(TOLERANCE, SHARE * max(map(abs, ours["values"])))
            # Not >, so that NaN fails too.
            if not difference <= limit:
                sys.exit(f"error: {name}: action values of {peer} differ by {difference} from ours")
        bench.add(f"inference.{name}.ours", ours["times"]["median"])
        bench.add(f"inference.{name}.torch", peers["torch"])
        bench.add(f"inference.{name}.onnxruntime", peers["onnxruntime"])


def rows(bench):
    for name, _, _, runtime_goal, torch_goal in CASES:
        ours, torch, runtime = (bench.median(f"inference.{name}.{who}") for who in ("ours", "torch", "onnxruntime"))
        what = f"one observation, {name}"
        yield Row(f"{what}; ONNX Runtime", duration(ours), f"{duration(runtime)}{bench.unlimited}", ours / runtime,
                  runtime_goal, "as long")
        yield Row(f"{what}; PyTorch", duration(ours), duration(torch), torch / ours, torch_goal)

"""Times Python from a file of the Nature CNN's weights to the first action; prints one line of JSON.

plain_s builds the network in the usual way, which draws weights that are then overwritten. lean_s builds it without
weights and adopts those of the file, the fastest way in PyTorch. Both are medians after imports and warm-up, on one
thread. process_s is the wall time from the start of `python -c` to its line with the action. sha256_s is the time of
one SHA-256 pass over the same bytes in memory.
"""

import argparse
import hashlib
import importlib.metadata
import json
import pathlib
import statistics
import subprocess
import sys
import time

import safetensors.torch
import torch

# One source for both ways to run it.
SOURCE = """
import safetensors.torch
import torch

def network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(4, 32, 8, 4), torch.nn.ReLU(), torch.nn.Conv2d(32, 64, 4, 2), torch.nn.ReLU(),
        torch.nn.Conv2d(64, 64, 3, 1), torch.nn.ReLU(), torch.nn.Flatten(),
        torch.nn.Linear(3136, 512), torch.nn.ReLU(), torch.nn.Linear(512, 6),
    )

@torch.inference_mode()
def first_action(path, observation, lean):
    with torch.device("meta" if lean else "cpu"):
        policy = network()
    policy.load_state_dict(safetensors.torch.load_file(path), assign=lean)
    return int(policy(observation[None].float() / 255).argmax())
"""
PROCESS = SOURCE + """
import sys
torch.set_num_threads(1)
print(first_action(sys.argv[1], torch.zeros(4, 84, 84, dtype=torch.uint8), True), flush=True)
"""


def median_of(count, work):
    times = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def process(path):
    """Seconds from the start of a Python process to its first action."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", PROCESS, str(path)], stdout=subprocess.PIPE, text=True) as child:
        line = child.stdout.readline()
        seconds = time.perf_counter() - began
    if child.returncode != 0 or not line:
        sys.exit(f"error: python -c ended with {child.returncode}")
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", required=True, type=pathlib.Path, help="folder for the temporary file")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--processes", type=int, default=3)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    space = {}
    exec(SOURCE, space)
    path = arguments.directory / "policy.safetensors"
    try:
        safetensors.torch.save_file(space["network"]().state_dict(), path)
        data = path.read_bytes()
        observation = torch.randint(0, 256, (4, 84, 84), dtype=torch.uint8)
        result = {"bytes": len(data)}
        for name, lean in [("plain_s", False), ("lean_s", True)]:
            for _ in range(10):
                space["first_action"](path, observation, lean)
            result[name] = median_of(arguments.rounds, lambda: space["first_action"](path, observation, lean))
        result["sha256_s"] = median_of(arguments.rounds, lambda: hashlib.sha256(data).digest())
        process(path)  # loads PyTorch's libraries into the page cache
        result["process_s"] = statistics.median(process(path) for _ in range(arguments.processes))
    finally:
        path.unlink(missing_ok=True)
    result["versions"] = {name: importlib.metadata.version(name) for name in ("torch", "safetensors")}
    print(json.dumps(result))


if __name__ == "__main__":
    main()

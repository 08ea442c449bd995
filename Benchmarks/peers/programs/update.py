"""Times gradient updates of DQN in PyTorch: bytes to floats, targets, Huber loss, backward, norm 10, Adam.

Prints the median seconds of an update as JSON: with default Adam, with fused Adam and, for networks with convolutions,
with fused Adam and tensors in channels-last order. With --compile also those with the targets, the loss and its
gradient compiled by torch.compile, or the reason why it does not run here (`compiled_failed`).
"""

import argparse
import copy
import json
import os
import pathlib
import sys

import numpy as np
import torch
from laps import median_lap
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from networks import torch_network  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--network", required=True)
parser.add_argument("--input", required=True, help="shape; three numbers mean bytes")
parser.add_argument("--actions", type=int, default=6)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--double", action="store_true")
parser.add_argument("--compile", action="store_true")
parser.add_argument("--seconds", type=float, default=2)
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
torch.manual_seed(0)
generator = np.random.default_rng(0)
shape = [int(size) for size in arguments.input.split(",")]


def draw():
    size = (arguments.batch, *shape)
    if len(shape) == 3:
        return torch.from_numpy(generator.integers(256, size=size, dtype=np.uint8))
    return torch.from_numpy(generator.uniform(-1, 1, size).astype(np.float32))


def floats(observations, memory_format):
    if observations.dtype != torch.uint8:
        return observations
    return (observations.float() / 255).contiguous(memory_format=memory_format)


observations, successors = draw(), draw()
actions = torch.from_numpy(generator.integers(arguments.actions, size=(arguments.batch, 1)))
rewards = torch.ones(arguments.batch, 1)


def measure(is_fused, memory_format=torch.contiguous_format, is_compiled=False):
    online = torch_network(arguments.network, shape, arguments.actions).to(memory_format=memory_format)
    target = copy.deepcopy(online)
    optimizer = torch.optim.Adam(online.parameters(), lr=1e-4, fused=is_fused)

    def loss_of(observations, successors):
        with torch.no_grad():
            following = floats(successors, memory_format)
            values = target(following)
            if arguments.double:
                best = values.gather(1, online(following).argmax(1, keepdim=True))
            else:
                best = values.max(1, keepdim=True).values
            goal = rewards + 0.99 * best
        chosen = online(floats(observations, memory_format)).gather(1, actions)
        return functional.smooth_l1_loss(chosen, goal)

    compute = torch.compile(loss_of) if is_compiled else loss_of

    def update():
        loss = compute(observations, successors)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(online.parameters(), 10)
        optimizer.step()

    return median_lap(arguments.seconds, update)


def measure_compiled():
    """The times of compiled updates, or why there are none."""
    try:
        import torch._inductor.config as inductor

        if os.environ.get("ATEN_CPU_CAPABILITY") == "avx2":
            # Otherwise the C compiler uses the processor's widest vectors after all.
            inductor.cpp.march = "haswell"
        times = {"compiled": measure(True, is_compiled=True)}
        if len(shape) == 3:
            times["compiled_channels_last"] = measure(True, torch.channels_last, is_compiled=True)
        return times
    except Exception as error:  # whatever is missing: the compiler, its headers, support for this version of Python
        return {"compiled_failed": (str(error).strip().splitlines() or [repr(error)])[0]}


found = {"adam": measure(False), "fused": measure(True)}
if len(shape) == 3:
    found["channels_last"] = measure(True, torch.channels_last)
if arguments.compile:
    found.update(measure_compiled())
print(json.dumps(found))

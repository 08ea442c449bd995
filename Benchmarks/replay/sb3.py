"""Saves and loads a full replay of Stable-Baselines3 as its users do; prints one line of JSON.

The buffer holds --transitions of Pong from record.py, each with the 4 x 84 x 84 bytes before and after. The recording
has no frame after an episode's last step, so the last frame is repeated, which changes neither size nor time.
save_to_pkl does not fsync; fsync_s is the time of an fsync afterwards. The file is read back from the page cache.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import time

import numpy
from gymnasium import spaces
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.save_util import load_from_pkl, save_to_pkl

STACK = 4
TERMINATED, EPISODE_START = 1, 4


def fill(folder, count):
    frames = numpy.memmap(folder / "frames.u8", numpy.uint8, "r").reshape(-1, 84, 84)
    actions = numpy.fromfile(folder / "actions.i32", "<i4")
    rewards = numpy.fromfile(folder / "rewards.f32", "<f4")
    flags = numpy.fromfile(folder / "flags.u8", numpy.uint8)
    buffer = ReplayBuffer(count, spaces.Box(0, 255, (STACK, 84, 84), numpy.uint8), spaces.Discrete(6), "cpu")
    stack = numpy.zeros((STACK, 84, 84), numpy.uint8)
    for index in range(count):
        if flags[index] & EPISODE_START:
            stack = numpy.zeros_like(stack)
            stack[-1] = frames[index]
        over = bool(flags[index] & TERMINATED)
        after = numpy.concatenate([stack[1:], frames[index if over else index + 1][None]])
        buffer.add(stack, after, actions[index], rewards[index], numpy.array([over]), [{}])
        stack = after
    return buffer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=pathlib.Path, help="folder written by record.py")
    parser.add_argument("--directory", required=True, type=pathlib.Path, help="folder for the temporary file")
    parser.add_argument("--transitions", type=int, default=20_000)
    arguments = parser.parse_args()

    buffer = fill(arguments.frames, arguments.transitions)
    path = arguments.directory / "replay.pkl"
    try:
        began = time.perf_counter()
        save_to_pkl(path, buffer)
        saved = time.perf_counter()
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        synced = time.perf_counter()
        size = path.stat().st_size
        began_load = time.perf_counter()
        loaded = load_from_pkl(path)
        load = time.perf_counter() - began_load
    finally:
        path.unlink(missing_ok=True)
    assert numpy.array_equal(loaded.observations, buffer.observations)
    versions = {name: importlib.metadata.version(name) for name in ("stable_baselines3", "torch", "numpy")}
    print(json.dumps({"transitions": arguments.transitions, "bytes": size, "save_s": saved - began,
                      "fsync_s": synced - saved, "load_s": load, "versions": versions}))


if __name__ == "__main__":
    main()

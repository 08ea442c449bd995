"""Saves and loads the Nature CNN's weights with safetensors, torch and h5py; prints the seconds of each round as JSON.

A save is safetensors' save, an fsync and two SHA-256 passes over the file's bytes; a load is torch.load and one
pass. The passes use bytes already in memory, so reading them is not timed. As a reference, h5py writes the same arrays
with an fsync and reads them, without any digest.
"""

import argparse
import hashlib
import json
import os
import pathlib
import time

import h5py
import safetensors.torch
import torch

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--directory", required=True, type=pathlib.Path)
parser.add_argument("--rounds", type=int, default=5)
arguments = parser.parse_args()

torch.set_num_threads(1)
torch.manual_seed(0)
network = torch.nn.Sequential(
    torch.nn.Conv2d(4, 32, 8, 4), torch.nn.ReLU(), torch.nn.Conv2d(32, 64, 4, 2), torch.nn.ReLU(),
    torch.nn.Conv2d(64, 64, 3, 1), torch.nn.ReLU(), torch.nn.Flatten(),
    torch.nn.Linear(3136, 512), torch.nn.ReLU(), torch.nn.Linear(512, 6),
)
state = network.state_dict()
data = safetensors.torch.save(state)
arrays = {name: tensor.numpy() for name, tensor in state.items()}
saves, loads, writes, reads = [], [], [], []


def synchronize(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


for index in range(arguments.rounds + 1):
    path = arguments.directory / f"weights-{index}.safetensors"
    began = time.perf_counter()
    safetensors.torch.save_file(state, path)
    synchronize(path)
    hashlib.sha256(data).digest()
    hashlib.sha256(data).digest()
    saves.append(time.perf_counter() - began)
    path.unlink()

    path = arguments.directory / f"weights-{index}.pt"
    torch.save(state, path)
    began = time.perf_counter()
    torch.load(path, weights_only=True)
    hashlib.sha256(data).digest()
    loads.append(time.perf_counter() - began)
    path.unlink()

    path = arguments.directory / f"weights-{index}.h5"
    began = time.perf_counter()
    with h5py.File(path, "w", libver=("v108", "v108")) as file:
        for name, array in arrays.items():
            file[name] = array
    synchronize(path)
    writes.append(time.perf_counter() - began)
    began = time.perf_counter()
    with h5py.File(path) as file:
        for name in arrays:
            file[name][()]
    reads.append(time.perf_counter() - began)
    path.unlink()
# The first round is a warm-up.
print(json.dumps({
    "bytes": len(data), "save_seconds": saves[1:], "load_seconds": loads[1:],
    "h5py_save_seconds": writes[1:], "h5py_load_seconds": reads[1:],
}))

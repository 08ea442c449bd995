"""Reads a checkpoint with h5py and NumPy alone, and checks a trace of dqn-play against it.

    check_trace.py CHECKPOINT.h5 [TRACE.jsonl] [--tolerance 1e-5] [--any-action]

Verifies every digest of the file. Then recomputes the Q-values of each step of a `dqn-play --trace` file and compares
them, and the greedy action, with those of the trace. Ends with 1 and reports the first difference. Written from
docs/format.md alone: it shares no code with the Swift reader.
"""

import argparse
import hashlib
import json
import math
import re
import sys

import h5py
import numpy as np

TYPES = {"float32": "<f4", "float64": "<f8", "uint8": "|u1", "int32": "<i4", "int64": "<i8", "uint64": "<u8"}
VERSIONS = ("1.0", "1.1", "2.0", "2.1")
SEAL_BYTES = 512
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")


class Refused(Exception):
    """An error in a file or a trace."""


def check_seal(path):
    """The version in a file's seal, after checking the whole file against it; None if there is no seal."""
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(b"\x89HDF\r\n\x1a\n"):
        return None
    match = re.match(rb"swift-dqn checkpoint ([0-9.]+)\n", content)
    if not match:
        raise Refused("it starts with neither a seal nor the HDF5 signature")
    version = match[1].decode()
    digest = hashlib.sha256(content[SEAL_BYTES:]).hexdigest()
    seal = f"swift-dqn checkpoint {version}\nlength {len(content):020}\nsha256 {digest}\n".encode()
    if content[:SEAL_BYTES] != seal.ljust(SEAL_BYTES, b"\0"):
        raise Refused("its seal does not match its content")
    return version


def read_checkpoint(path):
    """Every dataset of a checkpoint by path, checked against the manifest, and the root attributes."""
    sealed = check_seal(path)
    with h5py.File(path, "r") as file:
        attributes = {name: plain(value) for name, value in file.attrs.items()}
        if attributes.get("format") != "swift-dqn checkpoint":
            raise Refused("it does not name the format")
        version = attributes.get("format_version")
        if version not in VERSIONS:
            raise Refused(f"it has format version {version}; this script knows {', '.join(VERSIONS)}")
        if sealed != (None if version.startswith("1.") else version):
            raise Refused(f"it has format version {version}, but its seal states {sealed or 'none'}")
        text = file["manifest"][()].tobytes()
        if hashlib.sha256(text).hexdigest() != attributes.pop("manifest_sha256", None):
            raise Refused("the manifest does not match manifest_sha256")
        manifest = json.loads(text)
        if manifest["attributes"] != {name: str(value) for name, value in attributes.items()}:
            raise Refused("the root attributes differ from those of the manifest")
        listed = {entry["path"]: entry for entry in manifest["datasets"]}
        if list(listed) != sorted(listed) or len(listed) != len(manifest["datasets"]):
            raise Refused("the manifest is not sorted")
        found = set(walk(file, "")) - {"manifest"}
        if found != set(listed):
            raise Refused(f"its datasets differ from those of its manifest: {sorted(found ^ set(listed))}")
        return {name: read_dataset(file, entry) for name, entry in listed.items()}, attributes


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.int64):
        return int(value)
    raise Refused(f"a root attribute is {value!r}: neither a text of fixed length nor an int64")


def walk(group, prefix):
    """The paths of all datasets; refuses anything but hard links to groups and datasets."""
    for name in group:
        path = prefix + name
        if not NAME.fullmatch(name):
            raise Refused(f"invalid name '{path}'")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise Refused(f"/{path} is not a hard link")
        member = group[name]
        if h5py.h5o.get_info(member.id).rc != 1:
            raise Refused(f"/{path} has a second link")
        if len(member.attrs):
            raise Refused(f"/{path} has attributes")
        if isinstance(member, h5py.Group):
            yield from walk(member, path + "/")
        elif isinstance(member, h5py.Dataset):
            yield path
        else:
            raise Refused(f"/{path} is neither a group nor a dataset")


def read_dataset(file, entry):
    dataset = file[entry["path"]]
    rows = entry.get("chunk_rows")
    if rows is not None:
        if dataset.chunks != (rows, *dataset.shape[1:]) or dataset.compression != "gzip" or dataset.shuffle:
            raise Refused(f"/{entry['path']} is not stored in deflated chunks of {rows} rows")
    elif dataset.id.get_create_plist().get_layout() != h5py.h5d.CONTIGUOUS or dataset.external:
        raise Refused(f"/{entry['path']} is not stored contiguously")
    if dataset.dtype.str != TYPES[entry["type"]] or list(dataset.shape) != entry["shape"]:
        raise Refused(f"/{entry['path']} is {dataset.dtype.str} {dataset.shape}, not as listed: {entry}")
    values = dataset[()]
    if digest(values, rows) != entry["sha256"]:
        raise Refused(f"/{entry['path']} is damaged")
    return values


def digest(values, rows):
    """SHA-256 of an array's bytes, or of the SHA-256 of each of its chunks' rows."""
    if rows is None:
        return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    chunks = [values[first:first + rows] for first in range(0, len(values), rows)]
    return hashlib.sha256(b"".join(hashlib.sha256(chunk.tobytes()).digest() for chunk in chunks)).hexdigest()


def document(arrays, path):
    return json.loads(arrays[path].tobytes())


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
    "identity": lambda x: x,
}


def action_values(arrays, architecture, observation):
    """The online network's Q-values of one observation, or an actor-critic's logits, in float64.

    Computes in the order of docs/format.md.
    """
    space, layers, head = architecture["input"], list(architecture["layers"]), architecture["head"]
    values = np.asarray(observation, np.float64).reshape(space["shape"])
    # One number for all elements, or one for each in row-major order.
    offset, scale = (
        np.resize(np.asarray(architecture.get(key) or default, np.float32).astype(np.float64), space["shape"])
        for key, default in (("input_offset", [0]), ("input_scale", [1]))
    )
    if space["element"] == "uint8" and not architecture.get("input_scale"):
        scale = 1 / 255
    values = (values - offset) * scale

    def parameters(name):
        return [arrays[f"parameters/online/{name}/{part}"].astype(np.float64) for part in ("weight", "bias")]

    def linear(name, values):
        weight, bias = parameters(name)
        return weight @ values.reshape(-1) + bias

    def hidden(name, layer, values):
        activation = "identity"
        if layer["type"] == "convolution":
            values, activation = convolve(values, *parameters(name), layer), "relu"
        elif layer["type"] == "dense":
            values, activation = linear(name, values), "relu"
        elif layer["type"] == "layer_norm":
            weight, bias = parameters(name)
            values = (values - values.mean()) / np.sqrt(values.var() + 1e-5) * weight + bias
        elif layer["type"] == "max_pooling":
            values = windows(values, layer, -np.inf).max(axis=(3, 4))
        elif layer["type"] == "average_pooling":
            values = windows(values, layer, 0).mean(axis=(3, 4))
        else:
            raise Refused(f"/architecture has a layer of unknown type '{layer['type']}'")
        return ACTIVATIONS[layer.get("activation") or activation](values)

    def stream(name, hidden_layers, values):
        for path, layer in hidden_layers:
            values = hidden(path, layer, values)
        return linear(f"{name}/output", values)

    def explicit(name):
        return [(f"{name}/layers/{index}", layer) for index, layer in enumerate(head[f"{name}_layers"])]

    first, second = ("policy", "value") if head["type"] == "actor_critic" else ("value", "advantage")
    if head.get(f"{first}_layers") is not None:
        streams = {name: explicit(name) for name in (first, second)}
    elif head["type"] == "dueling":
        # Each stream has its own copy of a last dense layer.
        last = [layers.pop()] if layers and layers[-1]["type"] == "dense" else []
        streams = {name: [(f"{name}/hidden", layer) for layer in last] for name in (first, second)}
    else:
        streams = {}
    for index, layer in enumerate(layers):
        values = hidden(f"layers/{index}", layer, values)
    if head["type"] == "dueling":
        value, advantages = (stream(name, streams[name], values) for name in (first, second))
        return value + advantages - advantages.mean()
    if head["type"] == "actor_critic" and streams:
        return stream("policy", streams["policy"], values)
    if head["type"] in ("action_values", "actor_critic"):
        # The last output of an actor-critic head is the state's value.
        return linear("head", values)[: head["actions"]]
    if head["type"] == "quantiles":
        return linear("head", values).reshape(head["actions"], head["quantiles"]).mean(axis=1)
    raise Refused(f"/architecture has a head of unknown type '{head['type']}'")


def pair(size):
    """Rows and columns of a size of a layer."""
    return size if isinstance(size, list) else [size, size]


def windows(values, layer, fill):
    """The windows of padded values [channels, rows, columns]: [channels, rows, columns, kernel rows, kernel columns]."""
    (rows, columns), (down, right) = pair(layer.get("padding") or 0), pair(layer["stride"])
    padded = np.pad(values, ((0, 0), (rows, rows), (columns, columns)), constant_values=fill)
    all_windows = np.lib.stride_tricks.sliding_window_view(padded, pair(layer["kernel"]), axis=(1, 2))
    return all_windows[:, ::down, ::right]


def convolve(values, weight, bias, layer):
    """A convolution; values [channels, rows, columns], weight [outputs, channels, kernel rows, kernel columns]."""
    return np.einsum("crxij,ocij->orx", windows(values, layer, 0), weight, optimize=True) + bias[:, None, None]


def check_trace(arrays, path, tolerance, greedy=True):
    """Compares each line with the network's output; returns the number of lines and the largest difference."""
    architecture = document(arrays, "architecture")
    count, largest = 0, 0.0
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            step = json.loads(line)
            where = f"line {number} (episode {step['episode']}, step {step['step']})"
            expected = action_values(arrays, architecture, step["observation"])
            given = np.asarray(step["action_values"], np.float64)
            if given.shape != expected.shape:
                raise Refused(f"{where}: {given.size} action values; the network has {expected.size} actions")
            difference = np.abs(given - expected) / np.maximum(1, np.abs(expected))
            if not np.all(difference <= tolerance):
                raise Refused(f"{where}: action values {given.tolist()}; recomputed {expected.tolist()}")
            if greedy and given[step["action"]] != given.max():
                raise Refused(f"{where}: action {step['action']} does not have the largest value of {given.tolist()}")
            largest = max(largest, float(difference.max()))
            count += 1
    if count == 0:
        raise Refused("the trace has no steps")
    return count, largest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("trace", nargs="?")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="of 1 and of the value (default: 1e-5)")
    parser.add_argument("--any-action", action="store_true", help="for a trace of dqn-play --epsilon")
    options = parser.parse_args()
    name = options.checkpoint
    try:
        arrays, attributes = read_checkpoint(options.checkpoint)
        print(f"{name}: {len(arrays)} datasets match the manifest, agent step {attributes['agent_steps']}")
        if options.trace:
            name = options.trace
            count, largest = check_trace(arrays, options.trace, options.tolerance, not options.any_action)
            print(f"{name}: Q-values of {count} steps agree, largest difference {largest:.1e}")
    except (Refused, OSError, KeyError, ValueError) as error:
        sys.exit(f"{name}: {error if not isinstance(error, KeyError) else f'{error} is missing'}")


if __name__ == "__main__":
    main()

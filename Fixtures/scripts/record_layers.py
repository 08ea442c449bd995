#!/usr/bin/env python3
"""Records PyTorch's results for every kind of layer, activation and head, into Fixtures/networks/layers.json.

    python Fixtures/scripts/record_layers.py

Made with Python 3.11, torch 2.15.0 and numpy 2.4.6 on x86-64. Weights, inputs and the gradients of the outputs come
from the hash of record_networks.py. The recorded numbers are computed in float64. The script stops if float32 differs
from them by more than a quarter of the tests' tolerance.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from record_networks import SALT_OBSERVATIONS, SALT_PARAMETERS, digits, hashed, unit

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "networks"
SALT_GRADIENTS = 11
SAMPLES = 12  # of each larger tensor
TOLERANCE = 2e-5  # the tolerance of the Swift tests
ACTIVATIONS = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": F.elu,
    "silu": F.silu,
    "gelu": F.gelu,
    "identity": lambda x: x,
}


def pair(size):
    """Rows and columns."""
    return tuple(size) if isinstance(size, list) else (size, size)


def convolution(outputs, kernel, stride, padding=0, activation="relu"):
    layer = {"type": "convolution", "outputs": outputs, "kernel": kernel, "stride": stride}
    if padding != 0:
        layer["padding"] = padding
    return layer if activation == "relu" else {**layer, "activation": activation}


def dense(units, activation="relu"):
    layer = {"type": "dense", "units": units}
    return layer if activation == "relu" else {**layer, "activation": activation}


def norm(activation="identity"):
    layer = {"type": "layer_norm"}
    return layer if activation == "identity" else {**layer, "activation": activation}


def pooling(kind, kernel, stride, padding=0, activation="identity"):
    layer = {"type": f"{kind}_pooling", "kernel": kernel, "stride": stride}
    if padding != 0:
        layer["padding"] = padding
    return layer if activation == "identity" else {**layer, "activation": activation}


def activation_of(layer):
    """The name of a layer's activation; without one it depends on the kind."""
    return layer.get("activation", "relu" if layer["type"] in ("convolution", "dense") else "identity")


class Network:
    """An architecture, as the manifest of a checkpoint describes it, with hashed parameters."""

    def __init__(self, architecture):
        self.architecture = architecture
        self.values = {}
        self.count = 0
        self.hidden = {}
        # Without a value for the parameters, a pass creates them.
        self.outputs(torch.zeros([1, *architecture["input"]["shape"]], dtype=torch.float64), {})

    def add(self, name, shape, fan_in):
        count = math.prod(shape)
        values = unit(self.count + count, SALT_PARAMETERS)[self.count :] / math.sqrt(fan_in)
        self.values[name] = values.astype(np.float32).reshape(shape)
        self.count += count

    def parameter(self, name, shape, fan_in, parameters):
        if name not in self.values:
            self.add(name, shape, fan_in)
        return parameters[name] if parameters else torch.tensor(self.values[name], dtype=torch.float64)

    def linear(self, name, units, x, parameters):
        x = x.flatten(1)
        fan_in = x.shape[1]
        weight = self.parameter(f"{name}/weight", [units, fan_in], fan_in, parameters)
        return F.linear(x, weight, self.parameter(f"{name}/bias", [units], fan_in, parameters))

    def layer(self, name, layer, x, parameters):
        kind = layer["type"]
        if kind == "convolution":
            kernel, channels = pair(layer["kernel"]), x.shape[1]
            fan_in = channels * kernel[0] * kernel[1]
            weight = self.parameter(f"{name}/weight", [layer["outputs"], channels, *kernel], fan_in, parameters)
            bias = self.parameter(f"{name}/bias", [layer["outputs"]], fan_in, parameters)
            x = F.conv2d(x, weight, bias, stride=pair(layer["stride"]), padding=pair(layer.get("padding", 0)))
        elif kind == "dense":
            x = self.linear(name, layer["units"], x, parameters)
        elif kind == "layer_norm":
            shape = list(x.shape[1:])
            weight = self.parameter(f"{name}/weight", shape, 1, parameters)
            x = F.layer_norm(x, shape, weight, self.parameter(f"{name}/bias", shape, 1, parameters))
        else:
            pool = F.max_pool2d if kind == "max_pooling" else F.avg_pool2d
            x = pool(x, pair(layer["kernel"]), stride=pair(layer["stride"]), padding=pair(layer.get("padding", 0)))
        x = ACTIVATIONS[activation_of(layer)](x)
        self.hidden[name] = x
        return x

    def stream(self, name, layers, outputs, x, parameters):
        for index, layer in enumerate(layers):
            x = self.layer(f"{name}/layers/{index}", layer, x, parameters)
        return self.linear(f"{name}/output", outputs, x, parameters)

    def outputs(self, x, parameters):
        """The network's outputs for raw observations."""
        architecture = self.architecture
        shape = architecture["input"]["shape"]
        own_scale = 1 / 255 if architecture["input"]["element"] == "uint8" else 1

        def each(key, default):
            values = torch.tensor(architecture.get(key, [default]), dtype=x.dtype)
            return values if len(values) == 1 else values.reshape(shape)

        x = (x - each("input_offset", 0)) * each("input_scale", own_scale)
        for index, layer in enumerate(architecture["layers"]):
            x = self.layer(f"layers/{index}", layer, x, parameters)
        head = architecture["head"]
        actions = head["actions"]
        if head["type"] == "dueling":
            value = self.stream("value", head["value_layers"], 1, x, parameters)
            advantage = self.stream("advantage", head["advantage_layers"], actions, x, parameters)
            return value + advantage - advantage.mean(1, keepdim=True)
        if head["type"] == "actor_critic" and "policy_layers" in head:
            policy = self.stream("policy", head["policy_layers"], actions, x, parameters)
            return torch.cat([policy, self.stream("value", head["value_layers"], 1, x, parameters)], 1)
        extra = {"action_values": actions, "actor_critic": actions + 1, "quantiles": actions * head.get("quantiles", 1)}
        return self.linear("head", extra[head["type"]], x, parameters)


def check(what, single, double):
    """Stops if rounding alone takes a quarter of the tolerance; the scale is the tensor's root mean square."""
    single, double = single.detach().double().flatten(), double.detach().flatten()
    scale = torch.sqrt((double * double).mean())
    worst = float(((single - double).abs() / torch.maximum(double.abs(), scale)).max())
    assert worst <= TOLERANCE / 4, f"{what}: float32 differs from float64 by {worst:.1e}"


def encode(tensor):
    """A tensor as JSON: all of it, or samples; with its norm."""
    flat = tensor.detach().flatten().numpy()
    assert np.abs(flat).max() > 0
    entry = {"shape": list(tensor.shape), "l2": digits(math.sqrt(float(flat @ flat)))}
    if flat.size > SAMPLES:
        indices = np.unique(np.linspace(0, flat.size - 1, SAMPLES).astype(np.int64))
        entry["indices"] = indices.tolist()
        flat = flat[indices]
    entry["values"] = [digits(v) for v in flat]
    return entry


def record(name, shape, element, layers, head=None, batch=5, **scaling):
    """One case."""
    architecture = {"input": {"shape": shape, "element": element}, **scaling, "layers": layers}
    architecture["head"] = head or {"type": "action_values", "actions": 3}
    network = Network(architecture)
    count = batch * math.prod(shape)
    if element == "uint8":
        # Each observation is half as bright as the one before, so that the rows of the batch differ.
        raw = (hashed(count, SALT_OBSERVATIONS) >> np.uint32(24)).astype(np.uint8)
        raw = raw.reshape(batch, -1) >> np.arange(batch, dtype=np.uint8)[:, None]
    else:
        raw = unit(count, SALT_OBSERVATIONS).astype(np.float32)
    results = {}
    for dtype in (torch.float32, torch.float64):
        x = torch.tensor(raw.reshape([batch, *shape])).to(dtype)
        parameters = {
            key: torch.tensor(value, dtype=dtype, requires_grad=True) for key, value in network.values.items()
        }
        outputs = network.outputs(x, parameters)
        gradient = torch.tensor(unit(outputs.numel(), SALT_GRADIENTS)).to(torch.float32).to(dtype)
        (outputs * gradient.reshape(outputs.shape)).sum().backward()
        gradients = {key: parameter.grad for key, parameter in parameters.items()}
        results[dtype] = (outputs, gradients, dict(network.hidden))
    single, double = results[torch.float32], results[torch.float64]
    check(f"{name}: outputs", single[0], double[0])
    for key in double[1]:
        check(f"{name}: gradient of {key}", single[1][key], double[1][key])
    return {
        "name": name,
        "architecture": architecture,
        "batch": batch,
        "outputs": encode(double[0]),
        "gradients": {key: encode(value) for key, value in double[1].items()},
        "hidden": {
            key: encode(value.flatten(2) if value.dim() > 2 else value.unsqueeze(2)) for key, value in double[2].items()
        },
    }


def cases():
    for activation in ACTIVATIONS:
        # 20 and 9 units: a layer for sgemm and one for loops.
        yield record(f"mlp-{activation}", [5], "float32", [dense(20, activation), dense(9, activation)])
        yield record(
            f"cnn-{activation}", [3, 9, 8], "float32",
            [convolution(5, 3, 1, 0, activation), convolution(16, 2, 2, 0, activation), dense(12, activation)])
    for activation in ("relu", "tanh", "silu"):
        yield record(
            f"mlp-norm-{activation}", [6], "float32",
            [dense(18, "identity"), norm(activation), dense(33, "identity"), norm(activation)])
    yield record("norm-first", [7], "float32", [norm(), dense(16)])
    yield record(
        "cnn-norm", [3, 10, 9], "uint8",
        [convolution(6, 4, 2, 0, "identity"), norm("relu"), convolution(5, 3, 1, 1, "identity"), norm("gelu"),
         dense(17, "identity"), norm("elu")])
    yield record("norm-of-image", [2, 6, 5], "uint8", [norm("silu"), convolution(4, 3, 1, 1)])
    yield record("norm-of-image-then-dense", [2, 4, 3], "float32", [norm(), dense(16)])

    # The first layer is folded if its stride divides its kernel.
    yield record("padding-plain", [2, 7, 6], "uint8", [convolution(8, 3, 1, 1), convolution(4, 3, 2, 1), dense(16)])
    yield record("padding-folded", [4, 20, 18], "uint8", [convolution(8, 8, 4, 2), convolution(6, 3, 1, 1)])
    yield record("padding-folded-tanh", [3, 9, 10], "float32", [convolution(8, 4, 2, 1, "tanh"), dense(8)])
    yield record("padding-unfolded", [3, 12, 11], "uint8", [convolution(8, 5, 2, 2), dense(8)])
    yield record(
        "rectangular", [2, 11, 9], "uint8",
        [convolution(8, [3, 5], [2, 1], [1, 2]), convolution(5, [2, 3], [1, 2], [0, 1]), dense(8)])
    yield record("rectangular-folded", [2, 12, 7], "uint8", [convolution(8, [4, 2], 2, [2, 1]), dense(8)])
    yield record("rectangular-row", [1, 1, 12], "float32", [convolution(4, [1, 3], [1, 2]), dense(8)])

    yield record(
        "pooling", [3, 13, 12], "float32",
        [convolution(6, 3, 1), pooling("max", 2, 2), convolution(5, 2, 1), pooling("average", 2, 1), dense(8)])
    yield record(
        "pooling-padded", [2, 12, 11], "uint8",
        [convolution(6, 4, 2, 1, "identity"), pooling("max", 3, 2, 1), convolution(4, 2, 1, 1, "identity"),
         pooling("average", 3, 2, 1), dense(8)])
    yield record(
        "pooling-rectangular", [2, 12, 13], "float32",
        [convolution(6, 3, 1, 0, "identity"), pooling("max", [3, 2], [1, 2], [1, 0], "tanh"),
         pooling("average", [2, 3], [2, 1], [0, 1], "silu")])
    yield record("pooling-first", [2, 9, 8], "uint8", [pooling("max", 2, 2), convolution(4, 2, 1)])
    yield record("pooling-first-average", [2, 9, 8], "float32", [pooling("average", 3, 2, 1), dense(8)])
    yield record("pooling-overlapping", [1, 9, 9], "float32", [convolution(3, 2, 1, 0, "tanh"), pooling("max", 3, 1)])

    ramp = [0.125 * (index % 7) - 0.25 for index in range(12)]
    yield record("offset-vector", [5], "float32", [dense(16)], input_offset=[0.25], input_scale=[1.5])
    yield record(
        "offset-vector-each", [12], "float32", [dense(16)], input_offset=ramp,
        input_scale=[0.5 + 0.25 * (index % 3) for index in range(12)])
    yield record("offset-only-bytes", [12], "uint8", [dense(16)], input_offset=[96])
    yield record("scale-each-bytes", [12], "uint8", [dense(16)], input_scale=[(1 + index % 4) / 256 for index in range(12)])
    yield record("offset-folded", [4, 12, 12], "uint8", [convolution(8, 4, 4), dense(8)], input_offset=[87])
    yield record(
        "offset-folded-padded", [2, 10, 8], "uint8", [convolution(8, 4, 2, 1), dense(8)], input_offset=[87],
        input_scale=[0.0078125])
    yield record(
        "offset-padded-floats", [2, 7, 6], "float32", [convolution(8, 3, 1, 1), dense(8)], input_offset=[0.5],
        input_scale=[2])
    yield record(
        "offset-each-folded", [2, 6, 4], "uint8", [convolution(8, 2, 2, 1), dense(8)],
        input_offset=[float(32 + index) for index in range(48)], input_scale=[0.015625])
    yield record(
        "scale-each-image", [1, 4, 3], "float32", [convolution(4, 2, 1, 1)], input_offset=[0.25],
        input_scale=[0.5 + 0.125 * index for index in range(12)])

    yield record("quantiles", [5], "float32", [dense(16)], {"type": "quantiles", "actions": 3, "quantiles": 7})
    yield record(
        "quantiles-cnn", [2, 8, 8], "uint8", [convolution(6, 4, 2), dense(16)],
        {"type": "quantiles", "actions": 2, "quantiles": 21})
    yield record(
        "dueling-streams", [5], "float32", [dense(16, "silu")],
        {"type": "dueling", "actions": 3, "value_layers": [dense(17, "tanh")],
         "advantage_layers": [dense(24), dense(9, "identity"), norm("gelu")]})
    yield record(
        "dueling-linear-streams", [5], "float32", [dense(16), dense(8)],
        {"type": "dueling", "actions": 3, "value_layers": [], "advantage_layers": []})
    yield record(
        "dueling-norm-streams", [2, 6, 6], "uint8", [convolution(4, 3, 1, 0, "identity")],
        {"type": "dueling", "actions": 3, "value_layers": [norm("relu"), dense(8)],
         "advantage_layers": [norm(), dense(16, "elu")]})
    yield record(
        "actor-critic-streams", [6], "float32", [],
        {"type": "actor_critic", "actions": 4, "policy_layers": [dense(16, "tanh"), dense(8, "tanh")],
         "value_layers": [dense(20, "tanh")]})
    yield record(
        "actor-critic-streams-cnn", [2, 8, 8], "uint8", [convolution(6, 4, 2, 1), norm("relu"), dense(16)],
        {"type": "actor_critic", "actions": 2, "policy_layers": [], "value_layers": [dense(8, "sigmoid")]})
    yield record(
        "actor-critic", [5], "float32", [dense(16, "gelu"), norm()], {"type": "actor_critic", "actions": 3}, batch=1)


def main():
    torch.set_num_threads(1)
    path = OUTPUT / "layers.json"
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases())
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()

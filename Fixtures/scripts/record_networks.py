#!/usr/bin/env python3
"""Records PyTorch's results for two networks, into Fixtures/networks/.

    python Fixtures/scripts/record_networks.py

Made with Python 3.11, torch 2.15.0 and numpy 2.4.6 on x86-64. Weights, inputs, actions and targets come from
an integer hash (see Fixtures/README.md), so that no weights need to be stored. Everything is computed in
float32, as in use, and again in float64. The script stops if the two differ by more than a fifth of the tests'
tolerance, since a test would then measure rounding rather than errors.
"""

import json
import math
import pathlib

import numpy as np
import torch

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "networks"
SALT_PARAMETERS, SALT_OBSERVATIONS, SALT_TARGETS, SALT_ACTIONS = 1, 2, 3, 5
FULL_LIMIT = 512  # larger tensors are sampled
SAMPLES = 64
TOLERANCE = 1e-4  # the tolerance of the Swift tests


def hashed(count, salt):
    """The hash of 0..<count as uint32: MurmurHash3's finaliser over index + salt * 0x9E3779B9, modulo 2^32."""
    x = np.arange(count, dtype=np.uint32) + np.uint32((salt * 0x9E3779B9) & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x


def unit(count, salt):
    """Hashes as float64 in [-1, 1); exact."""
    return hashed(count, salt).astype(np.float64) / 2.0**31 - 1.0


class Case:
    """A network, a batch and the values to record."""

    def __init__(self, name, network, shape, element, actions, batch, layers, learning_rates, epsilon):
        self.name, self.network, self.shape, self.element = name, network, shape, element
        self.action_count, self.batch, self.layers, self.learning_rates = actions, batch, layers, learning_rates
        self.epsilon = epsilon
        self.parameters = self.make_parameters()
        inputs = batch * math.prod(shape)
        if element == "uint8":
            # Each observation is half as bright as the one before, so that the rows of the batch differ.
            bytes_ = (hashed(inputs, SALT_OBSERVATIONS) >> np.uint32(24)).astype(np.uint8)
            self.raw = (bytes_.reshape(batch, -1) >> np.arange(batch, dtype=np.uint8)[:, None]).flatten()
        else:
            self.raw = unit(inputs, SALT_OBSERVATIONS).astype(np.float32)
        self.targets = (3.0 * unit(batch, SALT_TARGETS)).astype(np.float32)
        self.actions = (hashed(batch, SALT_ACTIONS) % np.uint32(actions)).astype(np.int64)

    def make_parameters(self):
        """Names and float32 values in canonical order; one hash index runs through all of them."""
        shapes = []
        for index, layer in enumerate(self.layers):
            base = "head" if index == len(self.layers) - 1 else f"layers/{index}"
            shapes.append((f"{base}/weight", layer["weight"]))
            shapes.append((f"{base}/bias", layer["weight"][:1]))
        values = unit(sum(math.prod(shape) for _, shape in shapes), SALT_PARAMETERS)
        parameters, offset, fan_in = {}, 0, 1
        for name, shape in shapes:
            if name.endswith("/weight"):
                fan_in = math.prod(shape[1:])
            count = math.prod(shape)
            scaled = values[offset : offset + count] / math.sqrt(fan_in)
            parameters[name] = scaled.astype(np.float32).reshape(shape)
            offset += count
        return parameters

    def tensors(self, dtype):
        """Fresh trainable copies of the parameters."""
        return {
            name: torch.tensor(value, dtype=dtype, requires_grad=True) for name, value in self.parameters.items()
        }

    def forward(self, parameters, dtype):
        """The Q-values of the batch."""
        x = torch.tensor(self.raw).reshape([self.batch, *self.shape]).to(dtype)
        if self.element == "uint8":
            x = x / 255
        for index, layer in enumerate(self.layers):
            last = index == len(self.layers) - 1
            base = "head" if last else f"layers/{index}"
            weight, bias = parameters[f"{base}/weight"], parameters[f"{base}/bias"]
            if "stride" in layer:
                x = torch.nn.functional.conv2d(x, weight, bias, stride=layer["stride"])
            else:
                x = torch.nn.functional.linear(x.flatten(1), weight, bias)
            if not last:
                x = torch.relu(x)
        return x

    def loss(self, kind, parameters, dtype):
        """The mean loss of the batch's chosen actions against the targets."""
        values = self.forward(parameters, dtype)
        chosen = values.gather(1, torch.tensor(self.actions).unsqueeze(1)).squeeze(1)
        targets = torch.tensor(self.targets).to(dtype)
        if kind == "huber":
            return torch.nn.functional.smooth_l1_loss(chosen, targets)
        return torch.nn.functional.mse_loss(chosen, targets)


class PlainRMSProp:
    """Shared RMSProp of Mnih 2016: not centred, epsilon inside the root."""

    def __init__(self, parameters, learning_rate, decay, epsilon):
        self.parameters, self.learning_rate, self.decay, self.epsilon = parameters, learning_rate, decay, epsilon
        self.squares = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self):
        for parameter, square in zip(self.parameters, self.squares):
            gradient = parameter.grad
            square.mul_(self.decay).add_((1 - self.decay) * gradient * gradient)
            parameter.sub_(self.learning_rate * gradient / torch.sqrt(square + self.epsilon))


class CentredRMSProp:
    """RMSProp of DQN (Mnih 2015): centred, epsilon inside the root."""

    def __init__(self, parameters, learning_rate, decay, epsilon):
        self.parameters, self.learning_rate, self.decay, self.epsilon = parameters, learning_rate, decay, epsilon
        self.means = [torch.zeros_like(p) for p in parameters]
        self.squares = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self):
        for parameter, mean, square in zip(self.parameters, self.means, self.squares):
            gradient = parameter.grad
            mean.mul_(self.decay).add_((1 - self.decay) * gradient)
            square.mul_(self.decay).add_((1 - self.decay) * gradient * gradient)
            parameter.sub_(self.learning_rate * gradient / torch.sqrt(square - mean * mean + self.epsilon))


def make_optimizer(kind, parameters, constants):
    """The optimiser of a recording."""
    if kind == "adam":
        return torch.optim.Adam(
            parameters,
            lr=constants["learning_rate"],
            betas=(constants["beta1"], constants["beta2"]),
            eps=constants["epsilon"],
        )
    maker = {"rmsprop": PlainRMSProp, "rmsprop-centred": CentredRMSProp}[kind]
    return maker(parameters, constants["learning_rate"], constants["decay"], constants["epsilon"])


def run_optimizer(case, kind, constants, max_norm, steps, dtype):
    """Losses before each step, the first gradient norm and the parameters after the last step."""
    parameters = case.tensors(dtype)
    optimizer = make_optimizer(kind, list(parameters.values()), constants)
    losses, norms = [], []
    for _ in range(steps):
        for parameter in parameters.values():
            parameter.grad = None
        loss = case.loss("huber", parameters, dtype)
        loss.backward()
        # With an infinite limit this only measures.
        limit = math.inf if max_norm is None else max_norm
        norms.append(float(torch.nn.utils.clip_grad_norm_(list(parameters.values()), limit)))
        losses.append(loss.item())
        optimizer.step()
    return losses, norms, {name: p.detach() for name, p in parameters.items()}


def digits(value):
    """Rounds to nine significant digits, which identify every float32."""
    return float(f"{value:.9g}")


def recorded(count, sampled):
    """The indices of a tensor that are stored: all, or evenly spread samples."""
    if sampled and count > FULL_LIMIT:
        return np.unique(np.linspace(0, count - 1, SAMPLES).astype(np.int64))
    return np.arange(count)


def encode(tensor, sampled):
    """A tensor as JSON: all of it, or samples; with sums over all elements in float64."""
    flat = tensor.flatten().numpy().astype(np.float64)
    entry = {
        "shape": list(tensor.shape),
        "l2": digits(math.sqrt(float(flat @ flat))),
        "sum": digits(float(flat.sum())),
        "absolute_sum": digits(float(np.abs(flat).sum())),
    }
    indices = recorded(flat.size, sampled)
    if len(indices) < flat.size:
        entry["indices"] = indices.tolist()
    entry["values"] = [digits(v) for v in flat[indices]]
    return entry


def check(what, single, double, sampled):
    """Stops if rounding alone takes a fifth of the tolerance; the scale is the tensor's root mean square.

    Checks only stored elements: Adam divides by the gradient's size, so among a million weights some have a tiny
    gradient that consists of rounding.
    """
    single, double = single.detach().double().flatten(), double.detach().flatten()
    scale = torch.sqrt((double * double).mean())
    relative = (single - double).abs() / torch.maximum(double.abs(), scale)
    worst = float(relative[recorded(len(single), sampled)].max())
    assert worst <= TOLERANCE / 5, f"{what}: float32 differs from float64 by {worst:.1e}"
    return worst


def record(case):
    """Writes a case's file."""
    sampled = case.element == "uint8"
    document = {
        "network": case.network,
        "input": {"shape": case.shape, "element": case.element},
        "action_count": case.action_count,
        "batch": case.batch,
        "actions": case.actions.tolist(),
        "targets": [digits(v) for v in case.targets],
        "observations": encode(torch.tensor(case.raw), sampled=True),
        "parameters": {name: encode(torch.tensor(value), sampled=True) for name, value in case.parameters.items()},
    }
    single, double = case.tensors(torch.float32), case.tensors(torch.float64)
    values = case.forward(single, torch.float32)
    worst = check("action values", values, case.forward(double, torch.float64), sampled=False)
    document["action_values"] = [[digits(v) for v in row] for row in values.tolist()]
    document["losses"], document["gradients"] = {}, {}
    for kind in ("huber", "squared"):
        single, double = case.tensors(torch.float32), case.tensors(torch.float64)
        loss = case.loss(kind, single, torch.float32)
        loss.backward()
        case.loss(kind, double, torch.float64).backward()
        document["losses"][kind] = digits(loss.item())
        document["gradients"][kind] = {}
        for name, parameter in single.items():
            worst = max(worst, check(f"{kind} gradient of {name}", parameter.grad, double[name].grad, sampled))
            document["gradients"][kind][name] = encode(parameter.grad, sampled)

    # The batch must use both branches of the Huber loss.
    errors = [abs(document["action_values"][i][a] - case.targets[i]) for i, a in enumerate(case.actions)]
    assert min(errors) < 1 < max(errors), errors

    document["optimizers"] = []
    # RMSProp's epsilon is close to the mean squares. Far above, it would hide them; far below, they would hide it.
    recipes = {
        "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        "rmsprop": {"decay": 0.99, "epsilon": case.epsilon},
        "rmsprop-centred": {"decay": 0.95, "epsilon": case.epsilon},
    }
    for kind, constants in recipes.items():
        constants = {"learning_rate": case.learning_rates[kind], **constants}
        for max_norm in (None, 0.1):
            losses, norms, parameters = run_optimizer(case, kind, constants, max_norm, 10, torch.float32)
            _, _, exact = run_optimizer(case, kind, constants, max_norm, 10, torch.float64)
            ways = []
            for name, parameter in parameters.items():
                worst = max(worst, check(f"{kind} {max_norm} {name}", parameter, exact[name], True))
                start = torch.tensor(case.parameters[name])
                ways.append(float((parameter - start).norm() / start.norm()))
            # A wrong constant shows only if a parameter has moved by far more than the tolerance.
            assert min(ways) > 50 * TOLERANCE, f"{kind} moves too little: {ways}"
            if max_norm is not None:
                assert norms[0] > 2 * max_norm, f"clipping is idle: {norms[0]}"
            print(f"  {kind:16} clip {max_norm}: norm {norms[0]:.3f} -> {norms[-1]:.3f}, loss {losses[0]:.4f} -> "
                  f"{losses[-1]:.4f}, parameters moved by {min(ways):.1%} to {max(ways):.1%}")
            document["optimizers"].append({
                "kind": kind,
                "hyperparameters": constants,
                "max_gradient_norm": max_norm,
                "loss": "huber",
                "steps": 10,
                "gradient_norms": [digits(v) for v in norms],
                "losses": [digits(v) for v in losses],
                "parameters": {name: encode(p, sampled=True) for name, p in parameters.items()},
            })
    path = OUTPUT / f"{case.name}.json"
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB, worst float32 rounding {worst:.1e}")


def main():
    torch.set_num_threads(1)
    OUTPUT.mkdir(exist_ok=True)
    dense = [{"weight": [64, 4]}, {"weight": [64, 64]}, {"weight": [2, 64]}]
    rates = {"adam": 1e-3, "rmsprop": 1e-3, "rmsprop-centred": 1e-3}
    record(Case("mlp-64-64", "mlp:64,64", [4], "float32", 2, 8, dense, rates, 1e-5))
    convolutional = [
        {"weight": [32, 4, 8, 8], "stride": 4},
        {"weight": [64, 32, 4, 4], "stride": 2},
        {"weight": [64, 64, 3, 3], "stride": 1},
        {"weight": [512, 3136]},
        {"weight": [6, 512]},
    ]
    rates = {"adam": 1e-4, "rmsprop": 3e-4, "rmsprop-centred": 3e-4}
    record(Case("nature-cnn", "nature-cnn", [4, 84, 84], "uint8", 6, 2, convolutional, rates, 1e-6))


if __name__ == "__main__":
    main()

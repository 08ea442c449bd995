#!/usr/bin/env python3
"""Records PyTorch's results for dueling and actor-critic networks and their losses, into Fixtures/networks/.

    python Fixtures/scripts/record_heads.py

Made with Python 3.11, torch 2.15.0 and numpy 2.4.6 on x86-64. Weights, inputs, actions, targets and row weights
come from the integer hash of record_networks.py. As there, everything is computed in float32 and checked against
float64. The losses in losses.json are computed in float64 from float32 outputs, including extreme ones.
"""

import json
import math

import numpy as np
import torch

from record_networks import (
    OUTPUT, SALT_ACTIONS, SALT_OBSERVATIONS, SALT_PARAMETERS, SALT_TARGETS, check, digits, encode, hashed, unit,
)

SALT_WEIGHTS = 7
ENTROPY_COEFFICIENT, VALUE_COEFFICIENT = 0.01, 0.5


class Case:
    """A network, a batch and the values to record. A layer is (outputs, kernel, stride) or a number of units."""

    def __init__(self, name, network, head, shape, element, actions, batch, layers):
        self.name, self.network, self.head, self.shape, self.element = name, network, head, shape, element
        self.action_count, self.batch, self.layers = actions, batch, layers
        inputs = batch * math.prod(shape)
        if element == "uint8":
            bytes_ = (hashed(inputs, SALT_OBSERVATIONS) >> np.uint32(24)).astype(np.uint8)
            self.raw = (bytes_.reshape(batch, -1) >> np.arange(batch, dtype=np.uint8)[:, None]).flatten()
        else:
            self.raw = unit(inputs, SALT_OBSERVATIONS).astype(np.float32)
        self.targets = (3.0 * unit(batch, SALT_TARGETS)).astype(np.float32)
        self.weights = (1.0 + 0.9 * unit(batch, SALT_WEIGHTS)).astype(np.float32)
        self.actions = (hashed(batch, SALT_ACTIONS) % np.uint32(actions)).astype(np.int64)
        self.parameters = self.make_parameters()

    def weight_shapes(self):
        """Names and weights' shapes in canonical order."""
        shapes, extents, hidden = [], list(self.shape), list(self.layers)
        split = None
        if self.head == "dueling" and not isinstance(hidden[-1], tuple):
            split = hidden.pop()
        for index, layer in enumerate(hidden):
            if isinstance(layer, tuple):
                outputs, kernel, stride = layer
                shapes.append((f"layers/{index}", [outputs, extents[0], kernel, kernel]))
                extents = [outputs] + [(extent - kernel) // stride + 1 for extent in extents[1:]]
            else:
                shapes.append((f"layers/{index}", [layer, math.prod(extents)]))
                extents = [layer]
        features = math.prod(extents)
        if self.head == "actor_critic":
            return shapes + [("head", [self.action_count + 1, features])]
        for stream, outputs in (("value", 1), ("advantage", self.action_count)):
            if split:
                shapes.append((f"{stream}/hidden", [split, features]))
            shapes.append((f"{stream}/output", [outputs, split or features]))
        return shapes

    def make_parameters(self):
        """Names and float32 values; one hash index runs through all of them."""
        shapes = []
        for name, shape in self.weight_shapes():
            fan_in = math.prod(shape[1:])
            shapes += [(f"{name}/weight", shape, fan_in), (f"{name}/bias", shape[:1], fan_in)]
        values = unit(sum(math.prod(shape) for _, shape, _ in shapes), SALT_PARAMETERS)
        parameters, offset = {}, 0
        for name, shape, fan_in in shapes:
            count = math.prod(shape)
            scaled = values[offset : offset + count] / math.sqrt(fan_in)
            parameters[name] = scaled.astype(np.float32).reshape(shape)
            offset += count
        return parameters

    def tensors(self, dtype):
        """Fresh trainable copies of the parameters."""
        return {name: torch.tensor(v, dtype=dtype, requires_grad=True) for name, v in self.parameters.items()}

    def forward(self, parameters, dtype):
        """The outputs of the batch."""
        x = torch.tensor(self.raw).reshape([self.batch, *self.shape]).to(dtype)
        if self.element == "uint8":
            x = x / 255

        def linear(name, x):
            return torch.nn.functional.linear(x.flatten(1), parameters[f"{name}/weight"], parameters[f"{name}/bias"])

        for index, layer in enumerate(self.layers):
            name = f"layers/{index}"
            if f"{name}/weight" not in parameters:
                break
            if isinstance(layer, tuple):
                x = torch.nn.functional.conv2d(
                    x, parameters[f"{name}/weight"], parameters[f"{name}/bias"], stride=layer[2])
            else:
                x = linear(name, x)
            x = torch.relu(x)
        if self.head == "actor_critic":
            return linear("head", x)

        def stream(name):
            hidden = torch.relu(linear(f"{name}/hidden", x)) if f"{name}/hidden/weight" in parameters else x
            return linear(f"{name}/output", hidden)

        value, advantage = stream("value"), stream("advantage")
        return value + advantage - advantage.mean(dim=1, keepdim=True)

    def losses(self, parameters, dtype):
        """Each recorded loss by name: a scalar to differentiate, and the parts to record."""
        outputs = self.forward(parameters, dtype)
        if self.head == "actor_critic":
            # The last row is padding.
            count = self.batch - 1
            total, parts = actor_critic(
                outputs[:count], torch.tensor(self.actions[:count]), torch.tensor(self.targets[:count]).to(dtype))
            return {"actor_critic": (total, parts)}
        result = {}
        targets, weights = torch.tensor(self.targets).to(dtype), torch.tensor(self.weights).to(dtype)
        for kind in ("huber", "squared"):
            each = q_losses(kind, outputs, torch.tensor(self.actions), targets)
            result[kind] = (each.mean(), {"loss": each.mean().item()})
            weighted = (each * weights).mean()
            result[f"{kind}-weighted"] = (weighted, {"loss": weighted.item()})
        return result


def q_losses(kind, outputs, actions, targets):
    """Each row's loss of the chosen action."""
    chosen = outputs.gather(1, actions.unsqueeze(1)).squeeze(1)
    function = torch.nn.functional.smooth_l1_loss if kind == "huber" else torch.nn.functional.mse_loss
    return function(chosen, targets, reduction="none")


def actor_critic(outputs, actions, returns, entropy_coefficient=ENTROPY_COEFFICIENT,
                 value_coefficient=VALUE_COEFFICIENT):
    """A3C's loss, summed over rows; and its parts without coefficients."""
    logits, values = outputs[:, :-1], outputs[:, -1]
    logarithms = torch.log_softmax(logits, dim=1)
    advantages = returns - values
    policy = -(logarithms.gather(1, actions.unsqueeze(1)).squeeze(1) * advantages.detach()).sum()
    value = (advantages**2).sum()
    entropy = -(logarithms.exp() * logarithms).sum()
    total = policy - entropy_coefficient * entropy + value_coefficient * value
    return total, {"policy": policy.item(), "value": value.item(), "entropy": entropy.item()}


def record(case):
    """Writes a network's file."""
    document = {
        "network": case.network,
        "head": {"type": case.head, "actions": case.action_count},
        "input": {"shape": case.shape, "element": case.element},
        "batch": case.batch,
        "actions": case.actions.tolist(),
        "targets": [digits(v) for v in case.targets],
        "weights": [digits(v) for v in case.weights],
        "parameters": {name: encode(torch.tensor(value), sampled=True) for name, value in case.parameters.items()},
        "losses": {},
        "gradients": {},
    }
    outputs = case.forward(case.tensors(torch.float32), torch.float32)
    worst = check("outputs", outputs, case.forward(case.tensors(torch.float64), torch.float64), sampled=False)
    document["outputs"] = [[digits(v) for v in row] for row in outputs.tolist()]
    if case.head == "dueling":
        # The batch must use both branches of the Huber loss.
        errors = [abs(document["outputs"][row][a] - case.targets[row]) for row, a in enumerate(case.actions)]
        assert min(errors) < 1 < max(errors), errors
    for kind in case.losses(case.tensors(torch.float32), torch.float32):
        single, double = case.tensors(torch.float32), case.tensors(torch.float64)
        loss, parts = case.losses(single, torch.float32)[kind]
        loss.backward()
        case.losses(double, torch.float64)[kind][0].backward()
        document["losses"][kind] = {part: digits(value) for part, value in parts.items()}
        document["gradients"][kind] = {}
        for name, parameter in single.items():
            worst = max(worst, check(f"{kind} gradient of {name}", parameter.grad, double[name].grad, True))
            document["gradients"][kind][name] = encode(parameter.grad, sampled=True)
    write(f"{case.name}.json", document)
    print(f"  worst float32 rounding {worst:.1e}")


def extremes():
    """Outputs of an actor-critic with four actions that are difficult for a softmax, one row of each kind."""
    return np.array([
        [0.3, -0.2, 1.1, 0.4, 0.7],
        [1e4, -1e4, 0, 5e3, 2.0],  # the chosen action's probability is zero
        [1e4, -1e4, 0, 5e3, -2.0],  # and here it is one
        [-1e4, -1e4, -1e4, -1e4, 0.5],  # uniform, far below zero
        [1e4, 1e4, -1e4, -1e4, 0.0],  # two share it
        [88.0, -104.0, 0.0, 3.0, 1e4],  # single precision's exp overflows and underflows; a large value
        [9999.0, 10000.0, 9998.0, 9990.0, -1.0],
    ], dtype=np.float32)


def record_losses():
    """Writes losses.json: gradients with respect to outputs, in float64."""
    document = {"actor_critic": [], "action_values": []}
    outputs = extremes()
    actions, returns = [2, 1, 0, 3, 1, 1, 0], [1.5, 3.0, -0.5, 0.25, 1.0, -2.0, 4.0]
    for entropy_coefficient, value_coefficient in ((0.01, 0.5), (0.0, 1.0), (0.5, 0.25)):
        leaf = torch.tensor(outputs, dtype=torch.float64, requires_grad=True)
        total, parts = actor_critic(
            leaf, torch.tensor(actions), torch.tensor(returns, dtype=torch.float64), entropy_coefficient,
            value_coefficient)
        total.backward()
        assert torch.isfinite(leaf.grad).all()
        document["actor_critic"].append({
            "entropy_coefficient": entropy_coefficient,
            "value_coefficient": value_coefficient,
            "outputs": [[digits(v) for v in row] for row in outputs.tolist()],
            "actions": actions,
            "returns": returns,
            **{part: digits(value) for part, value in parts.items()},
            "gradient": [[digits(v) for v in row] for row in leaf.grad.tolist()],
        })
    rows, width, count = 6, 3, 5  # the last row is padding
    values = (2.0 * unit(rows * width, SALT_OBSERVATIONS)).astype(np.float32).reshape(rows, width)
    targets = (3.0 * unit(rows, SALT_TARGETS)).astype(np.float32)
    weights = (1.0 + 0.9 * unit(rows, SALT_WEIGHTS)).astype(np.float32)
    actions = (hashed(rows, SALT_ACTIONS) % np.uint32(width)).astype(np.int64)
    errors = np.abs(values[np.arange(count), actions[:count]] - targets[:count])
    assert errors.min() < 1 < errors.max(), errors
    for kind in ("huber", "squared"):
        for reduction in ("mean", "sum"):
            for weighted in (False, True):
                leaf = torch.tensor(values, dtype=torch.float64, requires_grad=True)
                each = q_losses(
                    kind, leaf[:count], torch.tensor(actions[:count]),
                    torch.tensor(targets[:count], dtype=torch.float64))
                if weighted:
                    each = each * torch.tensor(weights[:count], dtype=torch.float64)
                loss = each.mean() if reduction == "mean" else each.sum()
                loss.backward()
                document["action_values"].append({
                    "kind": kind,
                    "reduction": reduction,
                    "outputs": [[digits(v) for v in row] for row in values.tolist()],
                    "actions": actions.tolist(),
                    "targets": [digits(v) for v in targets],
                    "weights": [digits(v) for v in weights] if weighted else None,
                    "count": count,
                    "loss": digits(loss.item()),
                    "gradient": [[digits(v) for v in row] for row in leaf.grad.tolist()],
                })
    write("losses.json", document)


def write(name, document):
    """Writes a file on one line."""
    path = OUTPUT / name
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{name}: {path.stat().st_size // 1024} KiB")


def main():
    torch.set_num_threads(1)
    convolutions = [(8, 3, 1), (16, 3, 2), 32]
    pixels = [3, 12, 12]
    record(Case("dueling-mlp", "mlp:32,32", "dueling", [4], "float32", 3, 8, [32, 32]))
    record(Case("dueling-cnn", "conv:8k3s1,16k3s2/fc32", "dueling", pixels, "uint8", 4, 4, convolutions))
    record(Case("dueling-linear", "conv:8k3s1,16k3s2", "dueling", pixels, "uint8", 4, 4, convolutions[:2]))
    record(Case("actor-critic-mlp", "mlp:32,32", "actor_critic", [4], "float32", 3, 8, [32, 32]))
    record(Case("actor-critic-cnn", "conv:8k3s1,16k3s2/fc32", "actor_critic", pixels, "uint8", 4, 4, convolutions))
    record_losses()


if __name__ == "__main__":
    main()

"""Records what each method learns with each optimiser in the scripted environment of record_methods.py.

The optimisers are PyTorch's own. `torch.optim.Adam` computes the same as the project's Adam. `torch.optim.RMSprop` adds
epsilon to the root, where the project adds it to the value under the root (Mnih 2015 and 2016), and no epsilon of the
one equals an epsilon of the other. So PyTorch's optimiser computes the averages, and only the quotient is written here.
The cases whose epsilon is too small to matter use PyTorch's step as it is.

Each case names the settings as a user of the program writes them, and the constants that must be in force then.

    python Fixtures/scripts/record_optimizers.py
"""

import functools
import json

import torch

import record_methods as base

OUT = base.OUT.parent / "optimizers.json"
BATCH, TRAIN_INTERVAL = 4, 2
NEGLIGIBLE = 1e-30


class TorchOptimizer:
    """One of PyTorch's optimisers with the project's constants."""

    def __init__(self, parameters, constants):
        self.constants = constants
        kind, epsilon = constants["kind"], constants["epsilon"]
        # An optimiser holds views, so that it changes the given tensors.
        if kind == "adam":
            self.optimizer = torch.optim.Adam(
                parameters, lr=0.0, betas=(constants["beta1"], constants["beta2"]), eps=epsilon)
        else:
            self.optimizer = torch.optim.RMSprop(
                parameters, lr=0.0, alpha=constants["decay"], eps=epsilon**0.5, centered=constants["centred"])

    def step(self, parameters, gradients, rate):
        constants = self.constants
        inside_the_root = constants["kind"] == "rmsprop" and constants["epsilon"] > NEGLIGIBLE
        for group in self.optimizer.param_groups:
            group["lr"] = 0.0 if inside_the_root else rate
        for p, g in zip(parameters, gradients):
            p.grad = g.detach().clone()
        self.optimizer.step()
        if not inside_the_root:
            return
        for p in parameters:
            state = self.optimizer.state[p]
            variance = state["square_avg"]
            if constants["centred"]:
                variance = variance - state["grad_avg"] ** 2
            p -= rate * p.grad / torch.sqrt(variance.clamp(min=0) + constants["epsilon"])


def variants(method):
    """The settings, the constants in force and the learning rate of each optimiser."""
    adam = {"kind": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    rmsprop = {"kind": "rmsprop", "decay": 0.95, "epsilon": 0.01, "centred": True}
    if not method.endswith("dqn"):
        rmsprop = {"kind": "rmsprop", "decay": 0.99, "epsilon": 0.1 if method == "a3c" else 0.01, "centred": False}
    yield ["optimizer=adam"], adam, 0.02
    yield ["adam_beta1=0.5", "optimizer_epsilon=1e-3", "optimizer=adam"], {**adam, "beta1": 0.5, "epsilon": 1e-3}, 0.02
    yield ["optimizer=rmsprop"], rmsprop, 0.02
    other = not rmsprop["centred"]
    yield [f"rmsprop_centred={str(other).lower()}", "optimizer=rmsprop"], {**rmsprop, "centred": other}, 0.02
    for centred in (False, True):
        yield (
            ["optimizer=rmsprop", f"rmsprop_centred={str(centred).lower()}", f"optimizer_epsilon={NEGLIGIBLE}"],
            {**rmsprop, "centred": centred, "epsilon": NEGLIGIBLE}, 0.002)


def main():
    torch.manual_seed(5)
    rounded = lambda values: [float(f"{v:.8g}") for v in values]
    draw = lambda outputs: [
        torch.randn(base.UNITS, base.FEATURES) * 0.5, torch.randn(base.UNITS) * 0.1,
        torch.randn(outputs, base.UNITS) * 0.5, torch.randn(outputs) * 0.1,
    ]
    starts = {"values": draw(base.ACTIONS), "policy": draw(base.ACTIONS + 1)}
    cases = []
    for method in ["dqn", "async-dqn", "async-q", "async-sarsa", "async-nstep-q", "a3c"]:
        start = "policy" if method == "a3c" else "values"
        for settings, constants, rate in variants(method):
            make = functools.partial(TorchOptimizer, constants=constants)
            if method.endswith("dqn"):
                result = base.play_replay(starts[start], rate, make, BATCH, TRAIN_INTERVAL)
            else:
                result = base.play(method, "squared", False, starts[start], rate, make)
            cases.append({
                "method": method, "settings": settings, "constants": constants, "rate": rate, "start": start,
                "online": rounded(result["online"]),
            })
    document = {
        "batch_size": BATCH, "train_interval": TRAIN_INTERVAL,
        "starts": {name: rounded(v for p in start for v in p.flatten().tolist()) for name, start in starts.items()},
        "cases": cases,
    }
    OUT.write_text(json.dumps(document) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

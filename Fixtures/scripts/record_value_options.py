"""Records what options of the value-based methods learn in the scripted environment of record_methods.py: Munchausen
learning (Vieillard 2020) and quantile regression (Dabney 2018), computed by PyTorch with its Adam.

    python Fixtures/scripts/record_value_options.py
"""

import functools
import json

import torch

import record_methods as base
from record_optimizers import BATCH, TRAIN_INTERVAL, TorchOptimizer

OUT = base.OUT.parent / "value-options.json"
RATE = 0.02
ADAM = {"kind": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
# Temperatures that are small and large against the differences of the values, and clips that bind and do not.
MUNCHAUSEN = [(0.9, 0.03, -1.0), (0.5, 0.5, -0.2)]
QUANTILES = 5


def cases():
    settings = lambda m: [
        "munchausen=true", f"munchausen_alpha={m[0]}", f"munchausen_temperature={m[1]}", f"munchausen_clip={m[2]}"]
    for constants in MUNCHAUSEN:
        option = {"munchausen": base.Munchausen(*constants)}
        for method in ("async-q", "async-nstep-q"):
            yield method, settings(constants), option
        yield "dqn", settings(constants), option
        yield "async-dqn", settings(constants) + ["n_step=3"], {**option, "n_step": 3}
    quantiles = [f"quantiles={QUANTILES}"]
    yield "dqn", quantiles, {"quantiles": QUANTILES}
    yield "async-dqn", quantiles + ["n_step=3", "double=true"], {
        "quantiles": QUANTILES, "n_step": 3, "double": True}
    yield "dqn", quantiles + settings(MUNCHAUSEN[1]), {
        "quantiles": QUANTILES, "munchausen": base.Munchausen(*MUNCHAUSEN[1])}


def quantile_loss(rows=4, actions=3, quantiles=7):
    """The loss and its gradient by autograd, weighted as by a prioritized replay."""
    outputs = (2 * torch.randn(rows, actions, quantiles)).requires_grad_()
    targets = 2 * torch.randn(rows, quantiles)
    targets[0] = outputs[0, 1].detach()  # errors of 0
    chosen = torch.tensor([1, 0, 2, 2])
    weights = torch.rand(rows)
    taken = outputs[torch.arange(rows), chosen]
    error = targets[:, None, :] - taken[:, :, None]
    fractions = (torch.arange(quantiles) + 0.5) / quantiles
    weight = (fractions[None, :, None] - (error.detach() < 0).float()).abs()
    huber = torch.nn.functional.huber_loss(
        taken[:, :, None].expand_as(error), targets[:, None, :].expand_as(error), reduction="none", delta=1.0)
    loss = (weights * (weight * huber).mean(2).sum(1)).mean()
    loss.backward()
    flat = lambda values: [float(f"{v:.9g}") for v in values.flatten().tolist()]
    return {
        "quantiles": quantiles, "outputs": flat(outputs.detach()), "targets": flat(targets), "actions": chosen.tolist(),
        "weights": flat(weights), "loss": float(loss.detach()), "gradient": flat(outputs.grad),
        "errors": flat((taken.detach().mean(1) - targets.mean(1)).abs()),
    }


def main():
    torch.manual_seed(8)
    rounded = lambda values: [float(f"{v:.8g}") for v in values]
    recorded = []
    for method, settings, options in cases():
        outputs = base.ACTIONS * options.get("quantiles", 1)
        start = [
            torch.randn(base.UNITS, base.FEATURES) * 0.5, torch.randn(base.UNITS) * 0.1,
            torch.randn(outputs, base.UNITS) * 0.5, torch.randn(outputs) * 0.1,
        ]
        make = functools.partial(TorchOptimizer, constants=ADAM)
        if method.endswith("dqn"):
            result = base.play_replay(start, RATE, make, BATCH, TRAIN_INTERVAL, **options)
        else:
            result = base.play(method, "squared", False, start, RATE, make, **options)
        recorded.append({
            "method": method, "settings": settings + ["optimizer=adam"], "rate": RATE,
            "initial": rounded(v for p in start for v in p.flatten().tolist()), "online": rounded(result["online"]),
        })
    OUT.write_text(json.dumps({"cases": recorded, "quantile_loss": quantile_loss()}) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

"""Compares policies with what they compute in other programs; Scripts/check-interchange calls it.

usage: PYTHON check_interchange.py BIN_DIR POLICY.h5…
"""

import importlib.util
import os
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import swift_dqn

programs = pathlib.Path(sys.argv[1])
failures = []


def has(*modules):
    """Whether packages are installed; says once which are not."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing and missing not in has.said:
        has.said.append(missing)
        print(f"skipped: {', '.join(missing)} is not installed")
    return not missing


has.said = []


def observations(policy):
    random = np.random.default_rng(1)
    shape = policy.network.input_shape
    count = 10_000 if np.prod(shape) < 1000 else 200
    if policy.network.element == "uint8":
        return random.integers(0, 256, (count, *shape)).astype(np.uint8)
    return random.normal(size=(count, *shape)).astype(np.float32)


def tool(*arguments):
    subprocess.run([programs / "dqn-checkpoint", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def compare(name, found, policy, batch):
    """Values to 1e-5 of their size, and equal greedy actions."""
    expected = policy.q_values(batch)
    found = np.asarray(found, np.float64)[:, : policy.network.actions]
    difference = float((np.abs(found - expected) / np.maximum(1, np.abs(expected))).max())
    # Actions whose values are equal to rounding are equally good.
    best = np.take_along_axis(expected, found.argmax(axis=1)[:, None], axis=1)[:, 0]
    different = int((expected.max(axis=1) - best > 1e-5 * np.maximum(1, np.abs(best))).sum())
    equal = int((found.argmax(axis=1) == expected.argmax(axis=1)).sum())
    isFine = difference <= 1e-5 and different == 0
    print(f"{'ok    ' if isFine else 'FAILED'} {name}: {len(batch)} observations, difference {difference:.1e}, "
          f"{equal} equal actions")
    if not isFine:
        failures.append(name)


def contents(path):
    with h5py.File(path) as file:
        found = {}
        file.visititems(lambda name, item: found.update({name: item[()].tobytes()}) if hasattr(item, "shape") else None)
    return {name: value for name, value in found.items() if name != "manifest" and not name.startswith("extensions/")}


def comes_back(name, path, source, *options, exactly=True):
    """Imports a file; its datasets are those of the policy, or its network computes the same."""
    back = pathlib.Path(str(path) + ".back.h5")
    try:
        tool("import", path, back, "--force", *options)
        copy = swift_dqn.load(back).policy
        values = copy.q_values(batch)
    except (subprocess.CalledProcessError, ValueError) as error:
        failures.append(name)
        print(f"FAILED {name}: {error}")
        return
    if exactly and contents(back) != contents(source):
        failures.append(name)
        print(f"FAILED {name}: the imported file differs")
    else:
        compare(f"{name}, imported again", values, policy, batch)


for source in map(pathlib.Path, sys.argv[2:]):
    policy = swift_dqn.load(source).policy
    batch = observations(policy)
    stem = source.with_suffix("")
    named = source.stem.replace("-", "_") + "_policy"
    weights = source.with_name(named + ".safetensors")
    tool("export", source, weights, "--pytorch-module", "--force")
    if has("torch", "safetensors"):
        import torch

        specification = importlib.util.spec_from_file_location(named, weights.with_suffix(".py"))
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        network = module.Policy.load(weights)
        compare(f"{source.stem}: PyTorch", network.q_values(batch), policy, batch)
        if [network.act(one) for one in batch[:50]] != list(network.q_values(batch[:50]).argmax(dim=1)):
            failures.append(f"{source.stem}: act")
        network.save(weights)
    comes_back(f"{source.stem}: safetensors", weights, source)

    tool("export", source, f"{stem}.npz", "--force")
    arrays = dict(np.load(f"{stem}.npz"))
    names = {name: arrays[name.replace("/", ".")] for name in policy.network.parameters}
    if any(names[name].tobytes() != np.asarray(policy.parameters[name]).tobytes() for name in names):
        failures.append(f"{source.stem}: npz")
    comes_back(f"{source.stem}: npz", f"{stem}.npz", source)

    if os.environ.get("DQN_CHECK_ONNX", "1") == "1" and has("onnxruntime"):
        import onnxruntime

        path = pathlib.Path(f"{stem}.onnx")
        tool("export", source, path, "--force")
        session = onnxruntime.InferenceSession(path)
        compare(f"{source.stem}: ONNX Runtime", session.run(None, {session.get_inputs()[0].name: batch})[0], policy, batch)
        comes_back(f"{source.stem}: onnx", path, source)

    if has("stable_baselines3"):
        model = policy.to_stable_baselines3()
        actions = model.predict(batch, deterministic=True)[0]
        if (actions != policy.actions(batch)).sum() > 1e-3 * len(batch):
            failures.append(f"{source.stem}: Stable-Baselines3")
        with torch.no_grad():
            tensor = torch.as_tensor(batch)
            values = (model.q_net(tensor) if hasattr(model, "q_net")
                      else model.policy.get_distribution(tensor).distribution.logits)
        if hasattr(model, "q_net"):
            compare(f"{source.stem}: Stable-Baselines3", values, policy, batch)
        else:
            print(f"ok     {source.stem}: Stable-Baselines3: {(actions == policy.actions(batch)).sum()} equal actions")
        path = pathlib.Path(f"{stem}.zip")
        excluded = ["replay_buffer", "rollout_buffer"]
        model.save(path, exclude=excluded)
        comes_back(f"{source.stem}: Stable-Baselines3", path, source)
        type(model).load(path, device="cpu").save(path, exclude=excluded)
        comes_back(f"{source.stem}: Stable-Baselines3, saved again", path, source)

    if has("keras"):
        import keras

        model = policy.to_keras()
        outputs = model.predict(batch, verbose=0, batch_size=500)
        compare(f"{source.stem}: Keras", outputs[0] if isinstance(outputs, list) else outputs, policy, batch)
        for ending in ["keras", "h5"]:
            path = source.with_name(f"{source.stem}-keras.{ending}")
            model.save(path)
            comes_back(f"{source.stem}: Keras .{ending}", path, source)
            # Saved by a program that has never seen the policy. Keras 3 writes operations such as a mean into its older format
            # but cannot read them from there.
            try:
                loaded = keras.models.load_model(path, compile=False)
            except ValueError as error:
                if ending == "keras":
                    raise
                print(f"skip   {source.stem}: Keras cannot read its own .{ending}: {str(error).split('. ')[0]}")
                continue
            loaded.save(path)
            comes_back(f"{source.stem}: Keras .{ending}, saved again", path, source)

if failures:
    sys.exit(f"{len(failures)} failures: {', '.join(failures)}")

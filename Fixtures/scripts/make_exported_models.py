"""Makes Fixtures/interchange/own: models of other libraries that the package in Python/ makes of golden checkpoints.

usage: PYTHON Fixtures/scripts/make_exported_models.py

PYTHON needs torch, stable_baselines3, keras, h5py and numpy. The name of a model is that of its checkpoint. `trained-*` have
other parameters than their descriptions: somebody has trained them further. Models of Keras have been loaded and saved again.
"""

import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy
import torch

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(REPOSITORY / "Python" / "src"))
import swift_dqn  # noqa: E402

FOLDER = REPOSITORY / "Fixtures" / "interchange" / "own"
FOLDER.mkdir(exist_ok=True)
torch.manual_seed(1)
POLICIES = [
    ("2.1", "method-dqn"), ("1.1", "method-a3c"), ("2.1", "sample-dueling-streams"), ("2.1", "sample-layers"),
    ("1.1", "method-dqn"), ("2.1", "sample-pixels"), ("2.1", "sample-actor-critic-streams"), ("2.1", "sample-dueling"),
]
for version, name in POLICIES:
    path = REPOSITORY / "Fixtures" / "checkpoints" / version / f"{name}.h5"
    model = swift_dqn.load(path, replay=False).policy.to_stable_baselines3()
    excluded = ["replay_buffer", "rollout_buffer", "ep_info_buffer"]
    model.save(FOLDER / f"{version}-{name}.zip", exclude=excluded)
    if name == "method-a3c" or (version, name) == ("2.1", "method-dqn"):
        with torch.no_grad():
            for parameter in model.policy.parameters():
                parameter.add_(0.01 * torch.randn_like(parameter))
        model.save(FOLDER / f"trained-{version}-{name}.zip", exclude=excluded)

for version, name in POLICIES:
    path = FOLDER / f"{version}-{name}.keras"
    swift_dqn.load(REPOSITORY / "Fixtures" / "checkpoints" / version / f"{name}.h5", replay=False).policy.to_keras().save(path)
    model = keras.models.load_model(path)
    model.save(path)
    if (version, name) == ("2.1", "method-dqn"):
        for weight in model.weights:
            weight.assign(numpy.array(weight) + 0.01)
        model.save(FOLDER / f"trained-{version}-{name}.keras")

"""Makes Fixtures/interchange/published: small policies as programs that people publish save theirs.

usage: PYTHON Fixtures/scripts/make_published_files.py

PYTHON needs torch, flax (with jax), keras, h5py and numpy; tests need none of them. `expected.json` is that of
make_named_files.py: options, observations and values, or words of the refusal.
"""

import argparse
import collections
import io
import os
import pathlib
import pickle
import zipfile

os.environ["KERAS_BACKEND"] = "torch"

import flax.linen
import flax.serialization
import jax
import keras
import numpy
import torch
from keras import layers
from torch import nn
from torch.nn import functional

from expectations import Expectations

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "interchange" / "published"
random = numpy.random.default_rng(7)
torch.manual_seed(7)
VECTORS = random.normal(size=(4, 4)).astype(numpy.float32)
expectations = Expectations(FOLDER, VECTORS)
record, refused = expectations.record, expectations.refused


def save(name, network, state=None, observations=VECTORS, given=None, older=False, **options):
    """Saves a state dictionary, or what it is part of, and records the network's values."""
    network.eval()
    with torch.no_grad():
        values = network(torch.as_tensor(observations if given is None else given)).numpy()
    torch.save(network.state_dict() if state is None else state, FOLDER / name, _use_new_zipfile_serialization=not older)
    record(name, values, observations, **options)


def dense(*sizes, activation=nn.ReLU):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


class Rows(nn.Module):
    """Linear layers with given names, one after another."""

    def __init__(self, *names, sizes=(4, 6, 5, 2)):
        super().__init__()
        self.names = names
        for name, inputs, outputs in zip(names, sizes, sizes[1:]):
            setattr(self, name, nn.Linear(inputs, outputs))

    def forward(self, x):
        for name in self.names[:-1]:
            x = torch.relu(getattr(self, name)(x))
        return getattr(self, self.names[-1])(x)


class Parts(nn.Module):
    """Networks side by side, of which the first one acts."""

    def __init__(self, **parts):
        super().__init__()
        self.first = next(iter(parts))
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return getattr(self, self.first)(x)


# Courses and tutorials.
save("udacity.pth", Rows("fc1", "fc2", "fc3"), older=True)
save("tutorial.pth", Rows("layer1", "layer2", "layer3"))
save("words.pth", Rows("input_layer", "hidden_layer", "output_layer"))
save("model.cleanrl_model", Parts(network=dense(4, 6, 5, 2)))
network = Parts(q_eval=Rows("fc1", "fc2", "fc3"), q_next=Rows("fc1", "fc2", "fc3"))
save("evaluation.pth", network)
network = Parts(eval_net=Rows("fc1", "fc2", "out"), target_net=Rows("fc1", "fc2", "out"))
optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
network(torch.randn(3, 4)).sum().backward()
optimizer.step()
save("training.pth.tar", network, state={
    "epoch": 12, "state_dict": network.state_dict(), "optimizer": optimizer.state_dict(), "scores": [1.0, 2.5],
    "epsilon": numpy.float64(0.01), "steps_done": torch.tensor(77), "args": argparse.Namespace(lr=1e-3, dtype=numpy.float32)})
online = Parts(online=dense(4, 6, 2), target=dense(4, 6, 2))
save("mario.chkpt", online, state={"model": online.state_dict(), "exploration_rate": 0.1})
policy, target = Rows("layer1", "layer2", "layer3"), Rows("layer1", "layer2", "layer3")
save("both.pt", policy, state={"target_net": target.state_dict(), "policy_net": policy.state_dict()})
network = Rows("l1", "l2", "l3")
network.register_buffer("step", torch.tensor(5))
save("counter.pth", network)


class Dueling(nn.Module):
    def __init__(self, features, value, advantage, trunk, first, second):
        super().__init__()
        self.names = features, value, advantage
        for name, part in zip(self.names, (trunk, first, second)):
            setattr(self, name, part)

    def forward(self, x):
        features, value, advantage = (getattr(self, name) for name in self.names)
        x = torch.relu(features(x))
        advantages = advantage(x)
        return value(x) + advantages - advantages.mean(dim=1, keepdim=True)


save("streams.pth", Dueling("feature", "value", "advantage", nn.Sequential(nn.Linear(4, 6)), dense(6, 5, 1), dense(6, 5, 3)))
save("stream-names.pth", Dueling(
    "feature_layer", "value_stream", "advantage_stream", nn.Linear(4, 6), dense(6, 5, 1), dense(6, 5, 2)))
save("ends.pth", Dueling("fc1", "V", "A", nn.Linear(4, 6), nn.Linear(6, 1), nn.Linear(6, 2)))
save("adv-val.pth", Dueling("net_state", "net_val", "net_adv", nn.Linear(4, 6), dense(6, 5, 1), dense(6, 5, 2)))
network = Dueling("fc", "state_value", "action_value", nn.Linear(4, 6), nn.Linear(6, 1), nn.Linear(6, 3))
save("values.pth", network)

# Libraries.


class Branches(nn.Module):
    """An actor and a critic, whose outputs are logits and value."""

    def __init__(self, actor, critic, shared=None):
        super().__init__()
        self.parts = [actor, critic, shared]

    def forward(self, x):
        actor, critic, shared = self.parts
        x = x if shared is None else torch.tanh(shared(x))
        return torch.cat([actor(x), critic(x)], dim=1)


actor, critic = dense(4, 6, 5, 2, activation=nn.Tanh), dense(4, 7, 1, activation=nn.Tanh)
pair = Branches(actor, critic)
# RLlib.
save("rllib.pt", pair, activation="tanh", state=collections.OrderedDict(
    [(f"_hidden_layers.{i}._model.0.{part}", getattr(actor[2 * i], part)) for i in (0, 1) for part in ("weight", "bias")]
    + [(f"_value_branch_separate.0._model.0.{part}", getattr(critic[0], part)) for part in ("weight", "bias")]
    + [(f"_logits._model.0.{part}", getattr(actor[4], part)) for part in ("weight", "bias")]
    + [(f"_value_branch._model.0.{part}", getattr(critic[2], part)) for part in ("weight", "bias")]))
# Spinning Up.
save("spinning-up.pt", pair, activation="tanh", state=collections.OrderedDict(
    [(f"pi.logits_net.{key}", value) for key, value in actor.state_dict().items()]
    + [(f"v.v_net.{key}", value) for key, value in critic.state_dict().items()]))
save("two-dictionaries.pth", pair, activation="tanh", state={
    "actor_state_dict": actor.state_dict(), "critic_state_dict": critic.state_dict(), "episode": 9})
# PyTorch's examples.
shared, heads = nn.Linear(4, 6), (nn.Linear(6, 2), nn.Linear(6, 1))
save("examples.pth", Branches(*heads, shared), activation="tanh", state=collections.OrderedDict(
    (f"{name}.{key}", value) for name, part in zip(["affine1", "action_head", "value_head"], [shared, *heads])
    for key, value in part.state_dict().items()))
# d3rlpy.
first, second = dense(4, 6, 2), dense(4, 6, 2)


def encoded(prefix, network):
    return {f"{prefix}._q_funcs.0.{name}.{key}": getattr(network[index], key)
            for name, index in [("_encoder._layers.0", 0), ("_fc", 2)] for key in ("weight", "bias")}


save("d3rlpy.pt", first, state={**encoded("_q_func", first), **encoded("_targ_q_func", second)})
# OpenSpiel.
network = dense(4, 6, 2)
save("open-spiel.pt", network, state={
    f"_model.{place}._{key}": getattr(network[2 * place], key) for place in (0, 1) for key in ("weight", "bias")})
# Lightning.
network = dense(4, 6, 2)
save("lightning.ckpt", network, state={
    "epoch": 3, "global_step": 99, "pytorch-lightning_version": "2.1.0", "callbacks": {"ModelCheckpoint{'monitor': None}": {
        "best_model_score": torch.tensor(3.5), "best_model_path": ""}}, "loops": {"fit_loop": {"state_dict": {}}},
    "optimizer_states": [torch.optim.Adam(network.parameters()).state_dict()], "lr_schedulers": [],
    "hyper_parameters": {"lr": 1e-3, "env": "CartPole-v1"},
    "state_dict": {**{f"net.{k}": v for k, v in network.state_dict().items()},
                   **{f"target_net.{k}": v for k, v in dense(4, 6, 2).state_dict().items()}}})
# Chainer.
network = dense(4, 6, 5, 2)
numpy.savez(FOLDER / "chainer.npz", **{
    f"l{place}/{key}": getattr(network[2 * place], part).detach().numpy()
    for place in range(3) for key, part in (("W", "weight"), ("b", "bias"))})
record("chainer.npz", network(torch.as_tensor(VECTORS)).detach())

# Layers.


class Noisy(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.mu_weight, self.mu_bias = nn.Parameter(torch.randn(outputs, inputs)), nn.Parameter(torch.randn(outputs))
        self.sigma_weight, self.sigma_bias = nn.Parameter(torch.randn(outputs, inputs)), nn.Parameter(torch.randn(outputs))
        self.register_buffer("eps_weight", torch.randn(outputs, inputs))
        self.register_buffer("noise_bias", torch.randn(outputs))

    def forward(self, x):
        return functional.linear(x, self.mu_weight, self.mu_bias)


save("noise.pth", nn.Sequential(nn.Linear(4, 5), nn.ReLU(), Noisy(5, 6), nn.ReLU(), Noisy(6, 2)))


class Taxi(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(9, 4)
        self.l1, self.l2 = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, x):
        return self.l2(torch.relu(self.l1(self.emb(x))))


states = numpy.array([0, 3, 8])
save("taxi.pth", Taxi(), observations=numpy.eye(9, dtype=numpy.float32)[states], given=states)


class Quantiles(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, 6), nn.Linear(6, 3 * 5)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x))).view(-1, 3, 5).mean(dim=2)


save("quantiles.pth", Quantiles(), quantiles=5)

# Parameters and tensors that somebody has given attributes.
network = dense(4, 6, 2)
network[0].weight.tag = "first"
tagged = network.state_dict()
tagged["0.bias"] = network[0].bias.detach().clone()
tagged["0.bias"].tag = [1]
save("attributes.pth", network, state={**tagged, "0.weight": network[0].weight})

# What networks here do not have, and files of other kinds.


class Continuous(nn.Module):
    def __init__(self):
        super().__init__()
        self.actor_mean, self.critic = dense(4, 6, 2), dense(4, 6, 1)
        self.actor_logstd = nn.Parameter(torch.zeros(1, 2))


torch.save(Continuous().state_dict(), FOLDER / "continuous.cleanrl_model")
refused("continuous.cleanrl_model", "continuous actions")
network = Rows("fc1", "fc2", "fc3", sizes=(4, 6, 5, 10))
network.register_buffer("atoms", torch.linspace(-10, 10, 5))
torch.save({"model_weights": network.state_dict(), "args": {"n_atoms": 5}}, FOLDER / "c51.cleanrl_model")
refused("c51.cleanrl_model", "a distributional head (C51)")
torch.save(dense(4, 6, 2), FOLDER / "whole.pth")
refused("whole.pth", "'torch.nn.modules.container.Sequential', whose code would have to be run")
Experience = collections.namedtuple("Experience", ["state", "action"])
torch.save({"model": dense(4, 6, 2).state_dict(), "memory": collections.deque([Experience(1, 2)])}, FOLDER / "replay.pth")
refused("replay.pth", "'__main__.Experience', whose code would have to be run")
program = io.BytesIO()
torch.jit.save(torch.jit.script(dense(4, 6, 2)), program)
# Without the paths of the machine that has made it.
with zipfile.ZipFile(program) as source, zipfile.ZipFile(FOLDER / "script.pt", "w") as copy:
    for item in source.infolist():
        if not item.filename.endswith(".debug_pkl"):
            copy.writestr(item, source.read(item))
refused("script.pt", "a TorchScript program")
with open(FOLDER / "weights.pkl", "wb") as file:
    pickle.dump({"W1": numpy.zeros((4, 2))}, file)
refused("weights.pkl", "a Python pickle")
numpy.save(FOLDER / "table.npy", numpy.zeros((16, 4)))
refused("table.npy", "a NumPy array (.npy)")


class Jax(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        return flax.linen.Dense(2)(flax.linen.relu(flax.linen.Dense(6)(x)))


parameters = Jax().init(jax.random.PRNGKey(1), VECTORS)
(FOLDER / "jax.cleanrl_model").write_bytes(flax.serialization.to_bytes(parameters))
refused("jax.cleanrl_model", "a MessagePack file, as Flax writes")

# Keras: an embedding of states, as for Taxi, and paddings and normalisations of images.
keras.utils.set_random_seed(7)


def shaken(model):
    for weight in model.weights:
        weight.assign(numpy.array(weight) + random.uniform(0.1, 0.6, weight.shape).astype("float32"))
    return model


taxi = shaken(keras.Sequential([
    layers.Input((1,)), layers.Embedding(9, 4), layers.Reshape((4,)), layers.Dense(6, activation="relu"), layers.Dense(3)]))
values = taxi.predict(states[:, None], verbose=0)
for name in ["taxi.keras", "taxi.h5"]:
    taxi.save(FOLDER / name)
    record(name, values, numpy.eye(9, dtype=numpy.float32)[states])
taxi.save_weights(FOLDER / "taxi.weights.h5")
record("taxi.weights.h5", values, numpy.eye(9, dtype=numpy.float32)[states])

pixels = random.integers(0, 256, (3, 2, 9, 8)).astype("float32")
images = shaken(keras.Sequential([
    layers.Input((9, 8, 2)), layers.Rescaling(1 / 255), layers.Conv2D(3, 3, activation="relu"),
    layers.ZeroPadding2D((1, 0)), layers.MaxPooling2D((2, 2), strides=1), layers.LayerNormalization(axis=[1, 2, 3], epsilon=1e-5),
    layers.ZeroPadding2D(1), layers.AveragePooling2D((3, 2)), layers.Flatten(), layers.Dense(2)]))
images.save(FOLDER / "padded.keras")
record("padded.keras", images.predict(pixels.transpose(0, 2, 3, 1), verbose=0), pixels)

expectations.write()

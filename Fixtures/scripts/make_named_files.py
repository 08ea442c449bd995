"""Makes Fixtures/interchange/names: small policies under the names that people and libraries give to their weights.

usage: PYTHON Fixtures/scripts/make_named_files.py

PYTHON needs torch, jax, flax, safetensors and numpy; tests need none of them. `expected.json` holds for each file the
options of `dqn-checkpoint import`, observations, and the Q-values that the network has for them in its own library; files
without values must be refused, with `words` in the message.
"""

import collections
import pathlib

import flax.linen
import flax.traverse_util
import jax
import numpy
import safetensors.flax
import safetensors.numpy
import safetensors.torch
import torch
from torch import nn
from torch.nn.utils import parametrizations

from expectations import Expectations

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "interchange" / "names"
random = numpy.random.default_rng(5)
torch.manual_seed(5)
VECTORS = random.normal(size=(4, 4)).astype(numpy.float32)
expectations = Expectations(FOLDER, VECTORS)
record, refused = expectations.record, expectations.refused


def save(name, network, observations=VECTORS, state=None, expect=None, **options):
    """Saves a state dictionary of PyTorch, or what it is part of, and records the network's values."""
    network.eval()
    with torch.no_grad():
        values = (expect or network)(torch.as_tensor(observations)).numpy()
    torch.save(network.state_dict() if state is None else state, FOLDER / name)
    record(name, values, observations, **options)


# NumPy: hand-written networks.


def matrices(*sizes):
    return [(random.normal(size=pair).astype(numpy.float32), random.normal(size=pair[1]).astype(numpy.float32))
            for pair in zip(sizes, sizes[1:])]


def forward(layers, x, activation=lambda x: numpy.maximum(x, 0)):
    for index, (weight, bias) in enumerate(layers):
        x = x @ weight + bias
        x = activation(x) if index + 1 < len(layers) else x
    return x


layers = matrices(4, 6, 6, 2)
values = forward(layers, VECTORS)
numpy.savez(FOLDER / "capitals.npz", **{f"W{i + 1}": w for i, (w, _) in enumerate(layers)},
            **{f"b{i + 1}": b[None] for i, (_, b) in enumerate(layers)})
record("capitals.npz", values)
numpy.savez(FOLDER / "columns.npz", **{f"w{i}": w.T for i, (w, _) in enumerate(layers)},
            **{f"b{i}": b[:, None] for i, (_, b) in enumerate(layers)})
record("columns.npz", values)
numpy.savez(FOLDER / "numbers.npz", *[array for layer in layers for array in layer])
record("numbers.npz", values)
numpy.savez(FOLDER / "plural.npz", **{f"layer{i}_{kind}": array for i, layer in enumerate(layers)
                                      for kind, array in zip(["weights", "biases"], layer)})
record("plural.npz", values)
numpy.savez(FOLDER / "kernels.npz", **{f"dense_{i}/{kind}:0": array.astype(numpy.float64) for i, layer in enumerate(layers)
                                       for kind, array in zip(["kernel", "bias"], layer)})
record("kernels.npz", values)
numpy.savez(FOLDER / "without-biases.npz", **{f"W{i}": w for i, (w, _) in enumerate(layers)})
record("without-biases.npz", forward([(w, 0) for w, _ in layers], VECTORS))
numpy.savez(FOLDER / "fortran.npz", **{f"{kind}{i}": numpy.asfortranarray(array) for i, layer in enumerate(layers)
                                       for kind, array in zip("Wb", layer)})
record("fortran.npz", values)
square = matrices(4, 4, 4)
arrays = {f"{kind}{i}": array for i, layer in enumerate(square) for kind, array in zip("Wb", layer)}
numpy.savez(FOLDER / "square.npz", **arrays)
record("square.npz", forward(square, VECTORS), **{"0.transpose": "true", "1.transpose": "true"})
numpy.savez(FOLDER / "square-unsaid.npz", **arrays)
refused("square-unsaid.npz", "--map 0.transpose=true")

# Flax: names of its trees, kernels with the inputs first, pictures with the channels last.


class Dense(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        x = flax.linen.relu(flax.linen.Dense(6)(x))
        x = flax.linen.relu(flax.linen.Dense(6)(x))
        return flax.linen.Dense(3)(x)


class Pictures(flax.linen.Module):
    @flax.linen.compact
    def __call__(self, x):
        x = x.transpose(0, 2, 3, 1) / 255.0
        x = flax.linen.relu(flax.linen.Conv(3, (3, 2), strides=(2, 2), padding="VALID")(x))
        x = flax.linen.relu(flax.linen.Conv(4, (2, 2), padding="VALID")(x))
        x = x.reshape(len(x), -1)
        x = flax.linen.relu(flax.linen.Dense(5)(x))
        return flax.linen.Dense(2)(x)


def tree(network, observations):
    parameters = network.init(jax.random.PRNGKey(1), observations)
    parameters = jax.tree.map(lambda x: x + 0.01 * (1 + jax.numpy.arange(x.size).reshape(x.shape) % 7), parameters)
    return parameters, network.apply(parameters, observations)


parameters, values = tree(Dense(), VECTORS)
for name, separator in [("flax.npz", "/"), ("flax-dots.npz", ".")]:
    numpy.savez(FOLDER / name, **{separator.join(key): numpy.asarray(value)
                                  for key, value in flax.traverse_util.flatten_dict(parameters).items()})
    record(name, values)
safetensors.flax.save_file(flax.traverse_util.flatten_dict(parameters, sep="."), FOLDER / "flax.safetensors")
record("flax.safetensors", values)
pictures = random.integers(0, 256, (3, 2, 9, 8)).astype(numpy.float32)
parameters, values = tree(Pictures(), pictures)
safetensors.flax.save_file(flax.traverse_util.flatten_dict(parameters, sep="/"), FOLDER / "flax-pictures.safetensors")
record("flax-pictures.safetensors", values, pictures, input="2x9x8",
       **{"layers.0.stride": "2", "layers.1.stride": "1"})

# safetensors of other types.


def dense(*sizes, activation=nn.ReLU):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


for name, kind in [("half", torch.float16), ("bfloat", torch.bfloat16), ("double", torch.float64)]:
    network = dense(4, 5, 3).to(kind)
    safetensors.torch.save_file(network.state_dict(), FOLDER / f"{name}.safetensors")
    record(f"{name}.safetensors", network.double()(torch.as_tensor(VECTORS).double()).detach())

# The names sort in another order than that of the layers.
network = nn.Sequential(collections.OrderedDict(
    obs=nn.Linear(4, 6), a1=nn.ReLU(), middle=nn.Linear(6, 5), a2=nn.ReLU(), head=nn.Linear(5, 3)))
safetensors.torch.save_file(network.state_dict(), FOLDER / "sorted.safetensors")
record("sorted.safetensors", network(torch.as_tensor(VECTORS)).detach())

# PyTorch: where networks are in files.

network = dense(4, 6, 2)
state = network.state_dict()
other = dense(4, 6, 2)
save("nested.pth", network, state={
    "agent": {"policy": {"model_state_dict": state}}, "target_model": other.state_dict(), "step": 3})
save("list.pth", network, state=[{"epoch": 1, "net": state}, {"optimizer": {"state": {}, "param_groups": []}}])
save("parallel.pth", nn.DataParallel(network))
save("compiled.pth", network, state=torch.compile(network).state_dict())
save("parameters.pth", network, state=list(network.parameters()))


class CleanRL(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = dense(4, 6, 5, 2)

    def forward(self, x):
        return self.network(x)


save("cleanrl.pth", CleanRL())


class CleanRLAtari(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(
            nn.Conv2d(2, 3, 8, stride=4), nn.ReLU(), nn.Conv2d(3, 3, 4, stride=2), nn.ReLU(),
            nn.Conv2d(3, 2, 3, stride=1), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 1 * 1, 5), nn.ReLU(), nn.Linear(5, 3))

    def forward(self, x):
        return self.network(x / 255.0)


save("cleanrl-atari.pth", CleanRLAtari(), random.integers(0, 256, (2, 2, 36, 36)).astype(numpy.float32), input="2x36x36")


class CleanRLPPO(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic = dense(4, 5, 1, activation=nn.Tanh)
        self.actor = dense(4, 6, 2, activation=nn.Tanh)

    def forward(self, x):
        return torch.cat([self.actor(x), self.critic(x)], dim=1)


save("cleanrl-ppo.pth", CleanRLPPO(), activation="tanh")


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
        self.actor = nn.Linear(6, 3)
        self.critic = nn.Linear(6, 1)

    def forward(self, x):
        x = self.network(x)
        return torch.cat([self.actor(x), self.critic(x)], dim=1)


save("actor-critic.pth", Shared())


class Wrapped(nn.Module):
    """Tianshou nests its networks: model.model.model.0 with the target in model_old; dueling ones have Q and V."""

    def __init__(self, dueling):
        super().__init__()
        self.model = nn.Module()
        self.model.model = nn.Module()
        self.model.model.model = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
        if dueling:
            self.model.Q, self.model.V = nn.Module(), nn.Module()
            self.model.Q.model, self.model.V.model = dense(6, 5, 3), dense(6, 5, 1)
        else:
            self.model.model.model.append(nn.Linear(6, 3))

    def forward(self, x):
        x = self.model.model.model(x)
        if not hasattr(self.model, "Q"):
            return x
        q = self.model.Q.model(x)
        return q - q.mean(dim=1, keepdim=True) + self.model.V.model(x)


for name, dueling in [("tianshou.pth", False), ("tianshou-dueling.pth", True)]:
    network, old = Wrapped(dueling), Wrapped(dueling)
    save(name, network, state={**network.state_dict(), **{
        key.replace("model.", "model_old.", 1): value for key, value in old.state_dict().items()}})


class PFRL(nn.Module):
    """PFRL's DuelingDQN splits the features of one layer between the streams."""

    def __init__(self):
        super().__init__()
        self.conv_layers = nn.ModuleList([nn.Conv2d(2, 3, 8, stride=4), nn.Conv2d(3, 4, 4, stride=2)])
        self.main_stream = nn.Linear(4 * 3 * 3, 10)
        self.a_stream = nn.Linear(5, 3)
        self.v_stream = nn.Linear(5, 1)

    def forward(self, x):
        for layer in self.conv_layers:
            x = torch.relu(layer(x))
        advantages, values = torch.chunk(torch.relu(self.main_stream(x.flatten(1))), 2, dim=1)
        advantages = self.a_stream(advantages)
        return self.v_stream(values) + advantages - advantages.mean(dim=1, keepdim=True)


save("pfrl.pth", PFRL(), random.uniform(0, 1, (2, 2, 36, 36)).astype(numpy.float32), input="2x36x36", input_scale="1")


class Ends(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 6)
        self.second = nn.Linear(6, 3)
        self.first = nn.Linear(6, 1)

    def forward(self, x):
        x = torch.relu(self.body(x))
        advantages = self.second(x)
        return self.first(x) + advantages - advantages.mean(dim=1, keepdim=True)


save("ends.pth", Ends())


class Noisy(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight_mu = nn.Parameter(torch.randn(outputs, inputs))
        self.weight_sigma = nn.Parameter(torch.randn(outputs, inputs))
        self.register_buffer("weight_epsilon", torch.randn(outputs, inputs))
        self.bias_mu = nn.Parameter(torch.randn(outputs))
        self.bias_sigma = nn.Parameter(torch.randn(outputs))
        self.register_buffer("bias_epsilon", torch.randn(outputs))

    def forward(self, x):
        return nn.functional.linear(x, self.weight_mu, self.bias_mu)


save("noisy.pth", nn.Sequential(nn.Linear(4, 5), nn.ReLU(), Noisy(5, 6), nn.ReLU(), Noisy(6, 2)))


class FactorizedNoisy(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.mu, self.sigma = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.mu(x)


save("pfrl-noisy.pth", nn.Sequential(FactorizedNoisy(4, 5), nn.ReLU(), FactorizedNoisy(5, 2)))

# Normalisations.


def trained(network, *shape):
    """Gives batch normalisations statistics."""
    network.train()
    for _ in range(3):
        network(torch.randn(16, *shape) * 2 + 1)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return network.eval()


save("batch-norm.pth", trained(nn.Sequential(
    nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.BatchNorm1d(5), nn.Linear(5, 2)), 4))
save("batch-norm-first.pth", trained(nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)), 4))
network = trained(nn.Sequential(
    nn.Linear(4, 6), nn.ReLU(), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2)), 4)
torch.save(network.state_dict(), FOLDER / "batch-norm-between.pth")
refused("batch-norm-between.pth", "'2' of 'batch-norm-between.pth' is a batch normalisation")


class Banana(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 2)
        self.bn1, self.bn2 = nn.BatchNorm1d(6), nn.BatchNorm1d(6)

    def forward(self, x):
        x = torch.relu(self.bn1(self.fc1(x)))
        return self.out(torch.relu(self.bn2(self.fc2(x))))


save("batch-norm-names.pth", trained(Banana(), 4))


class Screens(nn.Module):
    """PyTorch's tutorial on the pictures of CartPole."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 5, stride=2), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 5, 3, stride=2), nn.BatchNorm2d(5)
        self.head = nn.Linear(5 * 2 * 3, 2)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x / 255)))
        return self.head(torch.relu(self.bn2(self.conv2(x))).flatten(1))


screens = random.integers(0, 256, (2, 3, 14, 17)).astype(numpy.float32)
save("batch-norm-pictures.pth", trained(Screens(), 3, 14, 17), screens, input="3x14x17",
     **{"layers.0.stride": "2", "layers.1.stride": "2"})


class Norms(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.out = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 2)
        self.ln1, self.ln2 = nn.LayerNorm(6), nn.LayerNorm(6)
        for norm in (self.ln1, self.ln2):
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)

    def forward(self, x):
        x = torch.relu(self.ln1(self.fc1(x)))
        return self.out(torch.relu(self.ln2(self.fc2(x))))


save("layer-norm.pth", Norms())
save("layer-norm-sequence.pth", nn.Sequential(
    nn.Linear(4, 6), nn.LayerNorm(6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.LayerNorm(5), nn.Linear(5, 2)))


def spectral(kind):
    network = nn.Sequential(kind(nn.Linear(4, 6)), nn.ReLU(), kind(nn.Linear(6, 2)))
    for _ in range(2):
        network(torch.randn(3, 4))
    return network


save("spectral-norm.pth", spectral(parametrizations.spectral_norm))
save("spectral-norm-older.pth", spectral(nn.utils.spectral_norm))
save("weight-norm.pth", spectral(parametrizations.weight_norm))
save("weight-norm-older.pth", spectral(nn.utils.weight_norm))

# What networks here do not have.


class Distribution(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("support", torch.linspace(-10, 10, 5))
        self.network = dense(4, 6, 10)


torch.save(Distribution().state_dict(), FOLDER / "atoms.pth")
refused("atoms.pth", "a distributional head (C51)")


class Rainbow(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 6)
        self.fc_z_v, self.fc_z_a = Noisy(6, 5), Noisy(6, 10)


torch.save(Rainbow().state_dict(), FOLDER / "rainbow.pth")
refused("rainbow.pth", "a dueling network of distributions")

expectations.write()

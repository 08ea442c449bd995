"""Makes Fixtures/interchange: small policies of other programs, and what they compute.

usage: PYTHON Fixtures/scripts/make_interchange_files.py

PYTHON needs torch, stable_baselines3, gymnasium, safetensors and numpy; tests need none of them. `expected.json` holds
for each file observations and the Q-values that the network has for them in its own library.
"""

import collections
import json
import pathlib
import zipfile

import gymnasium
import numpy
import safetensors.torch
import stable_baselines3
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "interchange"
FOLDER.mkdir(exist_ok=True)
expected = {}


def record(name, network, observations):
    with torch.no_grad():
        values = network(torch.as_tensor(observations))
    expected[name] = {"observations": observations.tolist(), "values": values.tolist()}


def dense(*sizes, activation=nn.ReLU):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


class Dueling(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 7)
        self.out_v = nn.Linear(7, 1)
        self.out_a = nn.Linear(7, 3)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        advantage = self.out_a(x)
        return self.out_v(x) + advantage - advantage.mean(dim=1, keepdim=True)


torch.manual_seed(1)
vectors = torch.randn(4, 4).numpy()
network = dense(4, 6, 5, 2)
record("weights.pth", network, vectors)
expected["weights-older.pth"] = expected["weights.safetensors"] = expected["weights.npz"] = expected["weights.pth"]
torch.save(network.state_dict(), FOLDER / "weights.pth")
torch.save(network.state_dict(), FOLDER / "weights-older.pth", _use_new_zipfile_serialization=False)
safetensors.torch.save_file(network.state_dict(), FOLDER / "weights.safetensors")
numpy.savez_compressed(
    FOLDER / "weights.npz", **{name: value.numpy() for name, value in network.state_dict().items()}
)

numpy.savez(
    FOLDER / "check.npz",
    observations=vectors,
    values=numpy.array(expected["weights.pth"]["values"], dtype=numpy.float32),
)

# A checkpoint of a trainer: a network, its target and its optimiser, as many actions as inputs, doubles, other values.
policy, target = dense(4, 4, 4, activation=nn.Tanh).double(), dense(4, 4, 4, activation=nn.Tanh).double()
optimizer = torch.optim.Adam(policy.parameters())
policy(torch.as_tensor(vectors).double()).sum().backward()
optimizer.step()
record("trainer.pt", policy.float(), vectors)
torch.save(
    {
        "episode": 12,
        "epsilon": numpy.float64(0.05),
        "policy_net": policy.state_dict(),
        "target_net": target.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scores": collections.deque([1.0, 2.0], maxlen=4),
    },
    FOLDER / "trainer.pt",
)

dueling = Dueling()
record("dueling.pth", dueling, torch.randn(4, 5).numpy())
torch.save(dueling.state_dict(), FOLDER / "dueling.pth")

# A view of a larger storage, and one whose strides are not those of its shape.
views = dense(3, 3, 2)
with torch.no_grad():
    views[0].weight = nn.Parameter(torch.randn(3, 3).t())
    views[2].weight = nn.Parameter(torch.randn(5, 3)[2:4])
record("views.pth", views, torch.randn(4, 3).numpy())
torch.save(views.state_dict(), FOLDER / "views.pth")

# What is refused by name.
torch.save(network, FOLDER / "module.pth")
torch.save({"lstm": nn.LSTM(4, 3).state_dict()}, FOLDER / "recurrent.pth")

model = stable_baselines3.DQN(
    "MlpPolicy",
    gymnasium.make("CartPole-v1"),
    policy_kwargs={"net_arch": [8, 6], "activation_fn": nn.Tanh},
    seed=1,
    buffer_size=10,
)
record("stable-baselines3.zip", model.q_net, vectors)
model.save(FOLDER / "stable-baselines3.zip", exclude=["replay_buffer", "ep_info_buffer"])

# sb3-contrib's QR-DQN, whose archive differs in its policy's class and in the names of its weights: the outputs are
# quantiles × actions.
quantiles, actions = 5, 2
head = dense(4, 8, quantiles * actions)
means = lambda x: head(x).view(-1, quantiles, actions).mean(dim=1)
record("quantiles.zip", means, vectors)
with zipfile.ZipFile(FOLDER / "stable-baselines3.zip") as source:
    data = json.loads(source.read("data"))
data = {
    "policy_class": {"__module__": "sb3_contrib.qrdqn.policies"},
    "policy_kwargs": {"net_arch": [8], "n_quantiles": quantiles},
    "observation_space": {"shape": [4]},
    "num_timesteps": 50176,
    "gamma": 0.98,
}
torch.save(
    collections.OrderedDict(
        (f"{name}.{key}", value)
        for name in ["quantile_net.quantile_net", "quantile_net_target.quantile_net"]
        for key, value in head.state_dict().items()
    ),
    FOLDER / "policy.pth",
)
with zipfile.ZipFile(FOLDER / "quantiles.zip", "w") as file:
    file.writestr("data", json.dumps(data))
    file.write(FOLDER / "policy.pth", "policy.pth")
(FOLDER / "policy.pth").unlink()

(FOLDER / "expected.json").write_text(json.dumps(expected, sort_keys=True) + "\n")

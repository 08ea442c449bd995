"""Makes Fixtures/interchange/stable-baselines: models and statistics of Stable-Baselines3, and what they compute.

usage: PYTHON Fixtures/scripts/make_stable_baselines_files.py

PYTHON needs torch, stable_baselines3, sb3_contrib, gymnasium and numpy; tests need none of them. `expected.json` holds
for each archive observations and the outputs that its own library computes for them: Q-values, or for networks with a
policy the logits and the value. The archives are compressed again, since their settings are mostly pickled functions.
"""

import io
import json
import pathlib
import pickle
import sys
import types
import zipfile

import gymnasium
import numpy
import sb3_contrib
import stable_baselines3
import torch
from gymnasium import spaces
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "interchange" / "stable-baselines"
FOLDER.mkdir(exist_ok=True)
expected = {}


class Box(gymnasium.Env):
    """An environment that does nothing, with any spaces."""

    def __init__(self, observations, actions):
        self.observation_space, self.action_space = observations, actions

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0.0, False, False, {}


def compressed(name, add=None, drop=("policy.optimizer.pth", "pytorch_variables.pth", "system_info.txt")):
    """Writes an archive anew, with deflate."""
    path = FOLDER / name
    source = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for entry in source.namelist():
            if entry not in drop:
                target.writestr(zipfile.ZipInfo(entry), source.read(entry), zipfile.ZIP_DEFLATED, 9)
        for entry, content in (add or {}).items():
            target.writestr(zipfile.ZipInfo(entry), content, zipfile.ZIP_DEFLATED, 9)


def save(name, model, add=None):
    # Functions and classes of this file must not be in the settings: they would be pickled with their code.
    model.save(FOLDER / name, exclude=["replay_buffer", "ep_info_buffer", "lr_schedule", "start_time"])
    compressed(name, add)


def record(name, function, observations):
    with torch.no_grad():
        values = function(torch.as_tensor(observations))
    rows = numpy.asarray(observations, dtype=numpy.float64).reshape(len(observations), -1)
    expected[name] = {"observations": rows.tolist(), "values": numpy.asarray(values, dtype=numpy.float64).tolist()}


def logits_and_value(model):
    def compute(observations):
        distribution, value = model.policy.get_distribution(observations), model.policy.predict_values(observations)
        # Distributions subtract the logarithm of the sum; the linear outputs differ from them by a constant.
        features = model.policy.extract_features(observations)
        if model.policy.share_features_extractor is False:
            features = features[0]
        latent = model.policy.mlp_extractor.forward_actor(features)
        raw = model.policy.action_net(latent)
        assert torch.allclose(raw - raw.logsumexp(1, keepdim=True), distribution.distribution.logits, atol=1e-5)
        return torch.cat([raw, value], dim=1)

    return compute


torch.manual_seed(1)
numpy.random.seed(1)
cart_pole = gymnasium.make("CartPole-v1")
vectors = torch.randn(4, 4).numpy()

# A DQN with every setting that has a counterpart here.
model = stable_baselines3.DQN(
    "MlpPolicy",
    cart_pole,
    learning_rate=LinearSchedule(1e-3, 1e-5, 1.0),
    buffer_size=5000,
    learning_starts=50,
    batch_size=48,
    tau=0.5,
    gamma=0.97,
    train_freq=(3, "step"),
    gradient_steps=2,
    target_update_interval=70,
    exploration_fraction=0.2,
    exploration_initial_eps=0.9,
    exploration_final_eps=0.03,
    max_grad_norm=5,
    seed=7,
    policy_kwargs={"net_arch": [8, 6], "activation_fn": nn.SiLU},
)
model.learn(120)
record("settings.zip", model.q_net, vectors)
save("settings.zip", model)

# The quantiles of sb3-contrib.
model = sb3_contrib.QRDQN(
    "MlpPolicy",
    cart_pole,
    seed=2,
    buffer_size=100,
    learning_rate=lambda progress: 1e-3 * progress,
    policy_kwargs={"net_arch": [7], "n_quantiles": 5, "activation_fn": nn.ELU},
)
record("qrdqn.zip", lambda x: model.policy.quantile_net(x).mean(dim=1), vectors)
save("qrdqn.zip", model)

# Policies with a value: streams of their own, a shared network of older versions, a mask.
model = stable_baselines3.PPO(
    "MlpPolicy", cart_pole, seed=3, n_steps=64, batch_size=32, policy_kwargs={"net_arch": {"pi": [5, 4], "vf": [6]}}
)
model.learn(64)
record("ppo.zip", logits_and_value(model), vectors)
save("ppo.zip", model)
with zipfile.ZipFile(FOLDER / "ppo.zip") as file:
    data, weights = json.loads(file.read("data")), torch.load(io.BytesIO(file.read("policy.pth")))
trunk, actor, critic = nn.Linear(4, 6), nn.Linear(6, 2), nn.Linear(6, 1)


def older(x):
    hidden = torch.tanh(trunk(x))
    return torch.cat([actor(hidden), critic(hidden)], dim=1)


record("ppo-shared.zip", older, vectors)
buffer = io.BytesIO()
names = [("mlp_extractor.shared_net.0", trunk), ("action_net", actor), ("value_net", critic)]
torch.save({f"{n}.{k}": v for n, module in names for k, v in module.state_dict().items()}, buffer)
with zipfile.ZipFile(FOLDER / "ppo-shared.zip", "w", zipfile.ZIP_DEFLATED) as file:
    data["policy_kwargs"] = {"net_arch": [6]}
    file.writestr(zipfile.ZipInfo("data"), json.dumps(data), zipfile.ZIP_DEFLATED, 9)
    file.writestr(zipfile.ZipInfo("policy.pth"), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)

model = stable_baselines3.A2C(
    "MlpPolicy",
    cart_pole,
    seed=4,
    n_steps=8,
    ent_coef=0.01,
    vf_coef=0.3,
    policy_kwargs={"net_arch": [5], "activation_fn": nn.ReLU},
)
record("a2c.zip", logits_and_value(model), vectors)
save("a2c.zip", model)


# Frames of pixels. Most weights are zero, so that the file is small.
def thin(module):
    with torch.no_grad():
        for value in module.parameters():
            if value.numel() > 1000:
                value *= (torch.rand_like(value) < 0.04) * 5


frames = spaces.Box(0, 255, (2, 36, 36), numpy.uint8)
pixels = numpy.random.RandomState(1).randint(0, 256, (2, 2, 36, 36)).astype(numpy.uint8)
model = stable_baselines3.DQN(
    "CnnPolicy",
    Box(frames, spaces.Discrete(3)),
    seed=5,
    buffer_size=10,
    policy_kwargs={"features_extractor_kwargs": {"features_dim": 16}},
)
thin(model.q_net)
model.q_net_target.load_state_dict(model.q_net.state_dict())
record("frames.zip", model.q_net, pixels)
save("frames.zip", model)
model = stable_baselines3.A2C(
    "CnnPolicy",
    Box(frames, spaces.Discrete(3)),
    seed=5,
    policy_kwargs={"features_extractor_kwargs": {"features_dim": 16}},
)
thin(model.policy)
record("frames-a2c.zip", logits_and_value(model), pixels)
save("frames-a2c.zip", model)

# Observations that are one of several.
model = stable_baselines3.DQN(
    "MlpPolicy", Box(spaces.Discrete(5), spaces.Discrete(2)), seed=6, buffer_size=10, policy_kwargs={"net_arch": [4]}
)
numbers = torch.arange(5)
record("discrete.zip", model.q_net, numbers)
expected["discrete.zip"]["observations"] = numpy.eye(5).tolist()
save("discrete.zip", model)

# Normalised observations.
environment = VecNormalize(DummyVecEnv([lambda: gymnasium.make("CartPole-v1")]), clip_obs=8.0)
model = stable_baselines3.DQN(
    "MlpPolicy", environment, seed=7, buffer_size=100, learning_starts=10, policy_kwargs={"net_arch": [6]}
)
model.learn(60)
environment.training = False
environment.save(FOLDER / "vecnormalize.pkl")
near = vectors * 0.1
record("normalized.zip", lambda x: model.q_net(torch.as_tensor(environment.normalize_obs(x.numpy()))), near)
save("normalized.zip", model)
expected["normalized-inside.zip"] = expected["normalized.zip"]
(FOLDER / "normalized-inside.zip").write_bytes((FOLDER / "normalized.zip").read_bytes())
compressed("normalized-inside.zip", {"vec_normalize.pkl": (FOLDER / "vecnormalize.pkl").read_bytes()})

# The same statistics as gym's spaces and NumPy 1 were pickled: modules of these names are made up for it.
statistics = environment.obs_rms
for name in ["gym", "gym.spaces", "gym.spaces.box"]:
    sys.modules[name] = types.ModuleType(name)
older_box = type("Box", (), {"__module__": "gym.spaces.box"})
sys.modules["gym.spaces.box"].Box = older_box
space = older_box()
space.__dict__.update(shape=(4,), low=numpy.zeros(4, numpy.float32), _np_random=numpy.random.RandomState(3))
environment.observation_space = space
content = pickle.dumps(environment, protocol=4).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
# Each name of a pickle is preceded by its length.
content = content.replace(b"\x8c\x16numpy.core.multiarray", b"\x8c\x15numpy.core.multiarray")
frames_at = content.index(b"\x95")
content = content[:frames_at] + content[frames_at + 9 :]
(FOLDER / "vecnormalize-gym.pkl").write_bytes(content)
environment.norm_obs = False
(FOLDER / "vecnormalize-rewards.pkl").write_bytes(pickle.dumps(environment, protocol=4))
for name in ["gym", "gym.spaces", "gym.spaces.box"]:
    del sys.modules[name]



# Stable-Baselines 2 needs TensorFlow 1, which no present Python has: its files are made after their description, and the
# networks computed by PyTorch. The variables have their outputs last, and frames their channels.
def save_older(name, kwargs, space, variables):
    arrays = io.BytesIO()
    numpy.savez(arrays, **variables)
    data = {
        "policy": {"__module__": "stable_baselines.deepq.policies"},
        "policy_kwargs": kwargs,
        "observation_space": {":type:": "<class 'gym.spaces.box.Box'>", **space},
        "action_space": {":type:": "<class 'gym.spaces.discrete.Discrete'>", "n": 3},
        "gamma": 0.98,
        "double_q": True,
        "train_freq": 2,
    }
    with zipfile.ZipFile(FOLDER / name, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("data"), json.dumps(data), zipfile.ZIP_DEFLATED, 9)
        file.writestr(zipfile.ZipInfo("parameters"), arrays.getvalue(), zipfile.ZIP_DEFLATED, 9)
        file.writestr(zipfile.ZipInfo("parameter_list"), json.dumps(list(variables)), zipfile.ZIP_DEFLATED, 9)


def dense_variables(scope, layer, names=("weights", "biases")):
    return {
        f"{scope}/{names[0]}:0": layer.weight.detach().numpy().T,
        f"{scope}/{names[1]}:0": layer.bias.detach().numpy(),
    }


layers = [nn.Linear(4, 6), nn.Linear(6, 5), nn.Linear(5, 3), nn.Linear(4, 6), nn.Linear(6, 5), nn.Linear(5, 1)]
variables = {"deepq/eps:0": numpy.float32(0.02)}
for place, layer in enumerate(layers):
    stream, number = ("action_value", "state_value")[place // 3], place % 3
    scope = f"deepq/model/{stream}/fully_connected" + (f"_{number}" if number else "")
    variables |= dense_variables(scope, layer)
    variables |= dense_variables(scope.replace("model", "target_q_func/model"), layer)


def older_dueling(x):
    a = layers[2](torch.tanh(layers[1](torch.tanh(layers[0](x)))))
    return layers[5](torch.tanh(layers[4](torch.tanh(layers[3](x))))) + a - a.mean(dim=1, keepdim=True)


record("older-dueling.zip", older_dueling, vectors)
vector_space = {"shape": [4], "dtype": "float32"}
save_older("older-dueling.zip", {"act_fun": "<function tanh at 0x7f2a3c>"}, vector_space, variables)

convolutions = [nn.Conv2d(2, 8, 8, 4), nn.Conv2d(8, 6, 4, 2), nn.Conv2d(6, 5, 3, 1)]
linear, head = nn.Linear(5 * 2 * 2, 7), nn.Linear(7, 3)
variables = {}
for place, layer in enumerate(convolutions):
    scope = f"deepq/model/action_value/c{place + 1}"
    variables[f"{scope}/w:0"] = layer.weight.detach().numpy().transpose(2, 3, 1, 0)
    variables[f"{scope}/b:0"] = layer.bias.detach().numpy().reshape(1, 1, 1, -1)
variables |= dense_variables("deepq/model/action_value/fc1", linear, ("w", "b"))
variables |= dense_variables("deepq/model/action_value/fully_connected", head)
large = numpy.random.RandomState(2).randint(0, 256, (2, 2, 44, 44)).astype(numpy.uint8)


def older_frames(x):
    x = x.float() / 255
    for layer in convolutions:
        x = torch.relu(layer(x))
    return head(torch.relu(linear(x.permute(0, 2, 3, 1).reshape(len(x), -1))))


record("older-frames.zip", older_frames, large)
save_older("older-frames.zip", {}, {"shape": [44, 44, 2], "dtype": "uint8"}, variables)

actor, critic, policy, value = nn.Linear(4, 5), nn.Linear(4, 6), nn.Linear(5, 3), nn.Linear(6, 1)
variables = {}
for scope, layer in [("pi_fc0", actor), ("vf_fc0", critic), ("vf", value), ("pi", policy), ("q", nn.Linear(6, 3))]:
    variables |= dense_variables(f"model/{scope}", layer, ("w", "b"))
record(
    "older-ppo2.zip",
    lambda x: torch.cat([policy(torch.tanh(actor(x))), value(torch.tanh(critic(x)))], dim=1),
    vectors,
)
save_older("older-ppo2.zip", {}, vector_space, variables)

# What is refused by name.
both = spaces.Dict({"a": spaces.Box(-1, 1, (2,)), "b": spaces.Box(-1, 1, (3,))})
vector, continuous = spaces.Box(-1, 1, (3,)), spaces.Box(-1, 1, (1,))
small = {"net_arch": [4]}
save(
    "refused-dictionary.zip",
    stable_baselines3.DQN("MultiInputPolicy", Box(both, spaces.Discrete(2)), buffer_size=10, policy_kwargs=dict(small)),
)
save("refused-ppo.zip", stable_baselines3.PPO("MlpPolicy", Box(vector, continuous), policy_kwargs=dict(small)))
save("refused-sac.zip", stable_baselines3.SAC("MlpPolicy", Box(vector, continuous), policy_kwargs=dict(small), buffer_size=10))
save(
    "refused-several.zip",
    stable_baselines3.PPO("MlpPolicy", Box(vector, spaces.MultiDiscrete([2, 3])), policy_kwargs=dict(small)),
)
save("refused-recurrent.zip", sb3_contrib.RecurrentPPO("MlpLstmPolicy", cart_pole, policy_kwargs={"lstm_hidden_size": 4}))


class Cube(nn.Module):
    def forward(self, x):
        return x**3


save(
    "refused-activation.zip",
    stable_baselines3.DQN(
        "MlpPolicy", cart_pole, buffer_size=10, policy_kwargs={"net_arch": [4], "activation_fn": Cube}
    ),
)
model = stable_baselines3.A2C(
    "CnnPolicy",
    Box(frames, spaces.Discrete(2)),
    policy_kwargs={"share_features_extractor": False, "features_extractor_kwargs": {"features_dim": 4}},
)
thin(model.policy)
save("refused-extractors.zip", model)
with zipfile.ZipFile(FOLDER / "refused-sbx.zip", "w", zipfile.ZIP_DEFLATED) as file:
    policy = {":type:": "<class 'sbx.dqn.policies.DQNPolicy'>", ":serialized:": "gASVAAAAAAAAAAA="}
    file.writestr("data", json.dumps({"policy_class": {"__module__": "sbx.dqn.policies"}, "policy": policy}))
    file.writestr("_stable_baselines3_version", "2.9.2")

(FOLDER / "expected.json").write_text(json.dumps(expected, sort_keys=True) + "\n")

"""CartPole with the RL Baselines3 Zoo's settings in Stable-Baselines3; prints the learning time as JSON."""

import argparse
import json
import time

import gymnasium
import torch
from stable_baselines3 import DQN

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=50_000)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
model = DQN(
    "MlpPolicy",
    gymnasium.make("CartPole-v1"),
    learning_rate=2.3e-3,
    batch_size=64,
    buffer_size=100_000,
    learning_starts=1000,
    gamma=0.99,
    target_update_interval=10,
    train_freq=256,
    gradient_steps=128,
    exploration_fraction=0.16,
    exploration_final_eps=0.04,
    policy_kwargs={"net_arch": [256, 256]},
    seed=arguments.seed,
    device="cpu",
)
began = time.perf_counter()
model.learn(total_timesteps=arguments.steps)
print(json.dumps({"learn_seconds": time.perf_counter() - began}))

"""CartPole with the RL Baselines3 Zoo's settings in Stable-Baselines3 or SBX; prints the learning time as JSON."""

import argparse
import json
import time

import gymnasium
import libraries

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=50_000)
libraries.add_options(parser)
arguments = parser.parse_args()

DQN = libraries.load(arguments)
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

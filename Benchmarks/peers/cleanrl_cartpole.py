"""CartPole in the manner of CleanRL's dqn.py, with its settings; prints steps per second as JSON.

Our own code: one loop, a vector environment of one, NumPy replay, Adam, squared loss. It writes no TensorBoard
log and no video, so it is if anything faster than the original. The time is the loop's, without imports.
"""

import argparse
import json
import time

import gymnasium
import numpy as np
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import RecordEpisodeStatistics

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=500_000)
arguments = parser.parse_args()

BUFFER, BATCH, STARTS, TRAIN_EVERY, TARGET_EVERY, DISCOUNT = 10_000, 128, 10_000, 10, 500, 0.99

torch.set_num_threads(1)
torch.manual_seed(arguments.seed)
generator = np.random.default_rng(arguments.seed)


def make_network():
    return torch.nn.Sequential(
        torch.nn.Linear(4, 120), torch.nn.ReLU(), torch.nn.Linear(120, 84), torch.nn.ReLU(), torch.nn.Linear(84, 2)
    )


online, target = make_network(), make_network()
target.load_state_dict(online.state_dict())
optimizer = torch.optim.Adam(online.parameters(), lr=2.5e-4)

observations = np.zeros((BUFFER, 4), np.float32)
successors = np.zeros((BUFFER, 4), np.float32)
actions = np.zeros((BUFFER, 1), np.int64)
rewards = np.zeros(BUFFER, np.float32)
dones = np.zeros(BUFFER, np.float32)

environments = SyncVectorEnv(
    [lambda: RecordEpisodeStatistics(gymnasium.make("CartPole-v1"))], autoreset_mode=AutoresetMode.SAME_STEP
)
observation, _ = environments.reset(seed=arguments.seed)
episodes = 0
began = time.perf_counter()
for step in range(arguments.steps):
    epsilon = max(0.05, 1 + (0.05 - 1) * step / (0.5 * arguments.steps))
    if generator.random() < epsilon:
        action = generator.integers(2, size=1)
    else:
        with torch.no_grad():
            action = online(torch.from_numpy(observation)).argmax(1).numpy()
    successor, reward, terminated, truncated, information = environments.step(action)
    slot = step % BUFFER
    observations[slot], actions[slot], rewards[slot], dones[slot] = observation[0], action, reward[0], terminated[0]
    if terminated[0] or truncated[0]:
        successors[slot] = information["final_obs"][0]
        episodes += 1
    else:
        successors[slot] = successor[0]
    observation = successor

    if step <= STARTS or step % TRAIN_EVERY != 0:
        continue
    chosen = generator.integers(min(step + 1, BUFFER), size=BATCH)
    with torch.no_grad():
        best = target(torch.from_numpy(successors[chosen])).max(1).values
        goal = torch.from_numpy(rewards[chosen]) + DISCOUNT * best * (1 - torch.from_numpy(dones[chosen]))
    values = online(torch.from_numpy(observations[chosen])).gather(1, torch.from_numpy(actions[chosen])).squeeze(1)
    loss = torch.nn.functional.mse_loss(values, goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % TARGET_EVERY == 0:
        target.load_state_dict(online.state_dict())

seconds = time.perf_counter() - began
print(json.dumps({"loop_seconds": seconds, "steps_per_second": arguments.steps / seconds, "episodes": episodes}))

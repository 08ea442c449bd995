"""CartPole in the style of CleanRL's dqn.py, or with --jax of its dqn_jax.py, with their settings; prints steps per
second as JSON.

This is our own code: one loop, a vector environment of one, Adam, squared loss. By default it is lean, with a NumPy
replay and no log. With --as-built it adds what the real program has around the same computation: Stable-Baselines3's
replay buffer, an inspection of every step's infos, lines on stdout and TensorBoard scalars for each episode and every
hundredth step, and a target refreshed parameter by parameter. The time is that of the loop, without imports.
"""

import argparse
import json
import random
import sys
import tempfile
import time

import gymnasium
import numpy as np
from cleanrl_learners import JaxLearner, TorchLearner
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import RecordEpisodeStatistics

BUFFER, BATCH, STARTS, TRAIN_EVERY, TARGET_EVERY = 10_000, 128, 10_000, 10, 500


class LeanReplay:
    """A replay of plain arrays."""

    def __init__(self, generator):
        self.generator = generator
        self.observations = np.zeros((BUFFER, 4), np.float32)
        self.successors = np.zeros((BUFFER, 4), np.float32)
        self.actions = np.zeros((BUFFER, 1), np.int64)
        self.rewards = np.zeros((BUFFER, 1), np.float32)
        self.dones = np.zeros((BUFFER, 1), np.float32)
        self.added = 0

    def add(self, observation, successor, action, reward, terminated, infos):
        slot = self.added % BUFFER
        self.observations[slot], self.successors[slot], self.actions[slot] = observation[0], successor[0], action
        self.rewards[slot], self.dones[slot] = reward[0], terminated[0]
        self.added += 1

    def sample(self):
        chosen = self.generator.integers(min(self.added, BUFFER), size=BATCH)
        columns = (self.observations, self.successors, self.actions, self.rewards, self.dones)
        return [column[chosen] for column in columns]


class BuiltReplay:
    """The replay buffer of Stable-Baselines3, which CleanRL uses."""

    def __init__(self, environments):
        from stable_baselines3.common.buffers import ReplayBuffer

        self.buffer = ReplayBuffer(
            BUFFER, environments.single_observation_space, environments.single_action_space, "cpu",
            handle_timeout_termination=False)
        self.add = self.buffer.add

    def sample(self):
        data = self.buffer.sample(BATCH)
        columns = (data.observations, data.next_observations, data.actions, data.rewards, data.dones)
        return [column.numpy() for column in columns]


class TensorBoard:
    """The output and logs of the real program."""

    def __init__(self, folder):
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(folder)
        self.began = time.time()

    def episode(self, step, infos):
        if "final_info" not in infos:
            return
        statistics = infos["final_info"]["episode"]
        for index, is_over in enumerate(infos["_final_info"]):
            if is_over:
                print(f"step {step}, episode's return {statistics['r'][index]}", file=sys.stderr)
                self.writer.add_scalar("charts/episodic_return", statistics["r"][index], step)
                self.writer.add_scalar("charts/episodic_length", statistics["l"][index], step)

    def update(self, step, learner):
        if step % 100 != 0:
            return
        rate = int(step / (time.time() - self.began))
        self.writer.add_scalar("losses/td_loss", learner.loss(), step)
        self.writer.add_scalar("losses/q_values", learner.mean_value(), step)
        print("steps a second:", rate, file=sys.stderr)
        self.writer.add_scalar("charts/SPS", rate, step)


def train(arguments, folder):
    generator = np.random.default_rng(arguments.seed)
    learner = (JaxLearner if arguments.jax else TorchLearner)(arguments)
    environments = SyncVectorEnv(
        [lambda: RecordEpisodeStatistics(gymnasium.make("CartPole-v1"))], autoreset_mode=AutoresetMode.SAME_STEP
    )
    log = TensorBoard(folder) if arguments.as_built else None
    replay = BuiltReplay(environments) if arguments.as_built else LeanReplay(generator)
    observation, _ = environments.reset(seed=arguments.seed)
    for step in range(arguments.steps):
        epsilon = max(0.05, 1 + (0.05 - 1) * step / (0.5 * arguments.steps))
        if random.random() < epsilon:
            action = (np.array([environments.single_action_space.sample()]) if arguments.as_built
                      else generator.integers(2, size=1))
        else:
            action = learner.act(observation)
        successor, reward, terminated, truncated, infos = environments.step(action)
        if log:
            log.episode(step, infos)
        reached = successor
        if terminated[0] or truncated[0]:
            reached = np.stack(infos["final_obs"]).astype(np.float32)
        replay.add(observation, reached, action, reward, terminated, infos)
        observation = successor

        if step <= STARTS or step % TRAIN_EVERY != 0:
            continue
        learner.update(*replay.sample())
        if log:
            log.update(step, learner)
        if step % TARGET_EVERY == 0:
            learner.refresh()
    learner.wait()
    if log:
        log.writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=500_000)
    parser.add_argument("--as-built", action="store_true", help="with the real program's replay, infos and logs")
    parser.add_argument("--jax", action="store_true", help="JAX instead of PyTorch")
    parser.add_argument("--threads", type=int, default=1, help="compute threads; the real programs use one per core")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.as_built:
            TensorBoard(folder).writer.close()  # Does the imports, which are not timed.
        began = time.perf_counter()
        train(arguments, folder)
        seconds = time.perf_counter() - began
    print(json.dumps({"loop_seconds": seconds, "steps_per_second": arguments.steps / seconds}))


if __name__ == "__main__":
    main()

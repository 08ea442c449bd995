"""Catch on 84×84 pixels, or an Atari game, in Stable-Baselines3 or SBX, with stacks of four; prints agent steps per
second of learning as JSON.

The settings are those of measurements/pixels.py. SBX does not limit the norm of the gradient. The time
starts once learning starts.
"""

import argparse
import json
import time

import libraries
from catch84 import Catch84
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.vec_env import VecFrameStack

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--game", help="an id of ale-py; default: Catch")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=2000)
parser.add_argument("--learning-starts", type=int, default=1000)
libraries.add_options(parser)
arguments = parser.parse_args()
DQN = libraries.load(arguments)

# The first updates are a warm-up.
WARM_UP = 50


class Stopwatch(BaseCallback):
    """Records the time once learning has started."""

    def _on_step(self):
        if self.num_timesteps == arguments.learning_starts + WARM_UP:
            self.began = time.perf_counter()
        return True


if arguments.game:
    import ale_py  # noqa: F401  registers the games

    environments = make_atari_env(arguments.game, seed=arguments.seed)
else:
    environments = make_vec_env(Catch84, seed=arguments.seed)
model = DQN(
    "CnnPolicy",
    VecFrameStack(environments, n_stack=4),
    learning_rate=1e-4,
    batch_size=32,
    buffer_size=5000,
    learning_starts=arguments.learning_starts,
    gamma=0.99,
    target_update_interval=1000,
    train_freq=4,
    gradient_steps=1,
    exploration_initial_eps=0.05,
    exploration_final_eps=0.05,
    **({"max_grad_norm": 10} if arguments.library == "sb3" else {}),
    seed=arguments.seed,
    device="cpu",
)
stopwatch = Stopwatch()
model.learn(total_timesteps=arguments.steps, callback=stopwatch)
seconds = time.perf_counter() - stopwatch.began
steps = model.num_timesteps - arguments.learning_starts - WARM_UP
print(json.dumps({"steps_per_second": steps / seconds, "updates": model._n_updates}))

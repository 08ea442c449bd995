"""The network, the update and the target of CleanRL's DQN for CartPole, in PyTorch and in JAX, in our own words.

Both programs do not limit the gradient's norm, use squared loss, and refresh the target by copying.
"""

import libraries
import numpy as np

WIDTHS, ACTIONS, RATE, DISCOUNT = [120, 84], 2, 2.5e-4, 0.99


class TorchLearner:
    """Eager PyTorch with its default Adam, as in dqn.py."""

    def __init__(self, arguments):
        import torch

        torch.set_num_threads(arguments.threads)
        torch.manual_seed(arguments.seed)
        self.torch, self.is_lean = torch, not arguments.as_built
        self.online, self.target = self.make_network(), self.make_network()
        self.target.load_state_dict(self.online.state_dict())
        self.optimizer = torch.optim.Adam(self.online.parameters(), lr=RATE)

    def make_network(self):
        nn = self.torch.nn
        return nn.Sequential(nn.Linear(4, WIDTHS[0]), nn.ReLU(), nn.Linear(*WIDTHS), nn.ReLU(),
                             nn.Linear(WIDTHS[1], ACTIONS))

    def act(self, observation):
        with self.torch.no_grad():
            return self.online(self.torch.from_numpy(observation)).argmax(1).numpy()

    def update(self, *columns):
        observations, successors, actions, rewards, dones = map(self.torch.from_numpy, columns)
        with self.torch.no_grad():
            best = self.target(successors).max(1).values
            goal = rewards.flatten() + DISCOUNT * best * (1 - dones.flatten())
        self.values = self.online(observations).gather(1, actions).squeeze(1)
        self.last = self.torch.nn.functional.mse_loss(self.values, goal)
        self.optimizer.zero_grad()
        self.last.backward()
        self.optimizer.step()

    def loss(self):
        return self.last.item()

    def mean_value(self):
        return self.values.mean().item()

    def refresh(self):
        if self.is_lean:
            self.target.load_state_dict(self.online.state_dict())
            return
        for old, new in zip(self.target.parameters(), self.online.parameters()):
            old.data.copy_(1.0 * new.data + 0.0 * old.data)

    def wait(self):
        """Nothing is computed in the background."""


class JaxLearner:
    """Flax and Optax with one compiled update, as in dqn_jax.py. Everything is compiled before the time starts."""

    def __init__(self, arguments):
        libraries.limit_threads(arguments.threads)
        import flax.linen as nn
        import jax
        import optax

        network = nn.Sequential([nn.Dense(WIDTHS[0]), nn.relu, nn.Dense(WIDTHS[1]), nn.relu, nn.Dense(ACTIONS)])
        optimizer = optax.adam(RATE)
        numbers = jax.numpy
        empty = np.zeros((1, 4), np.float32)

        def step(online, target, state, observations, successors, actions, rewards, dones):
            best = network.apply(target, successors).max(axis=-1)
            goal = rewards.flatten() + DISCOUNT * best * (1 - dones.flatten())

            def loss_of(online):
                values = numbers.take_along_axis(network.apply(online, observations), actions, axis=1)[:, 0]
                return ((values - goal) ** 2).mean(), values

            (loss, values), gradient = jax.value_and_grad(loss_of, has_aux=True)(online)
            change, state = optimizer.update(gradient, state)
            return optax.apply_updates(online, change), state, loss, values

        self.step = jax.jit(step)
        self.choose = jax.jit(lambda online, observation: network.apply(online, observation).argmax(axis=-1))
        self.online = self.target = network.init(jax.random.PRNGKey(arguments.seed), empty)
        self.state = optimizer.init(self.online)
        self.act(empty)
        kept = self.online, self.state
        column = np.zeros((128, 1), np.float32)
        self.update(np.repeat(empty, 128, 0), np.repeat(empty, 128, 0), column.astype(np.int64), column, column)
        self.wait()
        self.online, self.state = kept

    def act(self, observation):
        return np.asarray(self.choose(self.online, observation))

    def update(self, *columns):
        self.online, self.state, self.last, self.values = self.step(self.online, self.target, self.state, *columns)

    def loss(self):
        return self.last.item()

    def mean_value(self):
        return self.values.mean().item()

    def refresh(self):
        self.target = self.online

    def wait(self):
        """Waits for the last update, which runs in the background."""
        for value in self.online["params"].values():
            value["kernel"].block_until_ready()

"""Records what one worker with two environments learns in a scripted environment, computed by PyTorch: PQN (Gallici
2024), the asynchronous methods of Mnih 2016, and DQN with a part of the replay for each environment.

The first seed of an environment determines where it begins in a script of observations, rewards and episode ends;
rewards also depend on the action. The methods are written here from the papers, with autograd; seeds, exploration and
the order of minibatches come from the project's random generator, reimplemented in `record_methods.py`. The result is
every parameter after STEPS agent steps, which end in the middle of a round.

    python Fixtures/scripts/record_pqn.py
"""

import json
import pathlib

import torch

from record_methods import ACTIONS, FEATURES, UNITS, Xoshiro

OUT = pathlib.Path(__file__).resolve().parents[1] / "methods" / "pqn.json"
ENVIRONMENTS, LENGTH, STEPS, SCRIPT = 2, 3, 45, 64
TARGET_INTERVAL, SCHEDULE, EXPLORATION = 5, 80, 0.3
RATE, DECAY, EPSILON, CLIP, DISCOUNT = 0.05, 0.9, 0.01, 0.5, 0.9
LEARNING_STARTS, BATCH, N_STEP = 10, 5, 2
LAMBDA, EPOCHS, MINIBATCHES, ADAM_RATE, ADAM_EPSILON = 0.65, 2, 3, 0.02, 1e-5


def script():
    generator = torch.Generator().manual_seed(11)
    observations = torch.randn(SCRIPT, FEATURES, generator=generator)
    rewards = torch.randn(SCRIPT, generator=generator)
    terminated, truncated = (3, 4, 11, 23, 31, 40, 52), (7, 16, 26, 36, 47, 60)
    ends = ["terminated" if s in terminated else "truncated" if s in truncated else "" for s in range(SCRIPT)]
    return observations, rewards, ends


class Environment:
    def __init__(self, stream):
        self.seen = self.step = Xoshiro(0, stream).next() % SCRIPT
        self.observations, self.rewards, self.ends = script()

    @property
    def observation(self):
        return self.observations[self.seen % SCRIPT]

    def take(self, action):
        """Returns reward, end and the final observation; begins the next episode if this one has ended."""
        end = self.ends[self.step % SCRIPT]
        reward = float(self.rewards[self.step % SCRIPT]) + 0.25 * action
        self.step += 1
        self.seen += 1
        following = self.observation
        if end:
            self.seen += 1
        return reward, end, following


class Replay:
    """One environment's part of a replay that never becomes full."""

    def __init__(self):
        self.slots = []

    def begin(self, x):
        self.slots.append({"x": x, "end": "", "final": False})

    def add(self, action, reward, end, following):
        self.slots[-1].update(action=action, reward=reward, end=end)
        if end != "terminated":
            self.begin(following)
            self.slots[-1]["final"] = end == "truncated"

    def transition(self, slot):
        """Returns the sum of rewards, the slot to bootstrap from and its discount; None if it cannot be sampled."""
        if slot == len(self.slots) - 1 or self.slots[slot]["final"]:
            return None
        total, weight = 0.0, 1.0
        for place in range(slot, slot + N_STEP):
            if place == len(self.slots) - 1:
                return None
            step = self.slots[place]
            total += weight * step["reward"]
            weight *= DISCOUNT
            if step["end"] == "terminated":
                return total, slot, 0.0
            if step["end"] == "truncated":
                break
        return total, place + 1, weight


def forward(parameters, x):
    hidden = x @ parameters[0].T + parameters[1]
    if len(parameters) == 6:
        hidden = torch.nn.functional.layer_norm(hidden, (UNITS,), parameters[2], parameters[3], 1e-5)
    return torch.relu(hidden) @ parameters[-2].T + parameters[-1]


class RMSProp:
    def __init__(self, parameters):
        self.squares = [torch.zeros_like(p) for p in parameters]
        self.state = {"mean_square": self.squares}

    def update(self, parameters, gradients, fraction):
        for p, g, square in zip(parameters, gradients, self.squares):
            square.mul_(DECAY).add_((1 - DECAY) * g**2)
            p -= RATE * fraction * g / torch.sqrt(square + EPSILON)


class Adam:
    def __init__(self, parameters):
        self.optimizer = torch.optim.Adam(parameters, lr=ADAM_RATE, eps=ADAM_EPSILON)
        self.parameters = parameters

    def update(self, parameters, gradients, fraction):
        for p, g in zip(parameters, gradients):
            p.grad = g
        self.optimizer.param_groups[0]["lr"] = ADAM_RATE * fraction
        self.optimizer.step()

    @property
    def state(self):
        states = [self.optimizer.state[p] for p in self.parameters]
        return {"first_moment": [s["exp_avg"] for s in states], "second_moment": [s["exp_avg_sq"] for s in states]}


def play(method, optimizer, initial):
    theta = [p.clone() for p in initial]
    target = [p.clone() for p in initial]
    optimizer = Adam(theta) if optimizer == "adam" else RMSProp(theta)
    exploration, shuffling = Xoshiro(0, "workers/0/exploration"), Xoshiro(0, "workers/0/shuffling")
    environments = [Environment("workers/0/environment" + (f"/{i}" if i else "")) for i in range(ENVIRONMENTS)]
    sampling = Xoshiro(0, "workers/0/sampling")
    replays = [Replay() for _ in range(ENVIRONMENTS)]
    for replay, environment in zip(replays, environments):
        replay.begin(environment.observation)
    pending = [None] * ENVIRONMENTS
    rounds = []
    total = 0

    def act(outputs, step):
        if method != "a3c":
            if exploration.uniform() < (1 if method == "dqn" and step < LEARNING_STARTS else EXPLORATION):
                return exploration.below(ACTIONS)
            return int(outputs.argmax())
        place, total = exploration.uniform(), 0.0
        for action, probability in enumerate(torch.softmax(outputs[:ACTIONS].double(), 0).tolist()):
            total += probability
            if place < total:
                return action
        return ACTIONS - 1

    def step(xs, actions, targets, objective, fraction):
        leaves = [p.clone().requires_grad_() for p in theta]
        gradients = torch.autograd.grad(objective(forward(leaves, xs), actions, targets), leaves)
        norm = torch.sqrt(sum((g**2).sum() for g in gradients))
        scale = min(1.0, CLIP / (float(norm) + 1e-6))
        with torch.no_grad():
            optimizer.update(theta, [g * scale for g in gradients], fraction)

    def value_loss(outputs, actions, targets):
        return (outputs.gather(1, actions[:, None]).squeeze(1) - targets) ** 2

    def learn_from_replay(fraction):
        xs, actions, targets = [], [], []
        while len(xs) < BATCH:
            slot, place = sampling.below(sum(len(replay.slots) for replay in replays)), 0
            while slot >= len(replays[place].slots):
                slot -= len(replays[place].slots)
                place += 1
            slots, transition = replays[place].slots, replays[place].transition(slot)
            if transition is None:
                continue
            reward, following, discount = transition
            xs.append(slots[slot]["x"])
            actions.append(slots[slot]["action"])
            targets.append(reward + discount * forward(target, slots[following]["x"]).max())
        batch = torch.stack(xs), torch.tensor(actions), torch.stack(targets)
        step(*batch, lambda *batch: value_loss(*batch).mean(), fraction)

    def learn(rounds, fraction):
        rows = [row for row_of_round in rounds for row in row_of_round]
        xs = torch.stack([row["x"] for row in rows])
        actions = torch.tensor([row["action"] for row in rows])
        with torch.no_grad():
            for place in reversed(range(len(rows))):
                row = rows[place]
                later = rows[place + ENVIRONMENTS] if place + ENVIRONMENTS < len(rows) else None
                cut = row["end"] == "truncated" or later is None
                here, there = forward(theta, row["next"]), forward(target, row["next"])
                if row["end"] == "terminated":
                    value = torch.tensor(0.0)
                elif method == "async-q":
                    value = there.max()
                elif method == "async-sarsa":
                    value = there[row["after"] if cut else later["action"]]
                elif method == "async-nstep-q":
                    value = there.max() if cut else later["target"]
                elif method == "a3c":
                    value = here[ACTIONS] if cut else later["target"]
                else:
                    value = here.max()
                    if not cut:
                        value = LAMBDA * later["target"] + (1 - LAMBDA) * value
                row["target"] = row["reward"] + DISCOUNT * value
        targets = torch.stack([row["target"] for row in rows])

        def actor_critic_loss(outputs, actions, targets):
            log_policy = torch.log_softmax(outputs[:, :ACTIONS], 1)
            advantage = targets - outputs[:, ACTIONS].detach()
            entropy = -(log_policy.exp() * log_policy).sum(1)
            taken = log_policy.gather(1, actions[:, None]).squeeze(1)
            return -taken * advantage - 0.01 * entropy + 0.5 * (targets - outputs[:, ACTIONS]) ** 2

        if method == "pqn":
            for _ in range(EPOCHS):
                order = list(range(len(rows)))
                for place in range(len(rows) - 1, 0, -1):
                    other = shuffling.below(place + 1)
                    order[place], order[other] = order[other], order[place]
                size = len(rows) // MINIBATCHES
                for start in range(0, len(rows), size):
                    places = order[start : start + size]
                    mean = lambda *batch: value_loss(*batch).mean()
                    step(xs[places], actions[places], targets[places], mean, fraction)
        else:
            loss = actor_critic_loss if method == "a3c" else value_loss
            step(xs, actions, targets, lambda *batch: loss(*batch).sum() / ENVIRONMENTS, fraction)

    while total < STEPS:
        count = min(ENVIRONMENTS, STEPS - total)
        chosen = []
        for index in range(count):
            x = environments[index].observation
            action = pending[index] if pending[index] is not None else act(forward(theta, x), total + index)
            pending[index] = None
            chosen.append((x, action))
        rounds.append([])
        for index, (x, action) in enumerate(chosen):
            reward, end, following = environments[index].take(action)
            replays[index].add(action, reward, end, following)
            if end:
                replays[index].begin(environments[index].observation)
            rounds[-1].append({"x": x, "action": action, "reward": reward, "end": end, "next": following})
        before, total = total, total + count
        if total // TARGET_INTERVAL > before // TARGET_INTERVAL:
            target = [p.clone() for p in theta]
        if count < ENVIRONMENTS:
            break
        if method == "dqn":
            if total > LEARNING_STARTS:
                learn_from_replay(1 - total / SCHEDULE)
            continue
        if method == "async-sarsa":
            for index, row in enumerate(rounds[-1]):
                if row["end"] != "terminated":
                    row["after"] = act(forward(theta, row["next"]), total + index)
                    if row["end"] != "truncated":
                        pending[index] = row["after"]
        if len(rounds) == LENGTH:
            learn(rounds, 1 - total / SCHEDULE)
            rounds = []
    flat = lambda parameters: [float(v) for p in parameters for v in p.flatten()]
    return {
        "online": flat(theta), "slots": {name: flat(slot) for name, slot in optimizer.state.items()},
        "open_steps": 0 if method == "dqn" else sum(len(rows) for rows in rounds),
    }


def main():
    torch.manual_seed(5)
    observations, rewards, ends = script()
    cases = []
    for method, network, optimizer in [
        ("dqn", "mlp:8", "rmsprop"), ("pqn", "mlp:8", "adam"), ("pqn", "mlp:8", "rmsprop"),
        ("pqn", "mlp:8+norm", "adam"), ("async-q", "mlp:8", "rmsprop"), ("async-sarsa", "mlp:8", "rmsprop"),
        ("async-nstep-q", "mlp:8", "rmsprop"), ("a3c", "mlp:8", "rmsprop"),
    ]:
        outputs = ACTIONS + (method == "a3c")
        initial = [torch.randn(UNITS, FEATURES) * 0.5, torch.randn(UNITS) * 0.1]
        if network.endswith("norm"):
            initial += [1 + torch.randn(UNITS) * 0.1, torch.randn(UNITS) * 0.1]
        initial += [torch.randn(outputs, UNITS) * 0.5, torch.randn(outputs) * 0.1]
        flat = [float(v) for p in initial for v in p.flatten()]
        case = {"method": method, "network": network, "optimizer": optimizer, "initial": flat}
        cases.append({**case, **play(method, optimizer, initial)})
    document = {
        "environments": ENVIRONMENTS, "segment_length": LENGTH, "steps": STEPS, "target_interval": TARGET_INTERVAL,
        "schedule_steps": SCHEDULE, "exploration": EXPLORATION, "learning_rate": RATE, "rmsprop_decay": DECAY,
        "rmsprop_epsilon": EPSILON, "max_gradient_norm": CLIP, "discount": DISCOUNT, "return_lambda": LAMBDA,
        "learning_starts": LEARNING_STARTS, "batch_size": BATCH, "n_step": N_STEP, "epochs": EPOCHS, "minibatches": MINIBATCHES, "adam_rate": ADAM_RATE, "adam_epsilon": ADAM_EPSILON,
        "actions": ACTIONS, "observations": [[float(v) for v in row] for row in observations],
        "rewards": [float(r) for r in rewards], "ends": ends, "cases": cases,
    }
    OUT.write_text(json.dumps(document) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

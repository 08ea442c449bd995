"""Records what the asynchronous methods of Mnih 2016 learn in a scripted environment, computed by PyTorch.

One worker plays a script: the step number determines observations, rewards and episode ends; rewards also depend on the
action. The methods are written here from the paper, one loop each, with autograd. The result is every parameter after
STEPS agent steps. Actions are greedy (epsilon 0). A3C draws its actions with the project's random generator,
reimplemented here.

    python Fixtures/scripts/record_methods.py
"""

import json
import pathlib

import torch

OUT = pathlib.Path(__file__).resolve().parents[1] / "methods" / "scripted.json"
FEATURES, UNITS, ACTIONS = 3, 8, 3
STEPS, LENGTH, TARGET_INTERVAL, SCHEDULE = 40, 4, 6, 60
RATE, DECAY, EPSILON, CLIP, DISCOUNT = 0.05, 0.9, 0.01, 0.5, 0.9
MASK = (1 << 64) - 1


class Xoshiro:
    """xoshiro256++ seeded by SplitMix64 from a seed and a stream's name (FNV-1a)."""

    def __init__(self, seed, stream):
        name = 0xCBF29CE484222325
        for byte in stream.encode():
            name = ((name ^ byte) * 0x100000001B3) & MASK
        self.mixer = seed
        self.mixer = self.mix() ^ name
        self.s = [self.mix() for _ in range(4)]

    def mix(self):
        self.mixer = (self.mixer + 0x9E3779B97F4A7C15) & MASK
        z = self.mixer
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53

    def below(self, bound):
        """An unbiased integer below a bound (Lemire 2019)."""
        product = self.next() * bound
        while product & MASK < (-bound & MASK) % bound:
            product = self.next() * bound
        return product >> 64

    def next(self):
        s = self.s
        rotate = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
        result = (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
        return result


def script():
    """Observations in order (one for each step, and one more at each reset), rewards, episode ends."""
    generator = torch.Generator().manual_seed(7)
    observations = torch.randn(2 * STEPS, FEATURES, generator=generator)
    rewards = torch.randn(STEPS, generator=generator)
    ends = ["terminated" if step in (6, 17, 18, 32) else "truncated" if step in (11, 26) else "" for step in range(STEPS)]
    return observations, rewards, ends


def forward(parameters, x):
    w1, b1, w2, b2 = parameters
    return torch.relu(x @ w1.T + b1) @ w2.T + b2


def huber(error):
    size = error.abs()
    return torch.where(size < 1, 0.5 * error**2, size - 0.5)


class PaperRMSProp:
    """RMSProp of Mnih 2016, with epsilon inside the root."""

    def __init__(self, parameters):
        self.squares = [torch.zeros_like(p) for p in parameters]

    def step(self, parameters, gradients, rate):
        for p, g, square in zip(parameters, gradients, self.squares):
            square.mul_(DECAY).add_((1 - DECAY) * g**2)
            p -= rate * g / torch.sqrt(square + EPSILON)


class Munchausen:
    """What Munchausen learning (Vieillard 2020) adds: q are values of the target network, one row per observation."""

    def __init__(self, alpha, tau, clip):
        self.alpha, self.tau, self.clip = alpha, tau, clip

    def bonus(self, q, actions):
        log_policy = torch.log_softmax(q / self.tau, 1).gather(1, actions[:, None]).squeeze(1)
        return self.alpha * (self.tau * log_policy).clamp(self.clip, 0)

    def value(self, q, outcomes=None):
        """The soft value of q, or of further outcomes [rows, actions, n] that have the same policy."""
        log_policy = torch.log_softmax(q / self.tau, 1)
        outcomes = q[:, :, None] if outcomes is None else outcomes
        soft = log_policy.exp()[:, :, None] * (outcomes - self.tau * log_policy[:, :, None])
        return soft.sum(1)


def play(method, loss, double, initial, base_rate=RATE, make_optimizer=PaperRMSProp, munchausen=None):
    observations, rewards, ends = script()
    actor_critic = method == "a3c"
    theta = [p.clone() for p in initial]
    target = [p.clone() for p in initial]
    optimizer = make_optimizer(theta)
    generator = Xoshiro(0, "workers/0/exploration")
    penalty = huber if loss == "huber" else lambda error: error**2
    seen, pending, segment = 0, None, []

    def act(parameters, x):
        outputs = forward(parameters, x)
        if not actor_critic:
            return int(outputs.argmax())
        place, total = generator.uniform(), 0.0
        for action, probability in enumerate(torch.softmax(outputs[:ACTIONS].double(), 0).tolist()):
            total += probability
            if place < total:
                return action
        return ACTIONS - 1

    local = [p.clone() for p in theta]
    for step in range(STEPS):
        x = observations[seen]
        action = pending if pending is not None else act(local, x)
        pending = None
        seen += 1
        reward = float(rewards[step]) + 0.25 * action
        following = observations[seen]
        segment.append((x, action, reward, following))
        if ends[step]:
            seen += 1
        total = step + 1
        if total % TARGET_INTERVAL == 0:
            target = [p.clone() for p in theta]
        if method == "async-sarsa" and ends[step] != "terminated":
            pending = act(local, following)
        if len(segment) < LENGTH and not ends[step]:
            continue

        over = ends[step] == "terminated"
        leaves = [p.clone().requires_grad_() for p in local]
        xs = torch.stack([s[0] for s in segment])
        actions = [s[1] for s in segment]
        outputs = forward(leaves, xs)
        with torch.no_grad():
            next_values = forward(target, torch.stack([s[3] for s in segment]))
            chosen = forward(local, torch.stack([s[3] for s in segment])) if double else next_values
            greedy = next_values.gather(1, chosen[:, :ACTIONS].argmax(1, keepdim=True)).squeeze(1)
            if munchausen:
                greedy = munchausen.value(next_values).squeeze(1)
                bonuses = munchausen.bonus(forward(target, xs), torch.tensor(actions))
                segment = [(s[0], s[1], s[2] + float(b), s[3]) for s, b in zip(segment, bonuses)]
            targets = []
            if method == "async-q":
                targets = [s[2] + DISCOUNT * greedy[i] for i, s in enumerate(segment)]
                if over:
                    targets[-1] = torch.tensor(segment[-1][2])
            elif method == "async-sarsa":
                for i, s in enumerate(segment):
                    last = i == len(segment) - 1
                    next_action = pending if last else actions[i + 1]
                    value = 0.0 if last and over else next_values[i, next_action]
                    targets.append(torch.as_tensor(s[2] + DISCOUNT * value))
            else:
                final = segment[-1][3]
                bootstrap = forward(local, final)[ACTIONS] if actor_critic else greedy[-1]
                value = torch.tensor(0.0) if over else bootstrap
                for s in reversed(segment):
                    value = s[2] + DISCOUNT * value
                    targets.insert(0, value)
            targets = torch.stack([torch.as_tensor(t, dtype=torch.float32) for t in targets])
        if actor_critic:
            log_policy = torch.log_softmax(outputs[:, :ACTIONS], 1)
            values = outputs[:, ACTIONS]
            advantage = targets - values.detach()
            entropy = -(log_policy.exp() * log_policy).sum(1)
            taken = log_policy.gather(1, torch.tensor(actions)[:, None]).squeeze(1)
            objective = (-taken * advantage - 0.01 * entropy + 0.5 * (targets - values) ** 2).sum()
        else:
            taken = outputs.gather(1, torch.tensor(actions)[:, None]).squeeze(1)
            objective = penalty(taken - targets).sum()
        gradients = torch.autograd.grad(objective, leaves)
        norm = torch.sqrt(sum((g**2).sum() for g in gradients))
        scale = min(1.0, CLIP / (float(norm) + 1e-6))
        optimizer.step(theta, [g * scale for g in gradients], base_rate * (1 - total / SCHEDULE))
        if ends[step] == "truncated":
            pending = None
        segment = []
        local = [p.clone() for p in theta]
    flat = lambda parameters: [float(v) for p in parameters for v in p.flatten()]
    result = {"online": flat(theta), "target": flat(target)}
    if isinstance(optimizer, PaperRMSProp):
        result["mean_square"] = flat(optimizer.squares)
    return {**result, "open_steps": len(segment)}


def play_replay(
    initial, rate, make_optimizer, batch_size, train_interval, n_step=1, double=False, munchausen=None, quantiles=0
):
    """Deep Q-learning with a uniform replay, as `dqn` and `async-dqn` with one worker compute it.

    With quantiles it is QR-DQN (Dabney 2018): the quantile Huber loss, summed over the quantiles of the value and
    averaged over those of the target and over the batch.
    """
    observations, rewards, ends = script()
    theta = [p.clone() for p in initial]
    target = [p.clone() for p in initial]
    optimizer = make_optimizer(theta)
    sampling = Xoshiro(0, "workers/0/sampling")
    seen = 0
    slots = [{"x": observations[0], "end": ""}]

    def outcomes(parameters, x):
        """[rows, actions, quantiles]; one quantile, the value itself, without any."""
        return forward(parameters, x).view(len(x), ACTIONS, max(1, quantiles))

    def values(parameters, x):
        return outcomes(parameters, x).mean(2)

    def window(slot):
        """The slots of the steps of a return, the factor of the bootstrap and the slot to bootstrap from."""
        steps, factor = [], 1.0
        for _ in range(n_step):
            steps.append(slot)
            factor *= DISCOUNT
            if slots[slot]["end"] == "terminated":
                return steps, 0.0, steps[0]
            slot += 1
            if slots[slot - 1]["end"] == "truncated":
                break
        return steps, factor, slot

    def can_sample(slot):
        last = len(slots) - 1
        if slot == last or slots[slot]["end"] == "final":
            return False
        return last - slot >= n_step or any(slots[s]["end"] in ("terminated", "truncated") for s in range(slot, last))

    for step in range(STEPS):
        newest = slots[-1]
        action = int(values(theta, newest["x"][None]).argmax())
        seen += 1
        newest.update(action=action, reward=float(rewards[step]) + 0.25 * action, end=ends[step])
        if ends[step] != "terminated":
            slots.append({"x": observations[seen], "end": "final" if ends[step] else ""})
        if ends[step]:
            seen += 1
            slots.append({"x": observations[seen], "end": ""})
        total = step + 1
        if total % TARGET_INTERVAL == 0:
            target = [p.clone() for p in theta]
        if total % train_interval or not any(can_sample(s) for s in range(len(slots))):
            continue
        batch = []
        while len(batch) < batch_size:
            slot = sampling.below(len(slots))
            if can_sample(slot):
                batch.append(slot)
        leaves = [p.clone().requires_grad_() for p in theta]
        predicted = outcomes(leaves, torch.stack([slots[s]["x"] for s in batch]))
        windows = [window(s) for s in batch]
        with torch.no_grad():
            x = torch.stack([slots[w[2]]["x"] for w in windows])
            q = values(target, x)
            if munchausen:
                following = munchausen.value(q, outcomes(target, x))
            else:
                best = (values(theta, x) if double else q).argmax(1)
                following = outcomes(target, x)[torch.arange(len(batch)), best]
            sums = []
            for steps, _, _ in windows:
                total_reward = 0.0
                for index, s in enumerate(steps):
                    reward = slots[s]["reward"]
                    if munchausen:
                        taken = torch.tensor([slots[s]["action"]])
                        reward += float(munchausen.bonus(values(target, slots[s]["x"][None]), taken))
                    total_reward += DISCOUNT**index * reward
                sums.append(total_reward)
            y = torch.tensor(sums)[:, None] + torch.tensor([w[1] for w in windows])[:, None] * following
        taken = predicted[torch.arange(len(batch)), torch.tensor([slots[s]["action"] for s in batch])]
        if quantiles:
            fractions = (torch.arange(quantiles) + 0.5) / quantiles
            error = y[:, None, :] - taken[:, :, None]
            weight = (fractions[None, :, None] - (error.detach() < 0).float()).abs()
            objective = (weight * huber(error)).mean(2).sum(1).mean()
        else:
            objective = ((taken - y) ** 2).mean()
        gradients = torch.autograd.grad(objective, leaves)
        norm = torch.sqrt(sum((g**2).sum() for g in gradients))
        scale = min(1.0, CLIP / (float(norm) + 1e-6))
        optimizer.step(theta, [g * scale for g in gradients], rate * (1 - total / SCHEDULE))
    return {"online": [float(v) for p in theta for v in p.flatten()]}


def main():
    torch.manual_seed(3)
    observations, rewards, ends = script()
    cases = []
    for method, loss, double in [
        ("async-q", "squared", False), ("async-q", "huber", True), ("async-sarsa", "squared", False),
        ("async-nstep-q", "squared", False), ("async-nstep-q", "huber", True), ("a3c", "squared", False),
    ]:
        outputs = ACTIONS + (method == "a3c")
        initial = [
            torch.randn(UNITS, FEATURES) * 0.5, torch.randn(UNITS) * 0.1, torch.randn(outputs, UNITS) * 0.5,
            torch.randn(outputs) * 0.1,
        ]
        result = play(method, loss, double, initial)
        flat = [float(v) for p in initial for v in p.flatten()]
        cases.append({"method": method, "loss": loss, "double": double, "initial": flat, **result})
    document = {
        "steps": STEPS, "segment_length": LENGTH, "target_interval": TARGET_INTERVAL, "schedule_steps": SCHEDULE,
        "learning_rate": RATE, "rmsprop_decay": DECAY, "optimizer_epsilon": EPSILON, "max_gradient_norm": CLIP,
        "discount": DISCOUNT, "units": UNITS, "actions": ACTIONS,
        "observations": [[float(v) for v in row] for row in observations], "rewards": [float(r) for r in rewards],
        "ends": ends, "cases": cases,
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(document) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

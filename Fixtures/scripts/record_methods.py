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


def play(method, loss, double, initial, base_rate=RATE, make_optimizer=PaperRMSProp):
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

#!/usr/bin/env python3
"""Records episodes of the classic control environments from Gymnasium, into Fixtures/trajectories/.

    python Fixtures/scripts/record_trajectories.py

Made with Python 3.11, gymnasium 1.4.0 and numpy 2.4.6 on x86-64. Writes one JSON file per environment with
several episodes: some end by termination, some at the time limit. Arrays are little-endian in base64, which keeps
every bit. `states` are the environment's own float64 variables before the first step and after each;
`observations` are Gymnasium's, as float32.
"""

import base64
import json
import pathlib

import gymnasium
import numpy as np

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "trajectories"


def random_policy(generator, count):
    """Uniform actions, each held for a few steps so that pendulums gain energy."""
    held = [0, 0]

    def act(_):
        if held[1] == 0:
            held[:] = [int(generator.integers(count)), int(generator.integers(1, 6))]
        held[1] -= 1
        return held[0]

    return act


def balance(_generator, _count):
    """Balances CartPole: pushes to the side to which the pole leans and turns, and back to the middle."""
    return lambda s: int(s[2] + 0.3 * s[3] + 0.05 * s[0] + 0.1 * s[1] > 0)


def drift(_generator, _count):
    """Balances the pole with a lean, so that the cart leaves the track."""
    return lambda s: int(s[2] + 0.3 * s[3] - 0.06 > 0)


def pump(_generator, _count):
    """Solves MountainCar: accelerates in the direction of motion."""
    return lambda s: 2 if s[1] > 0 else 0


def coast(_generator, _count):
    """Never reaches MountainCar's goal."""
    return lambda _: 1


def left_wall(_generator, _count):
    """Swings left to the wall, then solves MountainCar: covers the special case at the wall."""
    seen = []

    def act(s):
        if s[0] <= -1.19:
            seen.append(True)
        if seen:
            return 2 if s[1] > 0 else 0
        return 0 if s[1] < 0 or s[0] > -0.45 else 2

    return act


def swing(_generator, _count):
    """Swings Acrobot up: torque in the direction of the elbow's velocity."""
    return lambda s: 2 if s[3] > 0 else 0


PLAN = {
    "CartPole-v1": [random_policy] * 6 + [drift, balance, balance],
    "MountainCar-v0": [random_policy, coast, left_wall, pump, pump],
    "Acrobot-v1": [random_policy, random_policy, swing, swing],
}


def pack(values, dtype):
    """An array as base64 of its little-endian bytes."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode()


def unpack(text):
    """The float64 array of a base64 text."""
    return np.frombuffer(base64.b64decode(text), dtype="<f8")


def play(environment, policy, seed):
    """Plays one episode to its end."""
    observation, _ = environment.reset(seed=seed)
    states = [np.array(environment.unwrapped.state, dtype=np.float64)]
    observations, actions, rewards = [observation], [], []
    while True:
        action = policy(states[-1])
        observation, reward, terminated, truncated, _ = environment.step(action)
        actions.append(action)
        rewards.append(reward)
        states.append(np.array(environment.unwrapped.state, dtype=np.float64))
        observations.append(observation)
        if terminated or truncated:
            break
    return {
        "policy": policy.__qualname__.split(".")[0],
        "seed": seed,
        "steps": len(actions),
        "actions": "".join(map(str, actions)),
        "rewards": pack(rewards, "<f8"),
        "states": pack(states, "<f8"),
        "observations": pack(observations, "<f4"),
        "terminated": bool(terminated),
        "truncated": bool(truncated),
    }


def main():
    OUTPUT.mkdir(exist_ok=True)
    for name, policies in PLAN.items():
        environment = gymnasium.make(name)
        episodes = []
        for index, make_policy in enumerate(policies):
            policy = make_policy(np.random.default_rng(index), environment.action_space.n)
            episodes.append(play(environment, policy, seed=100 + index))
            episode = episodes[-1]
            print(f"{name}: {episode['policy']}, {episode['steps']} steps, "
                  f"{'terminated' if episode['terminated'] else ''} {'truncated' if episode['truncated'] else ''}")
        if name == "MountainCar-v0":
            walls = [s for e in episodes for s in unpack(e["states"]).reshape(-1, 2) if s[0] == -1.2 and s[1] == 0]
            assert walls, "no episode touches the left wall"
        if name == "CartPole-v1":
            ends = [unpack(e["states"]).reshape(-1, 4)[-1] for e in episodes if e["terminated"]]
            assert any(abs(s[0]) > 2.4 for s in ends) and any(abs(s[0]) < 2.4 for s in ends), "one kind of end only"
        assert any(e["terminated"] for e in episodes) and any(e["truncated"] for e in episodes), name
        document = {
            "environment": name,
            "gymnasium": gymnasium.__version__,
            "state_size": int(np.size(environment.unwrapped.state)),
            "observation_size": int(environment.observation_space.shape[0]),
            "maximum_episode_steps": environment.spec.max_episode_steps,
            "reward_threshold": environment.spec.reward_threshold,
            "episodes": episodes,
        }
        path = OUTPUT / f"{name}.json"
        path.write_text(json.dumps(document, indent=1) + "\n")
        print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()

"""Environments that misbehave, or look unusual, for the tests of the Gymnasium bridge.

usage: --env gym:dqn_test_environments:Sleeper-v0, with this folder in PYTHONPATH
"""

import enum
import os
import signal
import subprocess
import sys
import threading
import time

import gymnasium
import numpy


class Still(gymnasium.Env):
    """Zeros in every step."""

    action_space = gymnasium.spaces.Discrete(2)
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (4,), numpy.float32)

    def __init__(self, label=""):
        self.label = label
        self.last = numpy.zeros(self.observation_space.shape, self.observation_space.dtype)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.last.copy(), {}

    def step(self, action):
        if action == 1:
            self.act()
        return self.last.copy(), 0.5, False, False, {}

    def act(self):
        """What happens at action 1."""


class Poller(Still):
    """Its reward is the number of requests that the process has polled for."""

    polls = 0

    def __init__(self, label=""):
        super().__init__(label)
        polling = sys.modules["gymnasium_worker"].Polling
        wait = polling.poll

        def poll(waiting):
            self.polls += 1
            wait(waiting)

        polling.poll = poll

    def step(self, action):
        return self.last.copy(), float(self.polls), False, False, {}


class Sleeper(Still):
    def act(self):
        time.sleep(3600)


class Raiser(Still):
    def act(self):
        raise ValueError("the ice broke")


class Quitter(Still):
    def act(self):
        print("out of here", file=sys.stderr)
        os._exit(7)


class Crasher(Still):
    def act(self):
        os.kill(os.getpid(), signal.SIGSEGV)


class DeepCrasher(Still):
    """Crashes below more frames than an error quotes, while another thread sleeps."""

    def act(self):
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        self.fall(30)

    def fall(self, frames):
        if frames:
            self.fall(frames - 1)
        else:
            self.land()

    def land(self):
        os.kill(os.getpid(), signal.SIGSEGV)


class Reader(Still):
    def act(self):
        raise EOFError("the book is read")


class Parent(Still):
    """Starts a process; the reward is the number of that process."""

    child = None

    def reset(self, *, seed=None, options=None):
        if self.child is None:
            # The arguments identify the process to a test.
            program = [sys.executable, "-c", "import time; time.sleep(3600)"]
            self.child = subprocess.Popen(program + sys.orig_argv[1:])
        return super().reset(seed=seed)

    def step(self, action):
        super().step(action)
        return self.last.copy(), float(self.child.pid), False, False, {}


class Leaver(Parent):
    def act(self):
        os._exit(7)


class Lingerer(Still):
    """Never finishes closing."""

    def close(self):
        time.sleep(3600)


class Infinite(Still):
    """Pays an infinite reward for the second action."""

    def step(self, action):
        return self.last.copy(), numpy.inf if action == 1 else 0.5, False, False, {}


class Mistaken(Still):
    """Returns something else than a number, two truth values and a dictionary for the second action."""

    FAULTS = {
        "none": lambda result: result.update(reward=None),
        "text": lambda result: result.update(reward="1"),
        "array": lambda result: result.update(reward=numpy.zeros(3)),
        "list": lambda result: result.update(reward=[1.0]),
        "complex": lambda result: result.update(reward=1j),
        "giant": lambda result: result.update(reward=10**400),
        "large": lambda result: result.update(reward=1e40),
        "scalar": lambda result: result.update(reward=numpy.array(0.25)),
        "ends": lambda result: result.update(terminated=numpy.array([True, False])),
        "limits": lambda result: result.update(truncated=numpy.array([True, False])),
        "information": lambda result: result.update(information=None),
    }

    def __init__(self, label="", fault="none"):
        super().__init__(label)
        self.fault = fault

    def step(self, action):
        result = {"reward": 0.5, "terminated": False, "truncated": False, "information": {}}
        if action == 1:
            self.FAULTS[self.fault](result)
        return self.last.copy(), *result.values()


class Blank(Still):
    """Observes NaN after the second action, also after a reset."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (2, 3, 2), numpy.float64)

    def act(self):
        self.last[1, 2, 0] = numpy.nan


class Chatterer(Still):
    def act(self):
        print("to standard output " * 20_000)
        print("to standard error " * 20_000, file=sys.stderr)


class Keeper(Still):
    """Holds something that is not data."""

    def act(self):
        self.kept = {1, 2, 3}


class Mode(enum.Enum):
    SCATTER = 0
    CHASE = 7


class Ghost(Still):
    """Is in another mode after the second action; its reward shows which."""

    def reset(self, *, seed=None, options=None):
        self.mode, self.modes = Mode.SCATTER, [Mode.SCATTER]
        return super().reset(seed=seed)

    def act(self):
        self.mode = Mode.CHASE
        self.modes.append(Mode.CHASE)

    def step(self, action):
        super().step(action)
        return self.last.copy(), float(self.mode.value + len(self.modes)), False, False, {}


class Place:
    def __init__(self, number):
        self.number = number

    def tell(self):
        return self.number


START = Place(0)


class Walker(Still):
    """Begins each episode at a place that all instances share; the second action leaves it.

    Its reward is the position according to two other objects that refer to the same place.
    """

    def reset(self, *, seed=None, options=None):
        self.has_left = False
        self.go(START)
        return super().reset(seed=seed)

    def go(self, place):
        self.place = place
        self.follower = Place(1000)
        self.follower.leader = place
        self.tell = place.tell

    def act(self):
        self.has_left = True
        self.go(Place(self.place.number + 1))

    def step(self, action):
        super().step(action)
        if self.has_left:
            self.place.number += 10
        return self.last.copy(), float(self.tell() + self.follower.leader.number), False, False, {}


class Thrower(Still):
    """The second action adds a place, which a new environment does not have."""

    def reset(self, *, seed=None, options=None):
        self.ball = None
        return super().reset(seed=seed)

    def act(self):
        self.ball = Place(5)


class Caller(Still):
    """The second action adds a function of another module, which a new environment does not have."""

    def reset(self, *, seed=None, options=None):
        self.call = None
        return super().reset(seed=seed)

    def act(self):
        self.call = time.sleep


class Teller(Still):
    """Counts in a variable that no attribute shows; its reward is the count. The second action adds such a list."""

    def reset(self, *, seed=None, options=None):
        count = 0

        def tell():
            nonlocal count
            count += 1
            return count

        self.tell = tell
        return super().reset(seed=seed)

    def act(self):
        counts = [0]
        self.tell_more = lambda: counts

    def step(self, action):
        super().step(action)
        return self.last.copy(), float(self.tell()), False, False, {}


class Mumbler(Still):
    """Holds a method of an object that is not data, from the second action on."""

    def act(self):
        self.tell = set().add


class Loser(Still):
    """Keeps numbers that JSON cannot represent."""

    def reset(self, *, seed=None, options=None):
        self.best, self.worst, self.mean = float("-inf"), [float("inf")], float("nan")
        return super().reset(seed=seed)

    def step(self, action):
        is_lost = self.best == -numpy.inf and self.worst == [numpy.inf] and self.mean != self.mean
        self.best = 0.0 if action == 1 else self.best
        return self.last.copy(), float(is_lost), False, False, {}


class Gambler(Still):
    """Draws from the generator that all Python code shares."""

    def act(self):
        numpy.random.random()


class Frames(Still):
    """Frames of seven rows, five columns and three channels; after the second action, elements encode their position."""

    observation_space = gymnasium.spaces.Box(0, 255, (7, 5, 3), numpy.uint8)

    def act(self):
        rows, columns, channels = numpy.indices(self.observation_space.shape)
        self.last = (rows * 20 + columns * 4 + channels).astype(numpy.uint8)


class Thumbnails(Frames):
    """Accepts the option that the preset `atari` adds."""

    def __init__(self, label="", obs_type=None):
        super().__init__(label)


class Drawn(Still):
    """Draws itself: red is the number of steps, green and blue the pixel's position. A render mode changes rewards."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 12}
    steps = 0

    def step(self, action):
        self.steps += 1
        return self.last.copy(), 0.5 if self.render_mode is None else 9.0, False, False, {}

    def render(self):
        if self.render_mode != "rgb_array":
            return None
        rows, columns = numpy.indices((4, 6))
        return numpy.stack([numpy.full((4, 6), self.steps), columns, rows], axis=2).astype(numpy.uint8)


class Undrawn(Drawn):
    def render(self):
        raise RuntimeError("the paint has dried")


class UndrawnFrames(Undrawn):
    observation_space = gymnasium.spaces.Box(0, 255, (7, 5, 3), numpy.uint8)


class Dim(Frames):
    """Its bytes may reach 255, but do not."""

    def __init__(self, label=""):
        super().__init__(label)
        self.last[2] = 8


class LargeFrames(Still):
    observation_space = gymnasium.spaces.Box(0, 255, (84, 84, 4), numpy.uint8)


class Doubles(Still):
    """The second action is number 5 in Python."""

    action_space = gymnasium.spaces.Discrete(2, start=4)
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (2, 3), numpy.float64)

    def step(self, action):
        self.last = numpy.full((2, 3), action / 8)
        return self.last.copy(), float(action), False, False, {}


class Integers(Still):
    observation_space = gymnasium.spaces.Box(-9, 9, (4,), numpy.int32)


class Joystick(Still):
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,))


class Sampler(Still):
    """Observes samples of its space; its reward weighs the elements, as Gymnasium flattens them, by their place."""

    observation_space = gymnasium.spaces.Box(-9, 9, (4,), numpy.int64)

    def __init__(self, label=""):
        self.label = label

    def reset(self, *, seed=None, options=None):
        gymnasium.Env.reset(self, seed=seed)
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        observation = self.observation_space.sample()
        flat = gymnasium.spaces.flatten(self.observation_space, observation)
        return observation, float(flat @ numpy.arange(1, len(flat) + 1)), False, False, {}


class Numbers(Sampler):
    observation_space = gymnasium.spaces.Discrete(5, start=-2)


class Switchboard(Sampler):
    observation_space = gymnasium.spaces.MultiBinary((2, 3))


class Dials(Sampler):
    observation_space = gymnasium.spaces.MultiDiscrete([[2, 3], [4, 2]], start=[[1, 0], [0, 5]])


class Scalar(Sampler):
    observation_space = gymnasium.spaces.Box(0, 9, (), numpy.int64)


class Bag(Sampler):
    """A dictionary with all kinds of entries that a network takes."""

    observation_space = gymnasium.spaces.Dict(
        {
            "cells": gymnasium.spaces.Box(-2.0, 2.0, (2, 3), numpy.float64),
            "number": gymnasium.spaces.Discrete(3, start=1),
            "pair": gymnasium.spaces.Tuple(
                (gymnasium.spaces.MultiBinary(2), gymnasium.spaces.MultiDiscrete([2, 3]))
            ),
            "picture": gymnasium.spaces.Box(0, 255, (6, 6, 3), numpy.uint8),
        }
    )


class Liar(Sampler):
    """Its second observation is not in its space."""

    observation_space = gymnasium.spaces.Discrete(5)

    def step(self, action):
        return 5, 0.0, False, False, {}


class Letter(Sampler):
    observation_space = gymnasium.spaces.Text(5)


class Mission(Sampler):
    """A dictionary with a text beside a picture."""

    observation_space = gymnasium.spaces.Dict(
        {"picture": gymnasium.spaces.Box(0, 10, (7, 7, 3), numpy.uint8), "text": gymnasium.spaces.Text(5)}
    )

    def step(self, action):
        return self.observation_space.sample(), 0.5, False, False, {}


class Board(Still):
    """A one-hot board of seven rows and columns and twenty kinds; elements encode their position after a step."""

    observation_space = gymnasium.spaces.Box(0, 1, (7, 7, 20), numpy.uint8)

    def act(self):
        rows, columns, channels = numpy.indices(self.observation_space.shape)
        self.last = (rows * 30 + columns * 4 + channels).astype(numpy.uint8)


class SmallBoard(Still):
    observation_space = gymnasium.spaces.Box(0, 1, (4, 4, 16), numpy.uint8)


class Cube(Still):
    observation_space = gymnasium.spaces.Box(0.0, 1.0, (6, 6, 6), numpy.float32)


class Table(Still):
    observation_space = gymnasium.spaces.Box(0.0, 1.0, (5, 5), numpy.float32)


class Far(Still):
    observation_space = gymnasium.spaces.Box(-1200.0, 1200.0, (4,), numpy.float32)


class Unbounded(Still):
    """Declares no bounds, and observes large numbers."""

    observation_space = gymnasium.spaces.Box(-numpy.inf, numpy.inf, (4,), numpy.float32)

    def __init__(self, label=""):
        super().__init__(label)
        self.last[2] = -400


class Levers(Still):
    """Its reward spells the action."""

    action_space = gymnasium.spaces.MultiDiscrete([2, 3], start=[1, 5])

    def step(self, action):
        if not self.action_space.contains(action):
            raise ValueError(f"{action!r} is not an action")
        reward = float("".join(str(digit) for digit in numpy.asarray(action).reshape(-1)))
        return self.last.copy(), reward, False, False, {}


class Buttons(Levers):
    action_space = gymnasium.spaces.MultiBinary(2)


class Hands(Levers):
    action_space = gymnasium.spaces.Tuple((gymnasium.spaces.Discrete(2), gymnasium.spaces.Discrete(3, start=1)))


class Organ(Levers):
    action_space = gymnasium.spaces.MultiBinary(11)


class Masked(Still):
    """Six places; at each, only some of four actions are allowed, and any other one fails. Higher actions pay more."""

    action_space = gymnasium.spaces.Discrete(4)
    observation_space = gymnasium.spaces.Box(0.0, 1.0, (6,), numpy.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = 0
        return self.look()

    def look(self):
        # Nothing is allowed at the end.
        self.mask = numpy.zeros(4, numpy.int8)
        self.last[...] = 0
        if self.place < 6:
            self.last[self.place] = 1
            self.mask[...] = self.np_random.integers(0, 2, 4)
            self.mask[self.np_random.integers(4)] = 1
        return self.last.copy(), {"action_mask": self.mask.copy()}

    def step(self, action):
        if not self.mask[action]:
            raise ValueError(f"action {action} is not allowed by {self.mask}")
        self.place += 1
        observation, information = self.look()
        return observation, float(action), self.place == 6, False, information


class MaskedFrames(Masked):
    """The same with a picture."""

    observation_space = gymnasium.spaces.Box(0, 1, (6, 6), numpy.uint8)


class WrongMask(Masked):
    """Its masks have an entry too many after the first step."""

    def look(self):
        observation, information = super().look()
        if self.place:
            information["action_mask"] = numpy.ones(5, numpy.int8)
        return observation, information


class EmptyMask(Masked):
    """Allows nothing after the first step."""

    def look(self):
        observation, information = super().look()
        if self.place:
            information["action_mask"] = numpy.zeros(4, numpy.int8)
        return observation, information


class Scaled(gymnasium.ObservationWrapper):
    """A wrapper of a module of one's own: multiplies observations."""

    def __init__(self, env, factor=0.5):
        super().__init__(env)
        self.factor = factor

    def observation(self, observation):
        return observation * numpy.float32(self.factor)


KINDS = [
    Still, Sleeper, Raiser, Quitter, Crasher, DeepCrasher, Reader, Parent, Leaver, Lingerer, Infinite, Blank, Chatterer,
    Keeper, Ghost, Walker, Thrower, Caller, Teller, Mumbler, Loser, Gambler, Frames, LargeFrames, Doubles, Integers,
    Joystick, Drawn, Undrawn, UndrawnFrames, Sampler, Numbers, Switchboard, Dials, Scalar, Bag, Liar, Letter, Mission, Board,
    SmallBoard, Cube, Table, Far, Unbounded, Levers, Buttons, Hands, Organ, Thumbnails, Masked, MaskedFrames, WrongMask, EmptyMask,
    Dim, Mistaken, Poller,
]
# A label changes the specification, as a new version of the package would.
LABEL = os.environ.get("DQN_TEST_LABEL", "")
for kind in KINDS:
    gymnasium.register(f"{kind.__name__}-v0", kind, kwargs={"label": LABEL})
# A number that JSON cannot represent, and one that other programs need not support.
gymnasium.register("Endless-v0", Still, reward_threshold=float("inf"))
gymnasium.register("Aeonian-v0", Still, max_episode_steps=10**30)
# A limit ends half of its episodes, so that masks of final observations matter.
gymnasium.register("MaskedLimited-v0", Masked, max_episode_steps=4)

"""An environment whose single frames the tests compare with several frames in one request.

usage: --env gym:dqn_frame_environments:Clock-v0, with this folder in PYTHONPATH
"""

import decimal
import fractions
import time

import gymnasium
import numpy

SCREEN = gymnasium.spaces.Box(0, 255, (3, 5), numpy.uint8)
SPACES = {
    "bytes": SCREEN,
    "lists": SCREEN,
    "reused": SCREEN,
    "colours": gymnasium.spaces.Box(0, 255, (4, 5, 3), numpy.uint8),
    "floats": gymnasium.spaces.Box(-1e3, 1e3, (3,), numpy.float32),
    "entries": gymnasium.spaces.Dict({"screen": SCREEN, "hour": gymnasium.spaces.Discrete(5)}),
}
REWARDS = [
    1,
    numpy.float32(0.1),
    0.3,
    fractions.Fraction(1, 3),
    True,
    numpy.int64(-2),
    decimal.Decimal("0.7"),
    -0.0,
    numpy.array(1e-17),
]


class Clock(gymnasium.Env):
    """Observations, rewards of many types, ends, lives and masks follow from the number of frames.

    Action 2 fails in a frame that depends on the number of episodes.
    """

    action_space = gymnasium.spaces.Discrete(3)

    def __init__(self, kind="bytes", fault="", seconds=0.0):
        self.kind, self.fault, self.seconds = kind, fault, seconds
        self.observation_space = SPACES[kind]
        self.episodes = self.frame = self.length = 0
        self.buffer = numpy.zeros(SCREEN.shape, numpy.uint8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episodes += 1
        self.frame = 0
        self.length = int(self.np_random.integers(9, 30))
        return self.look(), self.information()

    def look(self):
        if self.kind == "floats":
            return numpy.full(3, self.frame * 0.1, numpy.float32)
        shape = (4, 5, 3) if self.kind == "colours" else SCREEN.shape
        places = numpy.arange(numpy.prod(shape)).reshape(shape)
        screen = ((places + 1) * 37 + self.frame * self.frame * 11 + self.frame % 2 * 128).astype(numpy.uint8)
        if self.kind == "lists":
            return screen.tolist()
        if self.kind == "reused":
            self.buffer[...] = screen
            return self.buffer
        return {"screen": screen, "hour": self.frame % 5} if self.kind == "entries" else screen

    def information(self):
        information = {"lives": max(0, 3 - self.frame // 6)}
        if self.frame % 3:
            information["action_mask"] = numpy.array([True, self.frame % 2 == 0, self.frame % 5 == 0])
        return information

    def step(self, action):
        time.sleep(self.seconds)
        self.frame += 1
        observation, reward = self.look(), REWARDS[(self.frame + action) % len(REWARDS)]
        if action == 2 and (self.frame - self.episodes) % 4 == 0:
            if self.fault == "exception":
                raise ValueError(f"the clock stopped at {self.frame}")
            if self.fault == "sleep":
                time.sleep(3600)
            if self.fault == "shape":
                observation = numpy.zeros((2, 2), numpy.uint8)
            reward = {"infinite": numpy.inf, "text": "1", "large": 10**400}.get(self.fault, reward)
        over = self.frame >= self.length
        terminated = numpy.bool_(over and self.length % 2 == 0)
        return observation, reward, terminated, over and self.length % 3 == 0 or over and not terminated, self.information()


gymnasium.register("Clock-v0", Clock)

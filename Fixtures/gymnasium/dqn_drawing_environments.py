"""Environments that draw themselves only under some conditions.

usage: --env gym:dqn_drawing_environments:Painter-v0, with this folder in PYTHONPATH
"""

import gymnasium
import numpy
from dqn_test_environments import Still


class Painter(Still):
    """Draws only if it was created to; its canvas shows the number of steps."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}

    def __init__(self, render_mode=None):
        super().__init__()
        self.render_mode = render_mode
        self.steps = 0
        if render_mode == "rgb_array":
            self.canvas = numpy.zeros((6, 8), numpy.uint8)

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return super().reset(seed=seed)

    def step(self, action):
        self.steps += 1
        return super().step(action)

    def render(self):
        self.canvas[:] = 10 * self.steps
        # In grey.
        return self.canvas


class Blind(Painter):
    """Claims to draw, and never can."""

    def render(self):
        raise RuntimeError("no paint at all")


for kind in (Painter, Blind):
    gymnasium.register(f"{kind.__name__}-v0", kind, max_episode_steps=30)

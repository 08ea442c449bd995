"""Catch84-v0 for Gymnasium: the game and picture of our environment, in NumPy.

A ball falls from a random column of a board of ten rows and five columns, one row per step. The paddle in the bottom
row moves by at most one column. After nine steps the episode ends with +1 if the paddle is under the ball, else −1.
"""

import gymnasium
import numpy as np

ROWS, COLUMNS, EXTENT = 10, 5, 84


class Catch84(gymnasium.Env):
    """Frames of 84×84×1 bytes; actions left, stay, right."""

    observation_space = gymnasium.spaces.Box(0, 255, (EXTENT, EXTENT, 1), np.uint8)
    action_space = gymnasium.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.row, self.ball, self.paddle = 0, int(self.np_random.integers(COLUMNS)), COLUMNS // 2
        return self.draw(), {}

    def step(self, action):
        self.paddle = min(max(self.paddle + int(action) - 1, 0), COLUMNS - 1)
        self.row += 1
        is_over = self.row == ROWS - 1
        reward = (1.0 if self.paddle == self.ball else -1.0) if is_over else 0.0
        return self.draw(), reward, is_over, False, {}

    def draw(self):
        picture = np.zeros((EXTENT, EXTENT, 1), np.uint8)
        left, right = (column * EXTENT // COLUMNS for column in (self.ball, self.ball + 1))
        inset = (right - left) // 4
        picture[self.row * EXTENT // ROWS:(self.row + 1) * EXTENT // ROWS, left + inset:right - inset] = 255
        left, right = (column * EXTENT // COLUMNS for column in (self.paddle, self.paddle + 1))
        picture[(ROWS - 1) * EXTENT // ROWS:, left:right] = 255
        return picture

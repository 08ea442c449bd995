"""Takes one action for several frames in one request, with the results of as many single steps.

usage: imported by gymnasium_worker
"""

import math
import sys

from gymnasium_values import layers

# In the flags of a reply: the episode has ended, in either way.
ENDED = 3


def no_screen():
    """Stands in for `_get_obs` of an Atari game in frames that nobody sees."""


def game_of(environment, gymnasium):
    """The Atari game inside wrappers that only pass observations on; `None` for anything else.

    Reading its screen changes nothing, so that frames that nobody sees can do without.
    """
    *wrappers, inner = layers(environment)
    module = sys.modules.get("ale_py.env")
    if module is None or type(inner) is not vars(module).get("AtariEnv"):
        return None
    passing = {gymnasium.wrappers.OrderEnforcing, gymnasium.wrappers.TimeLimit}
    if not passing.issuperset(map(type, wrappers)) or "_get_obs" in vars(inner) or not hasattr(inner, "_get_obs"):
        return None
    return inner


class Frames:
    """Takes an action until the episode ends, up to a number of frames."""

    def __init__(self, environment, observations, actions, information_flags, gymnasium):
        self.environment, self.observations, self.native = environment, observations, actions.native
        self.information_flags = information_flags
        self.game = game_of(environment, gymnasium)
        # Of the last request, also after an exception: the frames taken, the flags of the last one, the sum of the
        # rewards or else the one that is not finite, and what the environment returned last.
        self.taken, self.flags, self.reward, self.is_finite, self.outcome = 0, 0, 0.0, True, None

    def take(self, action, count, keeps_two):
        """Takes frames. Writes the last observation; keeps the one before it if that is asked for and no frame is missing.

        Like single steps, it stops at a reward that is not finite, and raises what they raise.
        """
        # Adding the first reward to this zero changes no bit of it.
        self.taken, self.flags, self.reward, self.is_finite = 0, 0, -0.0, True
        self.observations.open_if_needed()
        goes_on, first_seen = True, count - 1 - keeps_two
        if self.game is not None and first_seen > 0:
            attributes = vars(self.game)
            attributes["_get_obs"] = no_screen
            try:
                goes_on = self.run(action, first_seen, None, False)
            finally:
                del attributes["_get_obs"]
            if not goes_on and self.taken:
                self.observations.write(self.game._get_obs())
        if goes_on:
            self.run(action, count, count - 2 if keeps_two else None, True)

    def run(self, action, count, kept, is_seen):
        """Takes frames up to a count; returns whether the episode goes on. Keeps the observation of frame `kept`."""
        step, native, observations = self.environment.step, self.native, self.observations
        information_flags, is_finite = self.information_flags, math.isfinite
        while self.taken < count:
            self.outcome, index = None, self.taken
            observation, reward, terminated, truncated, information = self.outcome = step(native(action))
            # A step refuses an invalid observation, so all are written that might be one.
            is_written = is_seen and (index == count - 1 or not observations.is_valid(observation))
            if is_written:
                observations.write(observation)
            flags = bool(terminated) | bool(truncated) << 1
            if not is_finite(reward):
                self.reward, self.is_finite = reward, False
                return False
            flags |= information_flags(information)
            self.reward += float(reward)
            self.taken, self.flags = index + 1, flags
            observations.count_frame()
            if flags & ENDED:
                if is_seen and not is_written:
                    observations.write(observation)
                return False
            if index == kept:
                observations.keep(observation)
        return True

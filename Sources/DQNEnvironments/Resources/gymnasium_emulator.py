"""Captures and restores the emulator of Atari games, sticky actions included.

usage: imported by gymnasium_capture and gymnasium_restore
"""

import math

from gymnasium_values import Unfit


class Emulator:
    """The whole state of an Arcade Learning Environment.

    Its serialized state lacks the action that sticky actions repeat. Trial finds it: an action is the sticking one, or
    makes no difference, if the emulator produces the same frames after that action was made the sticking one.
    """

    CERTAINTY = 1e-18
    FRAMES = 16

    def __init__(self, ale):
        self.ale = ale
        self.actions = ale.getLegalActionSet()
        probability = ale.getFloat("repeat_action_probability")
        if probability > 0.9:
            raise Unfit("its emulator repeats actions nearly always (repeat_action_probability above 0.9)")
        # After this number of repetitions, another action still sticks with less than that probability.
        self.repetitions = math.ceil(math.log(self.CERTAINTY) / math.log(probability)) if probability > 0 else 0

    def put(self, action, state):
        """Makes an action of the list the sticking one, then restores a state."""
        for _ in range(self.repetitions):
            self.ale.act(self.actions[action])
        self.ale.restoreState(state)

    def future(self, state):
        """The states that follow a state, frame by frame."""
        self.ale.restoreState(state)
        states = []
        for _ in range(self.FRAMES):
            self.ale.act(self.actions[0])
            states.append(self.ale.cloneState(include_rng=True).serialize())
        return states

    def capture(self):
        """The sticking action's number and the serialized state; the emulator stays unchanged."""
        state = self.ale.cloneState(include_rng=True)
        action = self.find_action(state) if self.repetitions else 0
        self.put(action, state)
        return action, state.serialize()

    def find_action(self, state):
        expected = self.future(state)
        for action in range(len(self.actions)):
            self.put(action, state)
            if self.future(state) == expected:
                return action
        raise Unfit("the action that its emulator may repeat cannot be found")

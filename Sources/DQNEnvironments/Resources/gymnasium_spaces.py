"""Reads the spaces of an environment: writes its observations to shared memory, and numbers its actions.

usage: imported by gymnasium_worker
"""

import itertools
import math
import mmap
import os

from gymnasium_environment import INVALID_OPTIONS, MEMORY, NOT_FINITE, UNSUPPORTED, Refusal

# Combinations of actions beyond this number are not enumerated.
MOST_COMBINATIONS = 1024
# Integers beyond this number are not exact as float32.
EXACT = 1 << 24
# Some environments write bounds like these for no bound.
UNBOUNDED = 1e30


def take_choices(assignments):
    """Splits off the options that choose how observations are read, which are not arguments of the environment."""
    choices, rest = {}, []
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        if key == "observation_key" or (key == "channels" and value in ("first", "last")):
            choices[key] = value
        else:
            rest.append(assignment)
    return choices, rest


def older_reading(shape):
    """Where ids without `channels` have their channels: the last axis, unless the first one is shorter."""
    return "last" if shape[0] >= shape[2] else "first"


def reading(shape):
    """Where the channels of three axes lie, and whether the shape leaves no doubt."""
    first, middle, last = shape
    if first == middle != last:
        return "last", True
    if middle == last != first:
        return "first", True
    # Colours: between one and four channels.
    if last <= 4 < first:
        return "last", True
    if first <= 4 < last:
        return "first", True
    return older_reading(shape), False


class Observations:
    """Writes observations and action masks to shared memory.

    A Box with three axes is written with its channels first, the order that networks take. Everything else than a Box
    becomes one vector, in the order of `gymnasium.spaces.flatten`.
    """

    def __init__(self, space, choices, action_count, gymnasium, numpy):
        self.numpy, self.spaces, self.action_count = numpy, gymnasium.spaces, action_count
        self.key, self.leaves, self.moves_channels = None, None, False
        # Messages for the user, and the options that state what was read.
        self.notices, self.advised_options = [], []
        self.target = None
        if "observation_key" in choices:
            space = self.choose(space, choices["observation_key"])
        if isinstance(space, gymnasium.spaces.Box):
            self.read_box(space, choices.get("channels"))
        else:
            self.read_vector(space, choices)
        self.write = self.write_box if self.leaves is None else self.write_vector
        self.holds_bytes = self.leaves is None and self.key is None and self.element == "uint8"
        if self.key is not None:
            write, key = self.write, self.key
            self.write = lambda observation: write(observation[key])

    def choose(self, space, key):
        """The entry of a Dict or Tuple with this key."""
        if isinstance(space, self.spaces.Dict) and key in space.spaces:
            self.key = key
        elif isinstance(space, self.spaces.Tuple) and key.isdecimal() and int(key) < len(space.spaces):
            self.key = int(key)
        else:
            raise Refusal(INVALID_OPTIONS, f"observation_key={key} names no entry; {self.entries(space)}")
        return space.spaces[self.key]

    def entries(self, space):
        if isinstance(space, self.spaces.Dict):
            return f"the entries are {', '.join(map(str, space.spaces))}"
        if isinstance(space, self.spaces.Tuple):
            return f"the entries are 0 to {len(space.spaces) - 1}"
        return f"the observation space is {type(space).__name__}, which has no entries: leave the option out"

    def read_box(self, space, channels):
        shape = tuple(int(extent) for extent in space.shape)
        if len(shape) > 3 or 0 in shape:
            raise Refusal(
                UNSUPPORTED,
                f"its observations have shape {space.shape}; one to three axes without 0 are supported: reshape them in "
                "a wrapper in Python",
            )
        self.element = "uint8" if space.dtype == self.numpy.uint8 else "float32"
        self.require_numbers(space, "its observations are")
        self.is_checked = space.dtype.kind == "f"
        self.expected = shape
        self.shape = list(shape) or [1]
        if len(shape) == 3:
            self.read_channels(shape, channels)
        elif channels is not None:
            raise Refusal(INVALID_OPTIONS, f"channels={channels} needs observations of three axes, not {space.shape}")
        self.bounds = self.bounds_of(space)
        self.note_integers([space])

    def read_channels(self, shape, chosen):
        rule, is_clear = reading(shape)
        # An id without the option always means the same, so that older runs continue as they began.
        used = chosen or older_reading(shape)
        self.moves_channels = used == "last"
        if self.moves_channels:
            self.shape = [shape[2], shape[0], shape[1]]
        other = "first" if used == "last" else "last"
        text = f"its observations of shape {shape} are read with the channels {used}"
        if not is_clear:
            self.notices.append(f"{text}, but the shape leaves this open; --env-set channels={other} changes it")
        elif used != rule and chosen is None:
            self.notices.append(
                f"{text}, as in earlier versions; new runs read them with the channels {rule} (channels={rule} in the id)"
            )
        if chosen is None and (used != rule or not is_clear):
            self.advised_options.append(f"channels={rule}")

    def read_vector(self, space, choices):
        if "channels" in choices:
            raise Refusal(
                INVALID_OPTIONS,
                f"channels={choices['channels']} needs a Box of three axes, but the observations are "
                f"{type(space).__name__}",
            )
        self.whole = space
        self.leaves = list(self.leaves_of(space, ()))
        boxes = []
        for path, leaf, _ in self.leaves:
            if isinstance(leaf, self.spaces.Box):
                self.require_numbers(leaf, f"its observation {list(path)} is")
                boxes.append(leaf)
        self.element = "float32"
        self.is_checked = any(box.dtype.kind == "f" for box in boxes)
        self.shape = [sum(size for _, _, size in self.leaves)]
        if self.shape == [0]:
            raise Refusal(UNSUPPORTED, "its observations are empty")
        bounds = [(0.0, 1.0)] + [self.bounds_of(box) for box in boxes]
        self.bounds = None if None in bounds else (min(low for low, _ in bounds), max(high for _, high in bounds))
        self.note_integers(boxes)

    def leaves_of(self, space, path):
        """The parts of a space in the order of `gymnasium.spaces.flatten`: path, space and number of elements."""
        spaces = self.spaces
        if isinstance(space, (spaces.Dict, spaces.Tuple)):
            is_dictionary = isinstance(space, spaces.Dict)
            for key, part in space.spaces.items() if is_dictionary else enumerate(space.spaces):
                yield from self.leaves_of(part, (*path, key))
        elif isinstance(space, spaces.Discrete):
            yield path, space, int(space.n)
        elif isinstance(space, spaces.MultiDiscrete):
            yield path, space, int(space.nvec.sum())
        elif isinstance(space, (spaces.Box, spaces.MultiBinary)):
            yield path, space, math.prod(int(extent) for extent in space.shape)
        else:
            place, remedy = "observation space", "convert it to a Box in a wrapper in Python"
            if path:
                place = f"observation {list(path)}"
                remedy = f"choose one entry with --env-set observation_key=KEY; {self.entries(self.whole)}"
            raise Refusal(UNSUPPORTED, f"its {place} is {type(space).__name__}, which no network takes; {remedy}")

    def require_numbers(self, space, subject):
        if space.dtype.kind not in "biuf":
            raise Refusal(UNSUPPORTED, f"{subject} {space.dtype}; floats, integers and bool are supported")

    def bounds_of(self, space):
        """The smallest and the largest number of a Box; `None` without both."""
        low, high = float(space.low.min()), float(space.high.max())
        return (low, high) if -UNBOUNDED < low <= high < UNBOUNDED else None

    def note_integers(self, boxes):
        for box in boxes:
            if box.dtype.kind in "iu" and max(abs(int(box.low.min())), abs(int(box.high.max()))) > EXACT:
                self.notices.append(
                    f"its observations are {box.dtype}, which become float32: integers beyond {EXACT} are rounded"
                )
                return

    # Writing

    def open(self):
        """Maps the memory, whose size the other side sets before the first reset."""
        numpy = self.numpy
        memory = mmap.mmap(MEMORY, os.fstat(MEMORY).st_size)
        count = math.prod(self.shape)
        target = numpy.frombuffer(memory, self.element, count).reshape(self.shape)
        self.flat = target.reshape(-1)
        # The mask follows: its number of entries, then a byte for each action.
        place = (self.flat.nbytes + 7) // 8 * 8
        self.mask_count = numpy.frombuffer(memory, "uint64", 1, place)
        self.mask = numpy.frombuffer(memory, "uint8", self.action_count, place + 8)
        # Then a count of frames, and bytes of the observation of the last frame but one.
        place = (place + 8 + self.action_count + 7) // 8 * 8
        self.frame_count = memoryview(memory)[place : place + 8].cast("Q")
        if self.element == "uint8":
            self.kept = numpy.frombuffer(memory, "uint8", count, place + 8)
        if self.leaves is None:
            self.target = target.transpose(1, 2, 0) if self.moves_channels else target.reshape(self.expected)
            return
        self.target = self.flat
        self.parts, start = [], 0
        for path, space, size in self.leaves:
            self.parts.append((path, self.writer(space, self.flat[start : start + size])))
            start += size

    def write_box(self, observation):
        if self.target is None:
            self.open()
        if getattr(observation, "shape", self.expected) != self.expected:
            raise ValueError(f"an observation has shape {observation.shape} instead of {self.expected}")
        self.target[...] = observation
        if self.is_checked:
            self.check()

    def write_vector(self, observation):
        if self.target is None:
            self.open()
        for path, write in self.parts:
            value = observation
            for key in path:
                value = value[key]
            write(value)
        if self.is_checked:
            self.check()

    def open_if_needed(self):
        """Maps the memory: after a state was restored, nothing has been written."""
        if self.target is None:
            self.open()

    def is_valid(self, observation):
        """Whether writing an observation cannot fail: bytes of the right shape. Others have to be written to find out."""
        return (
            self.holds_bytes
            and type(observation) is self.numpy.ndarray
            and observation.dtype == self.numpy.uint8
            and observation.shape == self.expected
        )

    def keep(self, observation):
        """Writes bytes of the last observation but one. Those that may be invalid have been written already."""
        if not self.is_valid(observation):
            self.kept[...] = self.flat
        elif self.moves_channels:
            self.kept.reshape(self.shape).transpose(1, 2, 0)[...] = observation
        else:
            self.kept.reshape(self.expected)[...] = observation

    def count_frame(self):
        """Shows the other side that a request for several frames makes progress."""
        self.frame_count[0] += 1

    def check(self):
        if not self.numpy.isfinite(self.flat).all():
            index = tuple(int(place) for place in self.numpy.argwhere(~self.numpy.isfinite(self.target))[0])
            raise Refusal(NOT_FINITE, f"an observation with {self.target[index]} at {list(index)}")

    def writer(self, space, view):
        """A function that writes a value of a space to its elements."""
        numpy, spaces = self.numpy, self.spaces

        def invalid(value):
            return ValueError(f"an observation holds {value!r}, which {space} does not contain")

        if isinstance(space, spaces.Discrete):
            first, count = int(space.start), int(space.n)

            def write(value):
                index = int(value) - first
                if not 0 <= index < count:
                    raise invalid(value)
                view[...] = 0
                view[index] = 1

        elif isinstance(space, spaces.MultiDiscrete):
            first, counts = numpy.asarray(space.start).reshape(-1), space.nvec.reshape(-1)
            offsets = numpy.concatenate([[0], numpy.cumsum(counts)[:-1]]).astype(int)

            def write(value):
                indices = numpy.asarray(value).reshape(-1) - first
                if indices.shape != counts.shape or (indices < 0).any() or (indices >= counts).any():
                    raise invalid(value)
                view[...] = 0
                view[offsets + indices] = 1

        else:

            def write(value):
                value = numpy.asarray(value)
                if value.shape != space.shape:
                    raise ValueError(f"an observation holds an array of shape {value.shape} instead of {space.shape}")
                view[...] = value.reshape(-1)

        return write

    def write_mask(self, mask):
        """Writes an action mask. The other side validates it, since a run may ignore masks."""
        try:
            entries = self.numpy.asarray(mask).reshape(-1) != 0
        except ValueError:
            entries = ()
        self.mask_count[0] = len(entries)
        if len(entries) == self.action_count:
            self.mask[...] = entries


class Actions:
    """The actions of an environment by number."""

    def __init__(self, space, gymnasium, numpy):
        spaces = gymnasium.spaces
        if isinstance(space, spaces.Discrete):
            first = int(space.start)
            self.count, self.labels = int(space.n), None
            # Steps are the hot path; a range computes its items in native code.
            self.native = range(first, first + self.count).__getitem__
            return
        if isinstance(space, spaces.MultiDiscrete):
            starts = numpy.asarray(space.start).reshape(-1)
            ranges = [range(int(start), int(start + count)) for start, count in zip(starts, space.nvec.reshape(-1))]
        elif isinstance(space, spaces.MultiBinary):
            ranges = [range(2)] * math.prod(int(extent) for extent in space.shape)
        elif isinstance(space, spaces.Tuple) and all(isinstance(part, spaces.Discrete) for part in space.spaces):
            ranges = [range(int(part.start), int(part.start + part.n)) for part in space.spaces]
        else:
            raise Refusal(
                UNSUPPORTED,
                f"its action space is {type(space).__name__}, not Discrete; choose a version of it with discrete "
                "actions, or map numbers to actions in a wrapper in Python (gymnasium.ActionWrapper)",
            )
        self.count = math.prod(len(values) for values in ranges)
        if self.count > MOST_COMBINATIONS:
            raise Refusal(
                UNSUPPORTED,
                f"its action space is {space} with {self.count} combinations, but at most {MOST_COMBINATIONS} are "
                "enumerated; leave some out in a wrapper in Python (gymnasium.ActionWrapper)",
            )
        # The last number changes fastest, as in an array of all combinations.
        combinations = list(itertools.product(*ranges))
        self.labels = [f"action {combination}" for combination in combinations]
        if isinstance(space, spaces.Tuple):
            self.native = combinations.__getitem__
        else:
            # A new array each time, since an environment may keep or change it.
            self.native = lambda index: numpy.array(combinations[index], space.dtype).reshape(space.shape)

    def meanings(self, environment):
        """What each action does, in the environment's own words if it has them."""
        meanings = getattr(environment.unwrapped, "get_action_meanings", lambda: [])()
        meanings = [str(meaning).lower() for meaning in meanings]
        return meanings if len(meanings) == self.count else self.labels or [f"action {n}" for n in range(self.count)]

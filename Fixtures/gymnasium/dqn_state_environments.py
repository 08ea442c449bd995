"""Environments whose state takes every form that a snapshot can hold, and some that it cannot.

usage: --env gym:dqn_state_environments:Pieces-v0, with this folder in PYTHONPATH
"""

import collections
import dataclasses
import enum
import itertools
import random
import types

import gymnasium
import numpy
from dqn_test_environments import Still


class Stateful(Still):
    """Starts with `begin` and pays what `play` returns."""

    def play(self, action):
        return 0

    def reset(self, *, seed=None, options=None):
        result = super().reset(seed=seed)
        self.begin()
        return result

    def step(self, action):
        return self.last.copy(), float(self.play(action)), False, False, {}


class Piece:
    def __init__(self, number):
        self.number = number
        self.next = None


class Pieces(Stateful):
    """A list of objects that refer to each other, one of them twice; its length differs from a new environment's."""

    def begin(self):
        self.pieces = [Piece(1), Piece(2)]
        self.pieces.append(self.pieces[0])
        self.held = None

    def play(self, action):
        piece = Piece(len(self.pieces))
        piece.next = self.pieces[action]
        self.pieces.append(piece)
        self.held = piece if action == 1 else self.held
        self.pieces[0].number += 1
        return self.pieces[2].number + sum(item.next.number for item in self.pieces if item.next)


class Dice(Stateful):
    """Two random.Random, one with half of a pair of normal numbers left."""

    def begin(self):
        self.dice = random.Random(4)
        self.others = [random.Random(5)]

    def play(self, action):
        if action == 1:
            self.others[0].gauss(0, 1)
        return self.dice.random() + self.others[0].gauss(0, 1)


class Iterators(Stateful):
    """Iterators in the middle of their work."""

    def begin(self):
        self.count = itertools.count(3, 2)
        self.cycle = itertools.cycle([1, 2, 5])
        self.later = itertools.cycle(iter(range(4)))
        self.repeat = itertools.repeat(7, 10_000)
        self.products = itertools.product(range(20), range(20))
        self.orders = itertools.permutations(range(7))
        self.items = [10, 20, 30] * 200
        self.through = iter(self.items)
        self.numbered = enumerate(self.through)

    def play(self, action):
        if action == 1:
            next(self.cycle)
            self.items[-1] += 1
        first, second = next(self.products), next(self.orders)
        place, item = next(self.numbered)
        total = next(self.count) + next(self.cycle) + next(self.later) + next(self.repeat) + place + item
        return total + first[1] + 10 * second[0]


class Words(Stateful):
    """Texts in arrays, bytes, and an array of objects."""

    def begin(self):
        self.board = numpy.array([["a", "bc"], ["d", "e"]])
        self.raw = numpy.array([b"x", b"yz"])
        self.mixed = numpy.array([None, "b", 3], dtype=object)
        self.name = numpy.str_("start")
        self.data, self.editable = b"\x00\xff", bytearray(b"ab")

    def play(self, action):
        self.board[action, 0] = "zz"[: 1 + action]
        self.name = self.board[0, 1]
        self.mixed[0] = [action, len(self.mixed)]
        self.editable.append(action)
        self.data += bytes([action])
        return len("".join(self.board.ravel())) + sum(self.editable) + len(self.data) + sum(self.mixed[0])


class Suit(enum.Enum):
    HEARTS = "h"
    SPADES = "s"


@dataclasses.dataclass
class Card:
    suit: Suit
    rank: int
    tags: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int


Move = collections.namedtuple("Move", "place rank")


class Cards(Stateful):
    """Data classes, frozen and with slots, enumerations, deques, named tuples and dictionaries with such keys."""

    def begin(self):
        self.deck = collections.deque([Card(suit, rank) for suit in Suit for rank in range(3)], maxlen=9)
        self.places = {Point(0, 0): Card(Suit.HEARTS, 9)}
        self.counts = collections.Counter()
        self.groups = collections.defaultdict(list)
        self.order = collections.OrderedDict(a=1, b=2)
        self.moves = []

    def play(self, action):
        self.deck.rotate(1 + action)
        self.deck[0].tags.append(action)
        place = Point(action, len(self.moves))
        self.places[place] = self.deck[0]
        self.counts[self.deck[0].suit] += 1
        self.groups[self.deck[0].suit.value].append(place)
        self.order.move_to_end("ab"[action])
        self.moves.append(Move(place, self.deck[0].rank))
        values = [item.rank * (3 if item.suit is Suit.SPADES else 1) + len(item.tags) for item in self.deck]
        total = sum(value * index for index, value in enumerate(values)) + 100 * list(self.order).index("a")
        return total + self.counts[Suit.SPADES] + len(self.groups["h"]) + self.moves[-1].rank + len(self.places)


class Bits(Stateful):
    """A generator of each kind, one that only a step creates, and the generators of a space and of the environment."""

    kinds = ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"]

    def begin(self):
        self.generators = {kind: numpy.random.Generator(getattr(numpy.random, kind)(3)) for kind in self.kinds}
        self.older = numpy.random.RandomState(8)
        self.action_space = gymnasium.spaces.Discrete(2, seed=4)
        self.late = None

    def play(self, action):
        if action == 1 and self.late is None:
            self.late = numpy.random.default_rng(77)
        # Half of a word, and half of a pair, stay in the generators.
        total = sum(generator.integers(1000, dtype=numpy.int32) for generator in self.generators.values())
        total += self.older.normal() + self.action_space.sample() + self.np_random.random()
        return total + (self.late.random() if self.late else 0)


class Keys(Stateful):
    """Methods, functions and classes in containers."""

    def begin(self):
        self.actions = {0: self.stay, 1: self.go}
        self.history, self.place = [self.stay], 0

    def stay(self):
        return self.place

    def go(self):
        self.place += 1
        return self.place

    def play(self, action):
        self.history.append(self.actions[action])
        self.actions = {0: self.actions[1], 1: self.actions[0]}
        return self.history[-1]() + len(self.history)


class Grids(Stateful):
    """An array in the order of Fortran, whose sums differ in their last bits from those of an ordinary one."""

    def begin(self):
        self.grid = numpy.asfortranarray(numpy.random.default_rng(5).random((50, 70), dtype=numpy.float32))

    def play(self, action):
        self.grid *= numpy.float32(1.01)
        self.grid[action] += 1
        return self.grid.sum()


class Chest(Stateful):
    """Samples spaces inside a dictionary and a tuple; an attribute refers to one of them as well.

    The constructor samples a space that has no seed, as MiniGrid's does.
    """

    def __init__(self, label=""):
        super().__init__(label)
        self.mission = gymnasium.spaces.Tuple((gymnasium.spaces.Discrete(9),))
        self.mission[0].sample()

    def begin(self):
        inner = gymnasium.spaces.Tuple((gymnasium.spaces.Discrete(50), gymnasium.spaces.MultiBinary(3)))
        self.chest = gymnasium.spaces.Dict({"key": gymnasium.spaces.Discrete(90), "drawer": inner}, seed=4)
        self.key = self.chest["key"]
        self.closed = gymnasium.spaces.Tuple((gymnasium.spaces.Discrete(2),))

    def play(self, action):
        if action == 1:
            self.key.seed(int(self.chest["key"].sample()))
        sample = self.chest.sample()
        number, bits = sample["drawer"]
        total = 100 * self.key.sample() + sample["key"] + number / 64 + bits.sum() / 1024
        return total + 1000 * int(self.mission[0].sample())


class Engraved(Stateful):
    """A read-only array; its reward shows whether it is writable."""

    def begin(self):
        self.words = numpy.arange(3.0)
        self.words.flags.writeable = False

    def play(self, action):
        return action + 10 * self.words.flags.writeable


class Strided(Stateful):
    """Every other column of an array."""

    def begin(self):
        self.columns = numpy.zeros((4, 6))[:, ::2]


class Turned(Stateful):
    """Channels first over memory that has them last, a board turned by a quarter, and a reversed row."""

    def begin(self):
        numbers = numpy.random.default_rng(5)
        self.picture = numbers.random((50, 70, 3), dtype=numpy.float32).transpose(2, 0, 1)
        self.board = numpy.rot90(numbers.random((40, 60), dtype=numpy.float32))
        self.row = numbers.random((1, 999), dtype=numpy.float32)[:, ::-1]

    def play(self, action):
        for array in (self.picture, self.board, self.row):
            array *= numpy.float32(1.01)
            array[0, action] += 1
        return float(self.picture.sum()) + 1e3 * float(self.board.sum()) + 1e6 * float(self.row.sum())


class Swapped(Stateful):
    """The byte order that this machine does not have."""

    def begin(self):
        self.numbers = numpy.arange(3, dtype=numpy.dtype(numpy.int32).newbyteorder("S"))


class Hand:
    """Runs its own code when something iterates over it."""

    def __iter__(self):
        return self

    def __next__(self):
        return 1


class Counting(Stateful):
    """Iterates over an object with its own code."""

    def begin(self):
        self.numbered = enumerate(Hand())


def greet(person):
    return 1


class Stranger(Stateful):
    """Binds a function to itself that its class does not define."""

    def begin(self):
        self.greet = types.MethodType(greet, self)


class Visitor(Stateful):
    """Holds a set, whose order is not data."""

    def begin(self):
        self.visited = set()

    def play(self, action):
        self.visited.add(action)
        return len(self.visited)


class Spawner(Stateful):
    """Spawns generators, whose number is no part of a generator's state."""

    def begin(self):
        self.children = []

    def play(self, action):
        self.children = self.np_random.spawn(1)
        return self.children[0].random()


class Borrower(Stateful):
    """Keeps what another module made, in a list."""

    def begin(self):
        self.errors = []

    def play(self, action):
        self.errors.append(ValueError("no"))
        return len(self.errors)


class Writer(Stateful):
    """Holds the generator that all Python code shares, and a running generator function."""

    def begin(self):
        self.choose = random.choice if self.label == "shared" else (number for number in range(10))

    def play(self, action):
        return 0


class Remembering(Stateful):
    """Returns the array that it keeps, as Gymnasium's passive checker would too."""

    def begin(self):
        self.kept = {"board": self.last}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.last, {}

    def step(self, action):
        self.last[0] = (self.last[0] + 0.25) % 1
        return self.last, float(self.kept["board"][0]), False, False, {}


class OldReset(Still):
    def reset(self):
        return self.last


class OldResult(Still):
    def reset(self, *, seed=None, options=None):
        return self.last


class OldStep(Still):
    def step(self, action):
        return self.last, 0.0, False, {}


class Unpacker(Still):
    """Takes apart a tuple of its own that is too short."""

    def step(self, action):
        first, second, third, fourth, fifth = (1, 2, 3, 4)
        return self.last, 0.0, False, False, {}


KINDS = [
    Pieces, Dice, Iterators, Words, Cards, Bits, Keys, Grids, Chest, Engraved, Strided, Turned, Swapped, Counting,
    Stranger, Visitor, Spawner, Borrower, Writer, Remembering, OldReset, OldResult, OldStep, Unpacker,
]
for kind in KINDS:
    gymnasium.register(f"{kind.__name__}-v0", kind, max_episode_steps=200)

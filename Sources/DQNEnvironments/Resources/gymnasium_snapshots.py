"""Captures and restores Gymnasium environments as data: a document of the attributes, with the arrays beside it.

usage: imported by gymnasium_worker

A state is told whole or not at all: what is not plain data raises Unfit. Nothing here is ever pickled.
"""

import collections
import enum
import json
import math
import random
import struct
import types

# What a restored environment must have of itself, so that it can be restored in place.
IN_PLACE = {"constant", "object", "generator", "same", "ale"}
ARRAY_TYPES = {"<f8": 1, "<f4": 2, "<i8": 3, "<u8": 4, "|u1": 5}


class Unfit(Exception):
    """An attribute that is not plain data, or not where it is expected."""


def is_plain(value):
    """Whether an object is an instance of ordinary Python classes: all its state is in its attributes."""
    kinds = type(value).__mro__[:-1]
    return (
        hasattr(value, "__dict__")
        and type(value).__new__ is object.__new__
        and all(type(kind).__module__ in ("builtins", "abc") for kind in kinds)
        and all(not kind.__dict__.get("__slots__") for kind in kinds)
        and not hasattr(type(value), "__swig_destroy__")
    )


def constant_name(value):
    """The name of what never changes; `None` for everything else."""
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)):
        return f"{value.__module__}.{value.__qualname__}"
    if type(value) in (list, tuple) and value:
        names = [constant_name(item) for item in value]
        return None if None in names else ", ".join(names)
    if isinstance(value, types.ModuleType):
        return value.__name__
    if isinstance(value, enum.Enum):
        return str(value)
    if type(value).__name__ == "EnvSpec" and type(value).__module__.startswith("gymnasium."):
        return "specification"
    if type(value).__module__.partition(".")[0] == "numpy" and type(value).__name__.endswith("DType"):
        return str(value)
    return None


def is_ale(value):
    """Whether an object is the Arcade Learning Environment, which writes and reads its state itself."""
    return type(value).__name__ == "ALEInterface" and type(value).__module__.partition(".")[0] == "ale_py"


class Emulator:
    """The state of an Arcade Learning Environment, whole.

    What it serializes lacks the action that it repeats while actions stick. That one is found by trial: if the emulator
    goes on alike for some frames after another action was made the sticking one, that action was it, or never matters.
    """

    CERTAINTY = 1e-18
    FRAMES = 16

    def __init__(self, ale):
        self.ale = ale
        self.actions = ale.getLegalActionSet()
        probability = ale.getFloat("repeat_action_probability")
        if probability > 0.9:
            raise Unfit("an emulator whose actions stick nearly always")
        # Acting so often leaves another action sticking with less than that probability.
        self.repetitions = math.ceil(math.log(self.CERTAINTY) / math.log(probability)) if probability > 0 else 0

    def put(self, action, state):
        """Makes an action of the list the sticking one, then goes to a state."""
        for _ in range(self.repetitions):
            self.ale.act(self.actions[action])
        self.ale.restoreState(state)

    def future(self, state):
        """What comes after a state, frame by frame."""
        self.ale.restoreState(state)
        states = []
        for _ in range(self.FRAMES):
            self.ale.act(self.actions[0])
            states.append(self.ale.cloneState(include_rng=True).serialize())
        return states

    def capture(self):
        """The sticking action's number and the serialized state; the emulator is left as it was."""
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
        raise Unfit("the emulator's sticking action")


class Snapshots:
    """Captures and restores what an environment consists of."""

    def __init__(self, environment, gymnasium, numpy):
        self.environment = environment
        self.gymnasium = gymnasium
        self.numpy = numpy
        self.global_state = self.read_global_state()

    def read_global_state(self):
        """The generators that all Python code shares: an environment that uses them is not told whole."""
        state = self.numpy.random.get_state(legacy=False)
        return random.getstate(), state["state"]["pos"], state["state"]["key"].tobytes()

    # Capturing

    def capture(self):
        if self.read_global_state() != self.global_state:
            raise Unfit("the random generator that all Python code shares")
        found = layers(self.environment)
        # The objects are kept with their paths: another could get the identity of one that is gone.
        self.arrays, self.seen = [], {id(layer): (f"layer {index}", layer) for index, layer in enumerate(found)}
        document = []
        for layer in found:
            if not is_plain(layer):
                raise Unfit(type(layer).__name__)
            attributes = {name: value for name, value in vars(layer).items() if name != "env"}
            name = type(layer).__name__
            document.append({key: self.encode(value, f"{name}.{key}") for key, value in attributes.items()})
        return json.dumps(document).encode(), self.arrays

    def encode(self, value, path):
        numpy = self.numpy
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, numpy.generic) and value.dtype.kind in "biuf":
            return {"scalar": self.add(numpy.asarray(value), path)}
        name = constant_name(value)
        if name is not None:
            return {"constant": name}
        if type(value) is tuple:
            return {"tuple": self.encode_items(value, path)}
        # What can change in place must not be there twice, but for objects, which are restored in place.
        first, _ = self.seen.setdefault(id(value), (path, value))
        if first != path:
            if self.generator_state(value) is not None or self.attributes(value) is not None:
                return {"same": first}
            raise Unfit(f"{path} (also {first})")
        if type(value) is numpy.ndarray and value.dtype.kind in "biuf":
            return {"array": self.add(value, path)}
        if type(value) in (list, collections.deque):
            items = self.encode_items(value, path)
            return {"list": items} if type(value) is list else {"deque": items, "limit": value.maxlen}
        if type(value) is dict:
            keys, items = self.encode_items(value.keys(), path), self.encode_items(value.values(), path)
            return {"dict": [list(entry) for entry in zip(keys, items)]}
        state = self.generator_state(value)
        if state is not None:
            return {"generator": self.encode(state, f"{path}.state")}
        if is_ale(value):
            action, state = Emulator(value).capture()
            return {"ale": self.add(numpy.frombuffer(state, numpy.uint8), path), "action": action}
        attributes = self.attributes(value)
        if attributes is None:
            raise Unfit(f"{path} ({type(value).__name__})")
        return {
            "object": type(value).__qualname__,
            "attributes": {key: self.encode(item, f"{path}.{key}") for key, item in attributes.items()},
        }

    def encode_items(self, values, path):
        """The items of a container, which is restored as a new one: they must be data."""
        items = [self.encode(value, f"{path}[{index}]") for index, value in enumerate(values)]
        for index, item in enumerate(items):
            if isinstance(item, dict) and item.keys() & IN_PLACE:
                raise Unfit(f"{path}[{index}]")
        return items

    def generator_state(self, value):
        if isinstance(value, self.numpy.random.Generator):
            return value.bit_generator.state
        if isinstance(value, self.numpy.random.RandomState):
            return value.get_state(legacy=False)
        return None

    def attributes(self, value):
        if isinstance(value, self.gymnasium.spaces.Space):
            # A space never changes but for the generator it is sampled with.
            return {"_np_random": value._np_random}
        return vars(value) if is_plain(value) else None

    def add(self, array, path):
        for other, _, source in self.arrays:
            if source is not None and self.numpy.may_share_memory(source, array):
                raise Unfit(f"{path} (shares memory with {other})")
        kind = array.dtype.newbyteorder("<").str
        self.arrays.append((path, array.astype(kind, order="C"), array))
        return [len(self.arrays) - 1, kind, list(array.shape)]

    # Restoring: everything is read and checked before anything is changed

    def restore(self, document, arrays):
        self.arrays, self.changes = arrays, []
        found = layers(self.environment)
        self.present = {f"layer {index}": layer for index, layer in enumerate(found)}
        stored = json.loads(document)
        if len(stored) != len(found):
            raise Unfit("the wrappers")
        for layer, attributes in zip(found, stored):
            self.restore_attributes(layer, attributes, type(layer).__name__, keep=("env",))
        for change in self.changes:
            change()

    def restore_attributes(self, owner, attributes, path, keep=()):
        present = vars(owner)
        for name, value in attributes.items():
            if not isinstance(value, dict) or not value.keys() & IN_PLACE:
                decoded = self.decode(value, f"{path}.{name}")
                self.changes.append(lambda name=name, decoded=decoded: present.__setitem__(name, decoded))
            elif name not in present:
                raise Unfit(f"{path}.{name}")
            else:
                self.restore_in_place(present[name], value, f"{path}.{name}")
        if isinstance(owner, self.gymnasium.spaces.Space):
            return
        for name in present.keys() - attributes.keys() - set(keep):
            self.changes.append(lambda name=name: present.__delitem__(name))

    def restore_in_place(self, value, stored, path):
        if "same" in stored:
            if self.present.get(stored["same"]) is not value:
                raise Unfit(path)
            return
        self.present[path] = value
        if "constant" in stored:
            if constant_name(value) != stored["constant"]:
                raise Unfit(path)
        elif "generator" in stored:
            state, present = self.decode(stored["generator"], path), self.generator_state(value)
            if present is None or present["bit_generator"] != state.get("bit_generator"):
                raise Unfit(path)
            if isinstance(value, self.numpy.random.Generator):
                self.changes.append(lambda: setattr(value.bit_generator, "state", state))
            else:
                self.changes.append(lambda: value.set_state(state))
        elif "ale" in stored:
            if not is_ale(value):
                raise Unfit(path)
            import ale_py

            emulator, action = Emulator(value), stored["action"]
            if type(action) is not int or not 0 <= action < len(emulator.actions):
                raise Unfit(path)
            state = ale_py.ALEState(self.array(stored["ale"], path).tobytes())
            self.changes.append(lambda: emulator.put(action, state))
        else:
            if self.attributes(value) is None or type(value).__qualname__ != stored["object"]:
                raise Unfit(path)
            self.restore_attributes(value, stored["attributes"], path)

    def decode(self, stored, path):
        if not isinstance(stored, dict):
            return stored
        if "scalar" in stored:
            return self.array(stored["scalar"], path)[()]
        if "array" in stored:
            return self.array(stored["array"], path)
        if "tuple" in stored:
            return tuple(self.decode(item, path) for item in stored["tuple"])
        if "list" in stored:
            return [self.decode(item, path) for item in stored["list"]]
        if "deque" in stored:
            return collections.deque((self.decode(item, path) for item in stored["deque"]), stored["limit"])
        if "dict" in stored:
            return {self.decode(key, path): self.decode(value, path) for key, value in stored["dict"]}
        raise Unfit(path)

    def array(self, reference, path):
        index, kind, shape = reference
        if self.numpy.dtype(kind).kind not in "biuf":
            raise Unfit(path)
        return self.numpy.frombuffer(self.arrays[index], kind).reshape(shape).copy()


def pack(document, arrays):
    """A count, then for each array its type, its number of elements and its bytes; the document is the first."""
    parts = [struct.pack("<Q", len(arrays) + 1), struct.pack("<QQ", ARRAY_TYPES["|u1"], len(document)), document]
    for _, array, _ in arrays:
        code = ARRAY_TYPES.get(array.dtype.str, ARRAY_TYPES["|u1"])
        data = array.tobytes()
        parts += [struct.pack("<QQ", code, array.size if array.dtype.str in ARRAY_TYPES else len(data)), data]
    return b"".join(parts)


def unpack(data):
    """The document and the bytes of each array."""
    sizes = {code: int(name[2]) for name, code in ARRAY_TYPES.items()}
    (count,), position, arrays = struct.unpack_from("<Q", data), 8, []
    for _ in range(count):
        code, elements = struct.unpack_from("<QQ", data, position)
        size = sizes[code] * elements
        arrays.append(data[position + 16 : position + 16 + size])
        position += 16 + size
    return arrays[0], arrays[1:]


def layers(environment):
    """The wrappers from the outermost to the environment itself."""
    found = [environment]
    while found[-1] is not environment.unwrapped:
        found.append(found[-1].env)
    return found

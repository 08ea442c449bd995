"""Captures and restores Gymnasium environments as data: a document of the attributes, and arrays.

usage: imported by gymnasium_worker

A state is captured whole or not at all: anything but plain data raises Unfit. Nothing is ever pickled.
"""

import collections
import enum
import json
import math
import random
import struct
import types

from gymnasium_emulator import Emulator, Unfit
from gymnasium_values import PLAIN, constant_name, enumeration_member, function_name, is_ale, is_plain

# Values that are more than data: the environment to restore must already have one at the same place.
IN_PLACE = {"constant", "method", "object", "generator", "same", "ale"}
ARRAY_TYPES = {"<f8": 1, "<f4": 2, "<i8": 3, "<u8": 4, "|u1": 5}


class Snapshots:
    """Captures and restores the attributes of an environment and its wrappers."""

    def __init__(self, environment, gymnasium, numpy):
        self.environment = environment
        self.gymnasium = gymnasium
        self.numpy = numpy
        self.global_state = self.read_global_state()

    def read_global_state(self):
        """The state of the generators that all Python code shares; an environment that uses them cannot be captured."""
        state = self.numpy.random.get_state(legacy=False)
        return random.getstate(), state["state"]["pos"], state["state"]["key"].tobytes()

    # Capturing

    def capture(self):
        if self.read_global_state() != self.global_state:
            raise Unfit("the random generator that all Python code shares")
        self.layers = layers(self.environment)
        # References to the objects keep their identities from being reused.
        self.arrays, self.seen = [], {id(layer): (f"layer {index}", layer) for index, layer in enumerate(self.layers)}
        document = []
        for layer, name in zip(self.layers, layer_names(self.layers)):
            if not is_plain(layer):
                raise Unfit(type(layer).__name__)
            attributes = {name: value for name, value in vars(layer).items() if name != "env"}
            document.append({key: self.encode(value, f"{name}.{key}") for key, value in attributes.items()})
        return json.dumps(document, allow_nan=False).encode(), self.arrays

    def encode(self, value, path):
        numpy = self.numpy
        if type(value) is float and not math.isfinite(value):
            # JSON cannot represent these numbers.
            return {"float": str(value)}
        if type(value) in PLAIN:
            return value
        if isinstance(value, numpy.generic) and value.dtype.kind in "biuf":
            return {"scalar": self.add(numpy.asarray(value), path)}
        if isinstance(value, enum.Enum):
            place = [type(value).__module__, type(value).__qualname__, value.name]
            if enumeration_member(*place) is not value:
                raise Unfit(f"{path} ({value})")
            return {"enum": place}
        name = constant_name(value, self.layers)
        if name is not None:
            return {"constant": name}
        if isinstance(value, types.MethodType):
            name = function_name(value.__func__, self.layers)
            if name is None:
                raise Unfit(path)
            return {"method": name, "self": self.encode(value.__self__, f"{path}.__self__")}
        if type(value) is tuple:
            return {"tuple": self.encode_items(value, path)}
        # Only objects and generators may occur twice; they are captured once.
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
        """The items of a container; they must be data, since a new environment may have fewer."""
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
            # Only the generator of a space changes.
            return {"_np_random": value._np_random}
        return vars(value) if is_plain(value) else None

    def add(self, array, path):
        for other, _, source in self.arrays:
            if source is not None and self.numpy.may_share_memory(source, array):
                raise Unfit(f"{path} (shares memory with {other})")
        kind = array.dtype.newbyteorder("<").str
        self.arrays.append((path, array.astype(kind, order="C"), array))
        return [len(self.arrays) - 1, kind, list(array.shape)]

    # Restoring: everything is decoded and validated before anything changes

    def restore(self, document, arrays):
        self.arrays, self.changes, self.layers = arrays, [], layers(self.environment)
        # Restored objects by path, so that shared objects are shared again.
        self.made = {f"layer {index}": layer for index, layer in enumerate(self.layers)}
        stored = json.loads(document)
        if len(stored) != len(self.layers):
            raise ValueError("its wrappers differ")
        for layer, name, attributes in zip(self.layers, layer_names(self.layers), stored):
            self.restore_layer(vars(layer), self.restore_attributes(vars(layer), attributes, name))
        for change in self.changes:
            change()

    def restore_layer(self, present, attributes):
        self.changes.append(lambda: present.update(attributes))
        for name in present.keys() - attributes.keys() - {"env"}:
            self.changes.append(lambda name=name: present.__delitem__(name))

    def restore_attributes(self, present, stored, path):
        """The restored attributes of an object."""
        return {name: self.restore_value(present.get(name), value, f"{path}.{name}") for name, value in stored.items()}

    def restore_value(self, present, stored, path):
        """The restored value of an attribute whose present value is `present`, or `None` without one.

        Creates new data and objects, because other objects may refer to the present ones. Keeps generators, spaces
        and emulators.
        """
        if not isinstance(stored, dict) or not stored.keys() & IN_PLACE:
            return self.decode(stored, path)
        if "same" in stored:
            if stored["same"] not in self.made:
                raise Unfit(path)
            return self.made[stored["same"]]
        if "constant" in stored:
            if stored["constant"] not in (constant_name(present, self.layers, older) for older in (False, True)):
                raise Unfit(path)
            return present
        if "method" in stored:
            function = getattr(present, "__func__", None)
            if function_name(function, self.layers) != stored["method"]:
                raise Unfit(path)
            own = self.restore_value(present.__self__, stored["self"], f"{path}.__self__")
            return types.MethodType(function, own)
        if "generator" in stored:
            self.restore_generator(present, self.decode(stored["generator"], path), path)
        elif "ale" in stored:
            self.restore_emulator(present, stored, path)
        else:
            return self.restore_object(present, stored, path)
        return self.keep(present, path)

    def keep(self, present, path):
        """Records an object that stays; two stored objects must not share it."""
        if any(present is other for other in self.made.values()):
            raise Unfit(path)
        self.made[path] = present
        return present

    def restore_object(self, present, stored, path):
        if self.attributes(present) is None or type(present).__qualname__ != stored["object"]:
            raise Unfit(path)
        if isinstance(present, self.gymnasium.spaces.Space):
            made = self.keep(present, path)
        else:
            # Recorded before its attributes, which may refer to it.
            made = self.made[path] = object.__new__(type(present))
        attributes = self.restore_attributes(vars(present), stored["attributes"], path)
        self.changes.append(lambda: vars(made).update(attributes))
        return made

    def restore_generator(self, present, state, path):
        own = self.generator_state(present)
        if own is None or own["bit_generator"] != state.get("bit_generator"):
            raise Unfit(path)
        if isinstance(present, self.numpy.random.Generator):
            self.changes.append(lambda: setattr(present.bit_generator, "state", state))
        else:
            self.changes.append(lambda: present.set_state(state))

    def restore_emulator(self, present, stored, path):
        if not is_ale(present):
            raise Unfit(path)
        import ale_py

        emulator, action = Emulator(present), stored["action"]
        if type(action) is not int or not 0 <= action < len(emulator.actions):
            raise ValueError(path)
        state = ale_py.ALEState(self.array(stored["ale"], path).tobytes())
        self.changes.append(lambda: emulator.put(action, state))

    def decode(self, stored, path):
        if not isinstance(stored, dict):
            return stored
        if "float" in stored:
            return float(stored["float"])
        if "enum" in stored:
            member = enumeration_member(*stored["enum"])
            if member is None:
                raise Unfit(path)
            return member
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
        raise ValueError(path)

    def array(self, reference, path):
        index, kind, shape = reference
        if self.numpy.dtype(kind).kind not in "biuf":
            raise ValueError(path)
        return self.numpy.frombuffer(self.arrays[index], kind).reshape(shape).copy()


def pack(document, arrays):
    """Encodes the document and the arrays: a count, then for each its type, its number of elements and its bytes."""
    parts = [struct.pack("<Q", len(arrays) + 1), struct.pack("<QQ", ARRAY_TYPES["|u1"], len(document)), document]
    for _, array, _ in arrays:
        code = ARRAY_TYPES.get(array.dtype.str, ARRAY_TYPES["|u1"])
        data = array.tobytes()
        parts += [struct.pack("<QQ", code, array.size if array.dtype.str in ARRAY_TYPES else len(data)), data]
    return b"".join(parts)


def unpack(data):
    """Decodes the document and the bytes of each array."""
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


def layer_names(found):
    """The names of the layers in paths: the names of their classes, numbered if one occurs twice."""
    names = []
    for index, layer in enumerate(found):
        name = type(layer).__name__
        names.append(f"{name} {index}" if name in names else name)
    return names

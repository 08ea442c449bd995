"""Captures Gymnasium environments as data: a document of the attributes, and arrays.

usage: imported by gymnasium_snapshots

A state is captured whole or not at all: anything but plain data raises Unfit, with the attribute and its type. Nothing
is ever pickled.
"""

import collections
import enum
import json
import math
import random
import types

from gymnasium_emulator import Emulator
from gymnasium_values import (
    BIT_GENERATORS,
    PLAIN,
    Unfit,
    attributes_of,
    constant_name,
    enumeration_member,
    foreign_argument,
    function_name,
    inner_spaces,
    is_ale,
    is_iterator,
    is_method_of,
    is_plain,
    is_seeded,
    iterator_state,
    layer_names,
    layers,
    own_class,
    own_name,
    own_packages,
    slots_of,
)

MAPPINGS = {dict: "dict", collections.OrderedDict: "ordered", collections.Counter: "counter"}


class Capture:
    """One capture of an environment and its wrappers."""

    def __init__(self, environment, gymnasium, numpy):
        self.gymnasium, self.numpy = gymnasium, numpy
        self.layers = layers(environment)
        self.packages = own_packages(self.layers)
        self.arrays = []
        # The number of containers around the value that is being encoded.
        self.containers = 0
        # References to the objects keep their identities from being reused.
        self.seen = {id(layer): (f"layer {index}", layer) for index, layer in enumerate(self.layers)}

    def document(self):
        """The document and the arrays."""
        document = []
        for layer, name in zip(self.layers, layer_names(self.layers)):
            if not is_plain(layer) or slots_of(layer):
                raise Unfit(f"'{name}' is a {kind_of(layer)}, whose state is not all in attributes")
            attributes = {key: value for key, value in vars(layer).items() if key != "env"}
            document.append({key: self.encode(value, f"{name}.{key}") for key, value in attributes.items()})
        return json.dumps(document, allow_nan=False).encode(), self.arrays

    def encode(self, value, path):
        """The document of a value."""
        immutable = self.encode_immutable(value, path)
        if immutable is not None or value is None:
            return immutable
        first, _ = self.seen.setdefault(id(value), (path, value))
        if first != path:
            # Objects that occur twice are captured once.
            if is_ale(value):
                raise Unfit(f"'{path}' and '{first}' are the same emulator")
            return {"same": first}
        mutable = self.encode_container(value, path) or self.encode_random(value, path)
        if mutable is not None:
            return mutable
        if is_ale(value) and not self.containers:
            action, state = Emulator(value).capture()
            return {"ale": self.add(self.numpy.frombuffer(state, self.numpy.uint8), path), "action": action}
        if is_iterator(value):
            return self.encode_iterator(value, path)
        return self.encode_object(value, path)

    def encode_immutable(self, value, path):
        """The document of a number, a text and the like; `None` for all else."""
        numpy = self.numpy
        if type(value) is float and not math.isfinite(value):
            # JSON cannot represent these numbers.
            return {"float": str(value)}
        if type(value) in PLAIN:
            return value
        if isinstance(value, numpy.generic) and value.dtype.kind in "biufcUS":
            return {"scalar": self.add(numpy.asarray(value), path)}
        if isinstance(value, enum.Enum):
            place = [type(value).__module__, type(value).__qualname__, value.name]
            if not isinstance(value.name, str) or enumeration_member(*place) is not value:
                raise Unfit(f"'{path}' is {value!r}, which its module does not list as a member of an enumeration")
            return {"enum": place}
        code = self.encode_code(value, path)
        if code is not None:
            return code
        if type(value) is tuple:
            return {"tuple": self.encode_items(value, path)}
        if type(value) in (bytes, bytearray):
            return {type(value).__name__: self.add(numpy.frombuffer(bytes(value), numpy.uint8), path)}
        if type(value) is range:
            return {"range": [value.start, value.stop, value.step]}
        if isinstance(value, tuple) and self.is_named_tuple(type(value)):
            return {
                "named": [type(value).__module__, type(value).__qualname__], "items": self.encode_items(value, path)
            }
        return None

    def encode_code(self, value, path):
        """The document of a class, a function, a method or a module; `None` for all else.

        What the environment's own modules define is found again by its name. All else must be in place in the
        environment to restore, and cannot be inside a container, since a new environment may have fewer items.
        """
        own = self.own_code(value)
        if own and not isinstance(value, types.MethodType):
            return {"own": own}
        if own:
            if not is_method_of(value.__func__, value.__self__):
                raise Unfit(f"'{path}' is a method of a {kind_of(value.__self__)}, whose class does not define it")
            return {"bound": own, "self": self.encode(value.__self__, f"{path}.__self__")}
        if type(value) in (list, tuple) and all(self.own_code(item) for item in value):
            return None
        name = constant_name(value, self.layers)
        found = name and {"constant": name}
        if name is None and isinstance(value, types.MethodType):
            name = function_name(value.__func__, self.layers)
            if name is None:
                raise Unfit(f"'{path}' is a method of a {kind_of(value.__self__)}, whose function may hold state")
            found = {"method": name, "self": self.encode(value.__self__, f"{path}.__self__")}
        if name is None and isinstance(value, types.FunctionType):
            raise Unfit(f"'{path}' is a function whose closure may hold state")
        if found and self.containers:
            raise Unfit(f"'{path}' is a {kind_of(value)} inside a container, which is not data")
        return found

    def own_code(self, value):
        """The module and the name of a class, function or method of the environment's own modules; `None` for others."""
        value = getattr(value, "__func__", value) if isinstance(value, types.MethodType) else value
        return None if getattr(value, "__closure__", None) else own_name(value, self.packages)

    def is_named_tuple(self, kind):
        return (
            kind.__base__ is tuple
            and isinstance(kind.__dict__.get("_fields"), tuple)
            and kind.__dict__.get("__slots__") == ()
            and own_class(kind.__module__, kind.__qualname__, self.packages) is kind
        )

    def encode_container(self, value, path):
        """The document of a container or an array; `None` for all else."""
        kind, numpy = type(value), self.numpy
        if kind is numpy.ndarray and value.dtype.kind in "biufcUS":
            if not value.dtype.isnative:
                raise Unfit(f"'{path}' is an array whose byte order is not this machine's")
            found = {"array": self.add(value, path)}
            if not value.flags.c_contiguous:
                # The order of the elements in memory decides the last bits of their sum.
                found["order"] = "F" if value.flags.f_contiguous else order_of(value)
            if found.get("order", "") is None:
                raise Unfit(f"'{path}' is a view that skips or repeats elements of an array")
            if not value.flags.writeable:
                found["writable"] = False
            return found
        if kind is numpy.ndarray and value.dtype.kind == "O":
            if not value.flags.c_contiguous or value.base is not None:
                raise Unfit(f"'{path}' is a view of an array of objects")
            if not value.flags.writeable:
                raise Unfit(f"'{path}' is a read-only array of objects")
            return {"objects": list(value.shape), "items": self.encode_items(value.reshape(-1).tolist(), path)}
        if kind is list:
            return {"list": self.encode_items(value, path)}
        if kind is collections.deque:
            return {"deque": self.encode_items(value, path), "limit": value.maxlen}
        if kind is collections.defaultdict:
            factory = value.default_factory
            if factory not in (None, int, float, list, dict, str, bool):
                raise Unfit(f"'{path}' is a defaultdict whose factory is not a built-in type")
            name = factory and factory.__name__
            return {"defaultdict": self.encode_entries(value, path), "factory": name}
        if kind in MAPPINGS:
            return {MAPPINGS[kind]: self.encode_entries(value, path)}
        return None

    def encode_entries(self, value, path):
        keys = self.encode_items(value.keys(), f"{path}.keys()")
        return [list(entry) for entry in zip(keys, self.encode_items(value.values(), path))]

    def encode_items(self, values, path):
        """The items of a container; a new environment may have fewer, so it must be possible to make them again."""
        self.containers += 1
        items = [self.encode(value, f"{path}[{index}]") for index, value in enumerate(values)]
        self.containers -= 1
        return items

    def encode_random(self, value, path):
        """The document of a random generator; `None` for all else."""
        numpy = self.numpy
        if type(value) is random.Random:
            if value is random._inst:
                raise Unfit(f"'{path}' is the random generator that all Python code shares")
            version, numbers, gauss = value.getstate()
            return {
                "random": self.add(numpy.array(numbers, numpy.uint64), path), "version": version,
                "gauss": self.encode(gauss, f"{path}.gauss"),
            }
        if isinstance(value, numpy.random.Generator):
            bits = value.bit_generator
            if type(bits).__name__ not in BIT_GENERATORS or type(bits) is not getattr(numpy.random, type(bits).__name__):
                raise Unfit(f"'{path}' has a bit generator of its own kind, {kind_of(bits)}")
            if getattr(getattr(bits, "seed_seq", None), "n_children_spawned", 0):
                raise Unfit(f"'{path}' is a generator that has spawned others")
            other, _ = self.seen.setdefault(id(bits), (path, bits))
            if other != path:
                raise Unfit(f"'{path}' and '{other}' draw from the same bit generator")
            return {"generator": self.encode(bits.state, f"{path}.state")}
        if isinstance(value, numpy.random.RandomState):
            if value is numpy.random.mtrand._rand:
                raise Unfit(f"'{path}' is the random generator that all Python code shares")
            return {"generator": self.encode(value.get_state(legacy=False), f"{path}.state")}
        return None

    def encode_iterator(self, value, path):
        state = iterator_state(value)
        if state is None:
            raise Unfit(f"'{path}' is a {kind_of(value)}, whose state this version of Python does not reveal")
        name, arguments, more = state
        foreign = foreign_argument(name, arguments)
        if foreign is not None:
            raise Unfit(f"'{path}' iterates over a {kind_of(foreign)}, which is not data")
        return {
            "iterator": name, "arguments": self.encode_items(arguments, path),
            "state": self.encode_items(more, f"{path}.state"),
        }

    def encode_object(self, value, path):
        if isinstance(value, self.gymnasium.spaces.Space) and not self.containers:
            # Only the generators of a space, and of the spaces inside it, change.
            found = {
                "object": type(value).__qualname__,
                "attributes": {"_np_random": self.encode(value._np_random, f"{path}._np_random")},
            }
            inner = inner_spaces(value)
            if any(map(is_seeded, inner)):
                found["spaces"] = [
                    self.encode(item, f"{path}.spaces[{index}]") if is_seeded(item) else None
                    for index, item in enumerate(inner)
                ]
            return found
        if not is_plain(value):
            raise Unfit(f"'{path}' is a {kind_of(value)}, which is not data")
        found = {"object": type(value).__qualname__}
        own = own_name(type(value), self.packages)
        if own:
            found["module"] = own[0]
        elif self.containers:
            raise Unfit(f"'{path}' is a {kind_of(value)} inside a container, and not of the environment's own modules")
        found["attributes"] = {
            key: self.encode(item, f"{path}.{key}") for key, item in attributes_of(value).items()
        }
        slots = slots_of(value)
        if slots:
            found["slots"] = {key: self.encode(item, f"{path}.{key}") for key, item in slots.items()}
        return found

    def add(self, array, path):
        """Adds an array and returns the reference to it."""
        for other, _, source in self.arrays:
            if source is not None and self.numpy.may_share_memory(source, array):
                raise Unfit(f"'{path}' shares memory with '{other}'")
        kind = array.dtype.newbyteorder("<").str
        self.arrays.append((path, array.astype(kind, order="C"), array))
        return [len(self.arrays) - 1, kind, list(array.shape)]


def order_of(array):
    """The axes of an array from the slowest to the fastest in memory, counted from 1, those that run backwards negative.

    `None` if the elements do not fill their part of the memory.
    """
    axes = sorted(range(array.ndim), key=lambda axis: (array.shape[axis] > 1, -abs(array.strides[axis])))
    stride = array.itemsize
    for axis in reversed(axes):
        if array.shape[axis] > 1 and abs(array.strides[axis]) != stride:
            return None
        stride *= array.shape[axis]
    return [-axis - 1 if array.shape[axis] > 1 and array.strides[axis] < 0 else axis + 1 for axis in axes]


def kind_of(value):
    """The name of a value's type, as people write it."""
    kind = type(value)
    is_known = kind.__module__ in ("builtins", "__main__")
    return kind.__qualname__ if is_known else f"{kind.__module__}.{kind.__qualname__}"

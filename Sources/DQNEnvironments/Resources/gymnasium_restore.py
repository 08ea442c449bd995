"""Restores Gymnasium environments from data.

usage: imported by gymnasium_snapshots

Everything is decoded and validated before anything changes. Nothing is imported or executed for it: objects are made
without calling their classes, and only of classes that the environment has in place or its own modules define.
"""

import collections
import json
import math
import random
import types

from gymnasium_emulator import Emulator
from gymnasium_values import (
    BIT_GENERATORS,
    BUILDERS,
    ITERATORS,
    Unfit,
    all_slots,
    attributes_of,
    constant_name,
    enumeration_member,
    foreign_argument,
    function_name,
    inner_spaces,
    is_ale,
    is_method_of,
    is_plain,
    is_plain_class,
    layer_names,
    layers,
    named,
    own_class,
    own_name,
    own_packages,
    slots_of,
)

# What Gymnasium's passive checker holds; older snapshots contain it.
CHECKER = {"checked_reset", "checked_step", "checked_render", "close_called"}
FACTORIES = {kind.__name__: kind for kind in (int, float, list, dict, str, bool)}
MAPPINGS = {"dict": dict, "ordered": collections.OrderedDict, "counter": collections.Counter}


class Restoration:
    """One restoration of an environment and its wrappers."""

    def __init__(self, environment, gymnasium, numpy, arrays):
        self.gymnasium, self.numpy, self.arrays = gymnasium, numpy, arrays
        self.layers = layers(environment)
        self.packages = own_packages(self.layers)
        self.changes = []
        # Restored objects by path, so that shared objects are shared again.
        self.made = {}
        self.kept = list(self.layers)

    def restore(self, document):
        stored = json.loads(document)
        places = list(self.layers)
        checkers = [index for index, entry in enumerate(stored) if CHECKER <= entry.keys()]
        if len(stored) == len(places) + 1 and len(checkers) == 1:
            # Written when environments still had the passive checker around them.
            del stored[checkers[0]]
            places.insert(checkers[0], None)
        if len(stored) != len(self.layers):
            raise ValueError("its wrappers differ")
        self.made = {f"layer {index}": layer for index, layer in enumerate(places) if layer is not None}
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
        return {name: self.value(present.get(name), value, f"{path}.{name}") for name, value in stored.items()}

    def value(self, present, stored, path):
        """The restored value of an attribute whose present value is `present`, or `None` without one.

        Creates new data and objects, because other objects may refer to the present ones. Keeps generators, spaces
        and emulators.
        """
        if not isinstance(stored, dict):
            return stored
        for kind, decode in self.DECODERS.items():
            if kind in stored:
                return decode(self, present, stored, path)
        raise ValueError(path)

    def item(self, stored, path):
        """The restored item of a container."""
        return self.value(None, stored, path)

    def items(self, stored, path):
        return [self.item(value, f"{path}[{index}]") for index, value in enumerate(stored)]

    def record(self, made, path):
        """Records an object, which may occur again."""
        self.made[path] = made
        return made

    def keep(self, present, path):
        """Records an object that stays; two stored objects must not share it."""
        if any(present is other for other in self.kept):
            raise Unfit(path)
        self.kept.append(present)
        return self.record(present, path)

    # Data

    def decode_float(self, _, stored, path):
        return float(stored["float"])

    def decode_enumeration(self, _, stored, path):
        member = enumeration_member(*stored["enum"])
        if member is None:
            raise Unfit(path)
        return member

    def decode_scalar(self, _, stored, path):
        return self.array(stored["scalar"], path)[()]

    def decode_array(self, _, stored, path):
        found = self.array(stored["array"], path)
        order = stored.get("order")
        if order is not None:
            found = self.numpy.asfortranarray(found) if order == "F" else self.ordered(found, order, path)
        found.flags.writeable = stored.get("writable", True)
        return self.record(found, path)

    def ordered(self, array, order, path):
        """An array with its elements in another order in memory; see `order_of`."""
        axes = [abs(axis) - 1 for axis in order]
        if sorted(axes) != list(range(array.ndim)):
            raise ValueError(path)
        turn = tuple(slice(None, None, -1 if -axis - 1 in order else 1) for axis in range(array.ndim))
        memory = self.numpy.ascontiguousarray(array[turn].transpose(axes))
        return memory.transpose(self.numpy.argsort(axes))[turn]

    def decode_objects(self, _, stored, path):
        # Before a damaged shape takes memory.
        if len(stored["items"]) != math.prod(stored["objects"]):
            raise ValueError(path)
        found = self.record(self.numpy.empty(stored["objects"], object), path)
        flat = found.reshape(-1)
        for index, item in enumerate(self.items(stored["items"], path)):
            flat[index] = item
        return found

    def decode_bytes(self, _, stored, path):
        kind = bytes if "bytes" in stored else bytearray
        return kind(self.array(stored[kind.__name__], path).tobytes())

    def decode_range(self, _, stored, path):
        return range(*stored["range"])

    def decode_tuple(self, _, stored, path):
        return tuple(self.items(stored["tuple"], path))

    def decode_named(self, _, stored, path):
        kind = own_class(*stored["named"], self.packages)
        if kind is None or kind.__base__ is not tuple:
            raise Unfit(path)
        return tuple.__new__(kind, self.items(stored["items"], path))

    def decode_list(self, _, stored, path):
        # Recorded before its items, which may refer to it.
        found = self.record([], path)
        found.extend(self.items(stored["list"], path))
        return found

    def decode_deque(self, _, stored, path):
        found = self.record(collections.deque((), stored["limit"]), path)
        found.extend(self.items(stored["deque"], path))
        return found

    def decode_mapping(self, _, stored, path):
        if "defaultdict" in stored:
            name = stored["factory"]
            found, entries = collections.defaultdict(name and FACTORIES[name]), stored["defaultdict"]
        else:
            name = next(name for name in MAPPINGS if name in stored)
            found, entries = MAPPINGS[name](), stored[name]
        self.record(found, path)
        keys = self.items([key for key, _ in entries], f"{path}.keys()")
        for key, value in zip(keys, self.items([value for _, value in entries], path)):
            # Counter's own assignment is dict's.
            found[key] = value
        return found

    def decode_iterator(self, _, stored, path):
        name = stored["iterator"]
        build = BUILDERS.get(name) or ITERATORS.get(name)
        if build is None:
            raise ValueError(path)
        arguments = self.items(stored["arguments"], path)
        if foreign_argument(name, arguments) is not None:
            raise Unfit(path)
        found = build(*arguments)
        for state in self.items(stored["state"], f"{path}.state"):
            found.__setstate__(state)
        return self.record(found, path)

    # Random generators

    def decode_random(self, _, stored, path):
        numbers = tuple(int(number) for number in self.array(stored["random"], path))
        found = random.Random()
        found.setstate((stored["version"], numbers, self.item(stored["gauss"], path)))
        return self.record(found, path)

    def decode_generator(self, present, stored, path):
        # Only its state: generators in place may have other users.
        state = self.value(None, stored["generator"], f"{path}.state")
        numpy, name = self.numpy, state.get("bit_generator")
        is_older = "has_gauss" in state
        if is_older:
            is_fit = type(present) is numpy.random.RandomState and present.get_state(legacy=False)[
                "bit_generator"] == name
        else:
            is_fit = type(present) is numpy.random.Generator and type(present.bit_generator).__name__ == name
        if not is_fit or any(present is other for other in self.kept):
            if name not in BIT_GENERATORS:
                raise Unfit(path)
            bits = getattr(numpy.random, name)(0)
            present = numpy.random.RandomState(bits) if is_older else numpy.random.Generator(bits)
        if is_older:
            self.changes.append(lambda: present.set_state(state))
        else:
            self.changes.append(lambda: setattr(present.bit_generator, "state", state))
        return self.keep(present, path)

    # Objects and code

    def decode_same(self, _, stored, path):
        if stored["same"] not in self.made:
            raise Unfit(path)
        return self.made[stored["same"]]

    def decode_own(self, _, stored, path):
        module, name = stored["own"]
        found = named(module, name)
        # A name may lead through modules that the environment's own ones import; what it finds must not be theirs.
        if own_name(found, self.packages) != [module, name] or getattr(found, "__closure__", None):
            raise Unfit(path)
        return found

    def decode_bound(self, _, stored, path):
        function = self.decode_own(None, {"own": stored["bound"]}, path)
        owner = self.value(None, stored["self"], f"{path}.__self__")
        if not isinstance(function, types.FunctionType) or not is_method_of(function, owner):
            raise Unfit(path)
        return types.MethodType(function, owner)

    def decode_constant(self, present, stored, path):
        if stored["constant"] not in (constant_name(present, self.layers, older) for older in (False, True)):
            raise Unfit(path)
        return present

    def decode_method(self, present, stored, path):
        function = getattr(present, "__func__", None)
        if function_name(function, self.layers) != stored["method"]:
            raise Unfit(path)
        owner = self.value(present.__self__, stored["self"], f"{path}.__self__")
        if type(owner) is not type(present.__self__) and not is_method_of(function, owner):
            raise Unfit(path)
        return types.MethodType(function, owner)

    def decode_object(self, present, stored, path):
        is_space = isinstance(present, self.gymnasium.spaces.Space)
        kind = type(present)
        if not (is_space or is_plain(present)) or kind.__qualname__ != stored["object"]:
            kind = own_class(stored.get("module", ""), stored["object"], self.packages)
            if kind is None or not is_plain_class(kind):
                raise Unfit(path)
            present, is_space = None, False
        if is_space:
            made = self.keep(present, path)
            attributes = self.restore_attributes(vars(present), stored["attributes"], path)
            self.changes.append(lambda: vars(made).update(attributes))
            self.restore_spaces(inner_spaces(present), stored.get("spaces"), path)
            return made
        # Recorded before its attributes, which may refer to it.
        made = self.record(object.__new__(kind), path)
        has_present = present is not None
        now = attributes_of(present) if has_present else {}
        attributes = self.restore_attributes(now, stored["attributes"], path)
        if attributes:
            # At once, since a dictionary may need them to find the object.
            vars(made).update(attributes)
        members, now = all_slots(kind), slots_of(present) if has_present else {}
        for name, value in stored.get("slots", {}).items():
            members[name].__set__(made, self.value(now.get(name), value, f"{path}.{name}"))
        return made

    def restore_spaces(self, present, stored, path):
        """Restores the generators of the spaces inside a space; those without one, and all in older snapshots, stay."""
        if stored is None:
            return
        if len(stored) != len(present):
            raise Unfit(path)
        for index, (space, value) in enumerate(zip(present, stored)):
            if value is not None and self.value(space, value, f"{path}.spaces[{index}]") is not space:
                raise Unfit(path)

    def decode_emulator(self, present, stored, path):
        if not is_ale(present):
            raise Unfit(path)
        import ale_py

        emulator, action = Emulator(present), stored["action"]
        if type(action) is not int or not 0 <= action < len(emulator.actions):
            raise ValueError(path)
        state = ale_py.ALEState(self.array(stored["ale"], path).tobytes())
        self.changes.append(lambda: emulator.put(action, state))
        return self.keep(present, path)

    def array(self, reference, path):
        index, kind, shape = reference
        if self.numpy.dtype(kind).kind not in "biufcUS":
            raise ValueError(path)
        return self.numpy.frombuffer(self.arrays[index], kind).reshape(shape).copy()

    DECODERS = {
        "float": decode_float, "enum": decode_enumeration, "scalar": decode_scalar, "array": decode_array,
        "objects": decode_objects, "bytes": decode_bytes, "bytearray": decode_bytes, "range": decode_range,
        "tuple": decode_tuple, "named": decode_named, "list": decode_list, "deque": decode_deque,
        "dict": decode_mapping, "ordered": decode_mapping, "counter": decode_mapping, "defaultdict": decode_mapping,
        "iterator": decode_iterator, "random": decode_random, "generator": decode_generator, "same": decode_same,
        "own": decode_own, "bound": decode_bound, "constant": decode_constant, "method": decode_method,
        "object": decode_object, "ale": decode_emulator,
    }

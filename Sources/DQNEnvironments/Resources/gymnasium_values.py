"""Classifies the attributes of an environment: data, ordinary objects, or constants.

usage: imported by gymnasium_capture and gymnasium_restore
"""

import enum
import itertools
import sys
import types
import warnings

PLAIN = (type(None), bool, int, float, str)
# Iterators that Python can describe as their arguments and a state. Which of them it describes depends on its version.
ITERATORS = {
    f"{kind.__module__}.{kind.__qualname__}": kind
    for kind in (
        itertools.count, itertools.cycle, itertools.repeat, itertools.chain, itertools.islice, itertools.compress,
        itertools.product, itertools.permutations, itertools.combinations, itertools.combinations_with_replacement,
        itertools.zip_longest, enumerate, zip, type(iter([])), type(iter(())), type(iter(range(0))), type(iter("")),
        type(reversed([])),
    )
}
BUILDERS = {"iter": iter, "reversed": reversed}
# What iterators run over: iterating over these executes no Python code of a class.
ITERABLES = (list, tuple, dict, range, bytes, bytearray)
# Of classes that a class statement has made.
HEAP_TYPE = 1 << 9
BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


class Unfit(Exception):
    """A state that is not plain data, or that does not fit this environment."""


def slot_members(kind):
    """The descriptors of a class's own slots by name; `None` if it has slots that are not ordinary ones."""
    names = kind.__dict__.get("__slots__", ())
    members = {}
    for name in [names] if isinstance(names, str) else names:
        if name in ("__dict__", "__weakref__"):
            continue
        mangled = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name
        member = kind.__dict__.get(mangled)
        if not isinstance(member, types.MemberDescriptorType):
            return None
        members[mangled] = member
    return members


def all_slots(kind):
    """The descriptors of all slots of a class, by name; `None` if two have the same name or one is not ordinary."""
    found = {}
    for base in kind.__mro__[:-1]:
        members = slot_members(base)
        if members is None or found.keys() & members.keys():
            return None
        found.update(members)
    return found


def is_plain_class(kind):
    """Whether all the state of a class's instances is in their attributes and slots, as in ordinary Python classes."""
    return (
        isinstance(kind, type)
        and kind.__new__ is object.__new__
        and all(type(base).__module__ in ("builtins", "abc") for base in kind.__mro__[:-1])
        and not hasattr(kind, "__swig_destroy__")
        and all_slots(kind) is not None
        # Types of native code: they have neither, or are not made by a class statement.
        and (kind.__dictoffset__ != 0 or "__slots__" in kind.__dict__)
        and all(base.__flags__ & HEAP_TYPE for base in kind.__mro__[:-1])
    )


def is_plain(value):
    """Whether an object is an instance of ordinary Python classes, with all its state in its attributes."""
    return is_plain_class(type(value))


def attributes_of(value):
    """The attributes of a plain object."""
    return vars(value) if type(value).__dictoffset__ != 0 else {}


def slots_of(value):
    """The values of a plain object's slots; slots without a value are left out."""
    values = {}
    for name, member in all_slots(type(value)).items():
        try:
            values[name] = member.__get__(value)
        except AttributeError:
            continue
    return values


def own_packages(found):
    """The packages that define the layers of an environment: objects of their classes can be made again."""
    names = {kind.__module__.partition(".")[0] for layer in found for kind in type(layer).__mro__[:-1]}
    return names - set(sys.stdlib_module_names) - {"gymnasium", "gym", "numpy"}


def named(module, qualified_name):
    """What a module calls by a name; `None` if there is no such thing. Imports and executes nothing."""
    found = sys.modules.get(module)
    for part in qualified_name.split("."):
        # Not getattr, since modules and classes may run their own code for it.
        found = vars(found).get(part) if isinstance(found, (type, types.ModuleType)) else None
    return found


def own_class(module, qualified_name, packages):
    """A class of the environment's own packages; `None` if there is none."""
    found = named(module, qualified_name) if module.partition(".")[0] in packages else None
    return found if isinstance(found, type) and found.__module__ == module else None


def own_name(value, packages):
    """The module and the name of a class or function of the environment's own packages; `None` for all else."""
    if not isinstance(value, (type, types.FunctionType)):
        return None
    place = [value.__module__, value.__qualname__]
    is_own = isinstance(place[0], str) and place[0].partition(".")[0] in packages
    return place if is_own and named(*place) is value else None


def is_method_of(function, value):
    """Whether the class of a value, or a class itself, defines a function, under any name."""
    kinds = (value.__mro__ if isinstance(value, type) else ()) + type(value).__mro__
    members = (member for kind in kinds for member in vars(kind).values())
    return any(
        (member.__func__ if isinstance(member, (classmethod, staticmethod)) else member) is function
        for member in members
    )


def iterator_state(value):
    """The builder, the arguments and the state of an iterator; `None` if Python does not reveal them."""
    try:
        with warnings.catch_warnings():
            # Newer versions of Python announce that they will no longer reveal some.
            warnings.simplefilter("ignore")
            builder, arguments, *state = value.__reduce__()
    except TypeError:
        return None
    name = getattr(builder, "__name__", "")
    if BUILDERS.get(name) is builder:
        return name, arguments, state
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    return (name, arguments, state) if builder is ITERATORS[name] else None


def is_iterator(value):
    return ITERATORS.get(f"{type(value).__module__}.{type(value).__qualname__}") is type(value)


def foreign_argument(name, arguments):
    """The first argument of an iterator that is not data, whose own code would run; `None` if all are."""
    for argument in arguments:
        is_data = type(argument) in PLAIN + ITERABLES or type(argument).__module__ == "numpy" or is_iterator(argument)
        # It returns its argument as it is.
        if not is_data and name != "itertools.repeat":
            return argument
    return None


def function_name(function, fixed):
    """A function's name with the numbers and texts of its closure; `None` if the closure may hold state.

    `fixed`: other objects that a closure may hold, since they stay in place when a state is restored.
    """
    if not isinstance(function, types.FunctionType):
        return None
    name = f"{function.__module__}.{function.__qualname__}"
    for cell in function.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:
            return None
        if type(held) in PLAIN:
            name += f", {held!r}"
        elif isinstance(held, types.FunctionType):
            if held.__closure__:
                return None
        elif not isinstance(held, (type, types.ModuleType)) and not any(held is item for item in fixed):
            return None
    return name


def constant_name(value, fixed, members=False):
    """The name of a constant; `None` for everything else.

    `fixed`: as for `function_name`; `members`: whether members of enumerations count, as in older snapshots.
    """
    if isinstance(value, types.FunctionType):
        return function_name(value, fixed)
    if isinstance(value, types.MethodType):
        own = value.__self__
        is_fixed = isinstance(own, type) or any(own is item for item in fixed)
        return function_name(value.__func__, fixed) if is_fixed else None
    if isinstance(value, types.BuiltinFunctionType) and not isinstance(
        value.__self__, (type(None), type, types.ModuleType)
    ):
        return None
    if isinstance(value, (types.BuiltinFunctionType, type)):
        return f"{value.__module__}.{value.__qualname__}"
    if type(value) in (list, tuple) and value:
        names = [constant_name(item, fixed, members) for item in value]
        return None if None in names else ", ".join(names)
    if isinstance(value, types.ModuleType):
        return value.__name__
    if members and isinstance(value, enum.Enum):
        return str(value)
    if type(value).__name__ == "EnvSpec" and type(value).__module__.startswith("gymnasium."):
        return "specification"
    if type(value).__module__.partition(".")[0] == "numpy" and type(value).__name__.endswith("DType"):
        return str(value)
    return None


def enumeration_member(module, class_name, name):
    """A member of an enumeration; `None` if there is none. Imports nothing."""
    found = named(module, class_name)
    if not (isinstance(found, type) and issubclass(found, enum.Enum)):
        return None
    return found.__members__.get(name)


def is_ale(value):
    """Whether an object is the Arcade Learning Environment, which serializes its own state."""
    return type(value).__name__ == "ALEInterface" and type(value).__module__.partition(".")[0] == "ale_py"


def inner_spaces(space):
    """The spaces inside a space, in order: of a dictionary, a tuple, a choice, a sequence or a graph."""
    found = getattr(space, "spaces", ())
    found = list(found.values()) if isinstance(found, dict) else list(found) if isinstance(found, (list, tuple)) else []
    found += [getattr(space, name, None) for name in ("feature_space", "node_space", "edge_space")]
    return [inner for inner in found if hasattr(inner, "_np_random")]


def is_seeded(space):
    """Whether a space, or one inside it, has a generator."""
    return space._np_random is not None or any(map(is_seeded, inner_spaces(space)))


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

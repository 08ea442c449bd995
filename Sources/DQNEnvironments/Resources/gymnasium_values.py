"""Classifies the attributes of an environment: data, ordinary objects, or constants.

usage: imported by gymnasium_snapshots
"""

import enum
import sys
import types

PLAIN = (type(None), bool, int, float, str)


def is_plain(value):
    """Whether an object is an instance of ordinary Python classes, with all its state in its attributes."""
    kinds = type(value).__mro__[:-1]
    return (
        hasattr(value, "__dict__")
        and type(value).__new__ is object.__new__
        and all(type(kind).__module__ in ("builtins", "abc") for kind in kinds)
        and all(not kind.__dict__.get("__slots__") for kind in kinds)
        and not hasattr(type(value), "__swig_destroy__")
    )


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
    found = sys.modules.get(module)
    for part in class_name.split("."):
        # Not getattr, since modules and classes may run their own code for it.
        found = vars(found).get(part) if isinstance(found, (type, types.ModuleType)) else None
    if not (isinstance(found, type) and issubclass(found, enum.Enum)):
        return None
    return found.__members__.get(name)


def is_ale(value):
    """Whether an object is the Arcade Learning Environment, which serializes its own state."""
    return type(value).__name__ == "ALEInterface" and type(value).__module__.partition(".")[0] == "ale_py"

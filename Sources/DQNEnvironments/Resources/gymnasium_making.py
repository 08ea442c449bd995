"""Creates an environment of Gymnasium, with wrappers, and recognises environments of the older API.

usage: imported by gymnasium_worker
"""

import contextlib
import difflib
import importlib
import inspect
import json
import os
import re
import sys
import traceback

from gymnasium_environment import INVALID_OPTIONS, PACKAGE_MISSING, UNKNOWN, Refusal, one_line
from gymnasium_isolation import remedy
from gymnasium_values import inner_spaces, is_seeded, layers

OLD_API = 10
# Packages that register their environments in a call, by the namespace of their ids.
NAMESPACES = {"ALE": "ale_py", "MinAtar": "minatar.gym"}
# Atari's older ids have no namespace.
OLDER_ATARI = re.compile(r"[A-Z][A-Za-z]*NoFrameskip-v[04]")
WRAPPER = "wrapper"
# Wrappers that keep statistics over all episodes, which no seed and no reset restores, and what replaces them.
KEEPING = {
    "NormalizeObservation": "scale observations with --set wrappers=observation-scale:FACTOR",
    "NormalizeReward": "use --set wrappers=reward-normalize, which keeps them in checkpoints and out of evaluations",
}


def import_packages(identifier):
    """Imports the package that registers an id; gym.make itself imports a module before a colon."""
    try:
        import gymnasium
    except ImportError as error:
        raise Refusal(
            PACKAGE_MISSING, f"the package gymnasium cannot be imported ({one_line(error)}){remedy(error.name)}"
        ) from None
    package = NAMESPACES.get(identifier.partition("/")[0]) if "/" in identifier else None
    if OLDER_ATARI.fullmatch(identifier):
        package = "ale_py"
    if package:
        try:
            module = importlib.import_module(package)
        except ImportError as error:
            name = package.partition(".")[0]
            raise Refusal(
                PACKAGE_MISSING, f"the package {name} cannot be imported ({one_line(error)}){remedy(error.name)}"
            ) from None
        if hasattr(module, "register_envs"):
            module.register_envs()
    return gymnasium


def read_options(assignments):
    """The arguments of `gymnasium.make`, and the wrappers in order; values that are not JSON are texts."""
    options, wrappers = {}, []
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        if key == WRAPPER:
            wrappers.append(value)
            continue
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options, wrappers


def make(gymnasium, identifier, options, wrappers):
    """Creates the environment inside its wrappers, with text rendering if it has one.

    Without Gymnasium's passive checker: it keeps observations of the environment, whose state then cannot be captured.
    """
    has_options = bool(options)
    options = {"disable_env_checker": True, **options}
    with refusals(gymnasium, identifier, has_options):
        environment = gymnasium.make(identifier, **options)
        modes = environment.unwrapped.metadata.get("render_modes") or ()
        if "ansi" in modes and "render_mode" not in options:
            environment.close()
            environment = gymnasium.make(identifier, render_mode="ansi", **options)
    check_interface(environment)
    for layer in layers(environment):
        for value in vars(layer).values():
            if isinstance(value, gymnasium.spaces.Space):
                replace_entropy(gymnasium, value)
    for text in wrappers:
        environment = wrap(gymnasium, environment, text)
    return environment


@contextlib.contextmanager
def refusals(gymnasium, identifier, has_options):
    """Turns the exceptions of `gymnasium.make` into refusals."""
    try:
        yield
    except gymnasium.error.DependencyNotInstalled as error:
        raise Refusal(PACKAGE_MISSING, f"a required package is missing ({one_line(error)})") from None
    except ModuleNotFoundError as error:
        # gymnasium.make raises it anew, with more words.
        if re.search(r"No module named 'gym['.]", str(error)):
            raise Refusal(OLD_API, "its module imports gym, not gymnasium") from None
        # Its name is lost with that.
        name = re.search(r"No module named '([^']+)'", str(error))
        raise Refusal(
            PACKAGE_MISSING, f"a module cannot be imported ({one_line(error)}){remedy(name and name[1])}"
        ) from None
    except gymnasium.error.UnregisteredEnv as error:
        if is_registered_with_gym(identifier):
            raise Refusal(OLD_API, "it is registered with gym, not with gymnasium") from None
        raise Refusal(UNKNOWN, one_line(error)) from None
    except gymnasium.error.Error as error:
        if is_registered_with_gym(identifier):
            raise Refusal(OLD_API, "it is registered with gym, not with gymnasium") from None
        raise Refusal(INVALID_OPTIONS if has_options else UNKNOWN, one_line(error)) from None
    except TypeError as error:
        if "Gym is incompatible with Gymnasium" in str(error):
            raise Refusal(OLD_API, "its class is a gym.Env, not a gymnasium.Env") from None
        if not has_options:
            raise
        raise Refusal(INVALID_OPTIONS, one_line(error)) from None


def is_registered_with_gym(identifier):
    """Whether the package gym, which a module has imported, knows an id. Imports nothing."""
    registration = sys.modules.get("gym.envs.registration")
    registry = getattr(registration, "registry", None)
    known = getattr(registry, "env_specs", registry)
    return isinstance(known, dict) and identifier.rpartition(":")[2] in known


def check_interface(environment):
    """Refuses an environment whose reset takes no seed, as in the older API."""
    try:
        parameters = inspect.signature(environment.unwrapped.reset).parameters.values()
    except (TypeError, ValueError):
        return
    if not any(item.name == "seed" or item.kind is item.VAR_KEYWORD for item in parameters):
        raise Refusal(OLD_API, "its reset takes no seed")


def check_reset(result):
    """Refuses what `reset` returns in the older API: the observation alone."""
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict)):
        raise Refusal(OLD_API, "its reset does not return an observation and a dictionary of information")
    return result


def older_interface(error, own_files, gymnasium):
    """The refusal of an environment whose `step` returns four values, as in the older API; `None` for other errors.

    These scripts or a wrapper of Gymnasium expect five. The environment's own modules may do so for other reasons.
    """
    if not isinstance(error, ValueError) or "(expected 5, got 4)" not in str(error):
        return None
    file = traceback.extract_tb(error.__traceback__)[-1].filename
    is_older = file in own_files or file.startswith(os.path.join(os.path.dirname(gymnasium.__file__), ""))
    return Refusal(OLD_API, "its step returns four values, not five") if is_older else None


def wrap(gymnasium, environment, text):
    """The environment inside a wrapper: `NAME` or `MODULE.NAME`, or that with `:` and its arguments as JSON."""
    name, separator, arguments = text.partition(":")
    kind = wrapper_class(gymnasium, name)
    positional, named = [], {}
    if separator:
        try:
            value = json.loads(arguments)
        except ValueError:
            raise Refusal(
                INVALID_OPTIONS,
                f"the arguments of the wrapper '{name}' are not JSON ({arguments}); write wrapper={name}:VALUE, "
                f'wrapper={name}:[VALUE, ...] or wrapper={name}:{{"argument": VALUE}}.',
            ) from None
        if isinstance(value, dict):
            named = value
        else:
            positional = value if isinstance(value, list) else [value]
    positional, named = with_tuples(kind, environment, positional, named)
    refuse_functions(kind, name, environment, positional, named)
    unseeded = [space for layer in layers(environment) for space in spaces_of(layer) if not is_seeded(space)]
    try:
        wrapped = kind(environment, *positional, **named)
        # Some wrappers make generators of spaces from the system's entropy; two equal runs would differ in them.
        for space in filter(is_seeded, unseeded + spaces_of(wrapped)):
            space.seed(0)
        return wrapped
    except gymnasium.error.DependencyNotInstalled as error:
        raise Refusal(PACKAGE_MISSING, f"the wrapper '{name}' lacks a package ({one_line(error)})") from None
    except Exception as error:
        takes = ", ".join(str(item) for item in list(inspect.signature(kind).parameters.values())[1:])
        raise Refusal(
            INVALID_OPTIONS,
            f"the wrapper '{name}' raised {type(error).__name__}: {one_line(error)}; its arguments are ({takes}).",
        ) from None


def with_tuples(kind, environment, positional, named):
    """The arguments, with lists as the tuples or arrays that the wrapper declares: JSON has neither."""
    try:
        signature = inspect.signature(kind)
        bound = signature.bind(environment, *positional, **named)
    except (TypeError, ValueError):
        # The wrapper itself will say what is wrong.
        return positional, named
    first = next(iter(signature.parameters))
    for name, value in bound.arguments.items():
        annotation = str(signature.parameters[name].annotation).lower()
        if name == first or not isinstance(value, list):
            continue
        if "tuple" in annotation:
            bound.arguments[name] = as_tuple(value)
        elif "ndarray" in annotation:
            bound.arguments[name] = importlib.import_module("numpy").asarray(value)
    return bound.args[1:], bound.kwargs


def as_tuple(value):
    """A list and the lists in it as tuples."""
    return tuple(as_tuple(item) for item in value) if isinstance(value, list) else value


def replace_entropy(gymnasium, space):
    """Seeds the generators of a space and those inside it that have a seed from the system: equal runs differ in them.

    MiniGrid samples a space of missions in its constructor. Seeds of at most 64 bits are the environment's and stay.
    """
    sequence = getattr(getattr(space._np_random, "bit_generator", None), "seed_seq", None)
    entropy = getattr(sequence, "entropy", None)
    if isinstance(entropy, int) and entropy >= 1 << 64:
        space._np_random = gymnasium.utils.seeding.np_random(0)[0]
    for inner in inner_spaces(space):
        replace_entropy(gymnasium, inner)


def spaces_of(layer):
    """The spaces that an environment or a wrapper has of its own."""
    names = ("observation_space", "action_space", "_observation_space", "_action_space")
    return [vars(layer)[name] for name in names if vars(layer).get(name) is not None]


def refuse_functions(kind, name, environment, positional, named):
    """Refuses arguments that have to be functions, which JSON cannot express."""
    with contextlib.suppress(TypeError):
        bound = inspect.signature(kind).bind(environment, *positional, **named)
        for parameter in bound.arguments.keys() - {"env"}:
            annotation = str(bound.signature.parameters[parameter].annotation)
            if annotation.startswith("Callable") and bound.arguments[parameter] is not None:
                raise Refusal(
                    INVALID_OPTIONS,
                    f"the wrapper '{name}' takes a function as '{parameter}', which an option cannot express; wrap the "
                    "environment in a module of your own.",
                )


def wrapper_class(gymnasium, name):
    """A class of `gymnasium.wrappers`, or of another module if the name has a dot: `minigrid.wrappers.ImgObsWrapper`."""
    if name in KEEPING:
        raise Refusal(
            INVALID_OPTIONS,
            f"the wrapper '{name}' keeps statistics over episodes, so evaluations would depend on the episodes before "
            f"them; {KEEPING[name]}.",
        )
    module_name, _, class_name = name.rpartition(".")
    try:
        module = importlib.import_module(module_name) if module_name else gymnasium.wrappers
        names = [known for known in wrapper_names(gymnasium, module) if known[:1].isupper()]
        # Gymnasium imports some only now.
        kind = getattr(module, class_name) if class_name in names else None
    except (ImportError, gymnasium.error.DependencyNotInstalled) as error:
        raise Refusal(PACKAGE_MISSING, f"the wrapper '{name}' lacks a package ({one_line(error)})") from None
    except Exception as error:
        raise Refusal(
            INVALID_OPTIONS, f"the module '{module_name}' raised {type(error).__name__}: {one_line(error)}"
        ) from None
    if isinstance(kind, type) and issubclass(kind, gymnasium.Wrapper):
        return kind
    close = difflib.get_close_matches(class_name, names, n=1, cutoff=0.5)
    known = f"the known ones are {', '.join(sorted(names))}." if names else "it has none."
    guess = f"did you mean '{close[0]}'?" if close else known
    raise Refusal(INVALID_OPTIONS, f"{module.__name__} has no wrapper '{class_name}'; {guess}")


def wrapper_names(gymnasium, module):
    """The names of the wrappers in a module."""
    if module is gymnasium.wrappers:
        return module.__all__
    return [
        name for name, kind in vars(module).items() if isinstance(kind, type) and issubclass(kind, gymnasium.Wrapper)
    ]

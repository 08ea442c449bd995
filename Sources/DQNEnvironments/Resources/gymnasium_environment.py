"""Creates an environment of Gymnasium and describes it.

usage: imported by gymnasium_worker
"""

import importlib
import json
import math
import numbers
import re
import struct

from gymnasium_snapshots import layers

MEMORY = 4
DONE, FAILED, PACKAGE_MISSING, UNKNOWN, UNSUPPORTED, NOT_CAPTURABLE, INVALID_SNAPSHOT, INVALID_OPTIONS = range(8)
NOT_APPLICABLE, NOT_FINITE = 8, 9
# Packages that register their environments in a call, by the namespace of their ids.
NAMESPACES = {"ALE": "ale_py", "MinAtar": "minatar.gym"}
# Atari's older ids have no namespace.
OLDER_ATARI = re.compile(r"[A-Z][A-Za-z]*NoFrameskip-v[04]")


class Refusal(Exception):
    """A refused request, with the status of the reply."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def one_line(error):
    return " ".join(str(error).split()) or type(error).__name__


def import_packages(identifier):
    """Imports the package that registers an id; gym.make itself imports a module before a colon."""
    try:
        import gymnasium
    except ImportError as error:
        raise Refusal(PACKAGE_MISSING, f"the package gymnasium cannot be imported ({error})") from None
    package = NAMESPACES.get(identifier.partition("/")[0]) if "/" in identifier else None
    if OLDER_ATARI.fullmatch(identifier):
        package = "ale_py"
    if package:
        try:
            module = importlib.import_module(package)
        except ImportError as error:
            name = package.partition(".")[0]
            raise Refusal(PACKAGE_MISSING, f"the package {name} cannot be imported ({error})") from None
        if hasattr(module, "register_envs"):
            module.register_envs()
    return gymnasium


def read_options(assignments):
    """The arguments of `gymnasium.make`; values that are not JSON are texts."""
    options = {}
    for assignment in assignments:
        key, _, value = assignment.partition("=")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options


def make(gymnasium, identifier, options):
    """Creates the environment, with text rendering if it has one."""
    try:
        environment = gymnasium.make(identifier, **options)
        modes = environment.unwrapped.metadata.get("render_modes") or ()
        if "ansi" in modes and "render_mode" not in options:
            environment.close()
            environment = gymnasium.make(identifier, render_mode="ansi", **options)
        return environment
    except gymnasium.error.DependencyNotInstalled as error:
        raise Refusal(PACKAGE_MISSING, f"a required package is missing ({one_line(error)})") from None
    except ModuleNotFoundError as error:
        raise Refusal(PACKAGE_MISSING, f"a module cannot be imported ({one_line(error)})") from None
    except gymnasium.error.UnregisteredEnv as error:
        raise Refusal(UNKNOWN, one_line(error)) from None
    except gymnasium.error.Error as error:
        raise Refusal(INVALID_OPTIONS if options else UNKNOWN, one_line(error)) from None
    except TypeError as error:
        if not options:
            raise
        raise Refusal(INVALID_OPTIONS, one_line(error)) from None


def package_version(environment):
    """The distribution of an environment's class, with its version; empty without one."""
    from importlib import metadata

    module = type(environment.unwrapped).__module__.partition(".")[0]
    for name in metadata.packages_distributions().get(module, [])[:1]:
        return f"{name} {metadata.version(name)}"
    return ""


def steps_per_second(environment, frame_skip):
    """The rate of a film: real time for Atari, the authors' rate for others, if there is one."""
    if hasattr(environment, "ale"):
        return 60 / frame_skip if isinstance(frame_skip, int) and frame_skip > 0 else None
    rate = environment.metadata.get("render_fps")
    return float(rate) if isinstance(rate, (int, float)) and 0 < rate < 1000 else None


def picture(environment):
    """The height, the width and the pixels of the environment's picture; empty if it has none."""
    import numpy

    inner = environment.unwrapped
    if "rgb_array" not in (inner.metadata.get("render_modes") or ()):
        return b""
    mode = {name: value for name, value in vars(inner).items() if name == "render_mode"}
    # Only for this call: LunarLander, for one, adds particles to its world while a mode is set, and then behaves
    # differently. Not through the wrappers, which record that they were rendered.
    inner.render_mode = "rgb_array"
    try:
        frame = numpy.asarray(inner.render())
    finally:
        del inner.render_mode
        vars(inner).update(mode)
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != numpy.uint8:
        raise ValueError(f"a picture has shape {frame.shape} and type {frame.dtype}, not bytes of three colours")
    return struct.pack("<II", *frame.shape[:2]) + frame.tobytes()


def finite(number):
    """A number that JSON can represent; `None` for infinities and for values that are not numbers."""
    return float(number) if isinstance(number, numbers.Real) and math.isfinite(number) else None


def describe(environment, observations, actions, gymnasium):
    """The description of the environment for the other side, as a document."""
    frame_skip = getattr(environment.unwrapped, "_frameskip", 1)
    specification = environment.spec
    return {
        "shape": [int(extent) for extent in observations.shape],
        "element": observations.element,
        "bounds": observations.bounds,
        "notices": observations.notices,
        "advised_options": observations.advised_options,
        "action_meanings": actions.meanings(environment),
        "maximum_episode_steps": specification and specification.max_episode_steps,
        "reward_threshold": specification and finite(specification.reward_threshold),
        "frames_per_step": frame_skip if isinstance(frame_skip, int) and frame_skip > 0 else 1,
        "steps_per_second": steps_per_second(environment.unwrapped, frame_skip),
        "identity": {
            "gymnasium": gymnasium.__version__,
            "package": package_version(environment),
            # Addresses differ between processes.
            "specification": re.sub(r" at 0x[0-9a-f]+", "", str(specification)),
            "wrappers": [type(layer).__name__ for layer in layers(environment)],
        },
    }

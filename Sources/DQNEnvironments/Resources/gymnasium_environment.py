"""Describes an environment of Gymnasium and draws it.

usage: imported by gymnasium_worker
"""

import math
import numbers
import re
import struct

from gymnasium_sources import Sources
from gymnasium_values import layers

MEMORY = 4
DONE, FAILED, PACKAGE_MISSING, UNKNOWN, UNSUPPORTED, NOT_CAPTURABLE, INVALID_SNAPSHOT, INVALID_OPTIONS = range(8)
NOT_APPLICABLE, NOT_FINITE = 8, 9
INVALID_OUTCOME = 11


class Refusal(Exception):
    """A refused request, with the status of the reply."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def one_line(error):
    return " ".join(str(error).split()) or type(error).__name__


def brief(value):
    """A value for a message: its type, and what it is if that is short."""
    shape = getattr(value, "shape", ())
    kind = f"{type(value).__name__}" + (f" of shape {shape}" if shape else "")
    if value is None or isinstance(value, (bool, int, float, str)):
        text = repr(value)
        return text if len(text) <= 40 else f"{text[:36]}… ({kind})"
    return f"a {kind}"


def outcome_refusal(outcome):
    """Names what is wrong with the five values of a step; `None` if nothing is."""
    if not (isinstance(outcome, (tuple, list)) and len(outcome) == 5):
        return None
    _, reward, terminated, truncated, information = outcome
    try:
        struct.pack("<d", reward)
    except Exception:
        is_large = isinstance(reward, numbers.Rational)
        fault = "which float32 cannot hold" if is_large else "where a number belongs"
        return Refusal(INVALID_OUTCOME, f"{brief(reward)} as the reward, {fault}")
    for name, value in (("terminated", terminated), ("truncated", truncated)):
        try:
            bool(value)
        except Exception:
            return Refusal(INVALID_OUTCOME, f"{brief(value)} as '{name}', where True or False belongs")
    if not hasattr(information, "get"):
        return Refusal(INVALID_OUTCOME, f"{brief(information)} as the information, where a dictionary belongs")
    return None


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
    if frame.ndim == 2:
        frame = numpy.repeat(frame[:, :, None], 3, axis=2)
    if frame.ndim == 3 and frame.shape[2] == 4:
        # Without the transparency.
        frame = frame[:, :, :3]
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != numpy.uint8:
        raise ValueError(f"a picture has shape {frame.shape} and type {frame.dtype}, not bytes of three colours")
    return struct.pack("<II", *frame.shape[:2]) + frame.tobytes()


def finite(number):
    """A number that JSON can represent; `None` for infinities and for values that are not numbers."""
    return float(number) if isinstance(number, numbers.Real) and math.isfinite(number) else None


def is_text(path):
    """Whether a document can hold a path."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


def describe(environment, observations, actions, gymnasium, loaded):
    """The description of the environment for the other side, as a document."""
    sources = Sources(environment)
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
        "sources": sources.digests(),
        "source_files": sorted(filter(is_text, sources.paths() | loaded)),
        "steps_per_second": steps_per_second(environment.unwrapped, frame_skip),
        "identity": {
            "gymnasium": gymnasium.__version__,
            "package": package_version(environment),
            # Addresses differ between processes.
            "specification": re.sub(r" at 0x[0-9a-f]+", "", str(specification)),
            "wrappers": [type(layer).__name__ for layer in layers(environment)],
        },
    }

"""Runs one Gymnasium environment for the program that started it; do not start it by hand.

usage: python -c 'BOOTSTRAP' ENVIRONMENT_ID [KEY=VALUE...], where the bootstrap reads this file from descriptor 3 and
calls main()

Descriptor 3 is a stream socket. A request is 16 bytes (u32 operation, u32 flag, u64 value), little-endian like everything
else; `restore` is followed by `value` bytes. A reply is 24 bytes (u32 status, u32 flags, f64 reward, u64 length), followed
by `length` bytes. Descriptor 4 is shared memory with the latest observation. The process ends when the other side closes
the socket. Nothing is ever pickled.
"""

import importlib
import json
import math
import mmap
import numbers
import os
import re
import select
import signal
import struct
import sys
import traceback

from gymnasium_snapshots import Snapshots, Unfit, layers, pack, unpack

CONTROL, MEMORY = 3, 4
READY = select.poll()
READY.register(CONTROL, select.POLLIN)
EAGER_LOOKS = 100
YIELD = getattr(os, "sched_yield", lambda: None)
CLOSING_SECONDS = 5
OWN_FILES = {"gymnasium_worker.py", "gymnasium_snapshots.py", "gymnasium_values.py"}
REQUEST, REPLY = struct.Struct("<IIQ"), struct.Struct("<IIdQ")
DESCRIBE, RESET, STEP, SNAPSHOT, RESTORE, RENDER, PICTURE = range(1, 8)
DONE, FAILED, PACKAGE_MISSING, UNKNOWN, UNSUPPORTED, NOT_CAPTURABLE, INVALID_SNAPSHOT, INVALID_OPTIONS = range(8)
NOT_APPLICABLE, NOT_FINITE = 8, 9
# Packages that register their environments in a call, by the namespace of their ids.
NAMESPACES = {"ALE": "ale_py", "MinAtar": "minatar.gym"}
# The exceptions of decoding an invalid state.
NO_STATE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error)
# Atari's older ids have no namespace.
OLDER_ATARI = re.compile(r"[A-Z][A-Za-z]*NoFrameskip-v[04]")


class Refusal(Exception):
    """A refused request, with the status of the reply."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Farewell(BaseException):
    """The other side has closed the socket. No environment raises this, or catches it with `except Exception`."""


# ---------------------------------------------------------------------------------------------------------------------
# The environment and its observations


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


class Observations:
    """Writes observations to shared memory, channels first, the order that networks take."""

    def __init__(self, space, gymnasium, numpy):
        if not isinstance(space, gymnasium.spaces.Box):
            raise Refusal(UNSUPPORTED, f"its observation space is {type(space).__name__}, not Box")
        if not 1 <= len(space.shape) <= 3 or 0 in space.shape:
            raise Refusal(UNSUPPORTED, f"its observations have shape {space.shape}; one to three axes are supported")
        if space.dtype == numpy.uint8:
            self.element = "uint8"
        elif space.dtype.kind in "fb":
            self.element = "float32"
        else:
            raise Refusal(UNSUPPORTED, f"its observations are {space.dtype}; floats, bool and uint8 are supported")
        # The channels are the last axis, unless the first one is shorter.
        self.moves_channels = len(space.shape) == 3 and space.shape[0] >= space.shape[2]
        self.shape = [space.shape[2], *space.shape[:2]] if self.moves_channels else list(space.shape)
        self.is_checked = space.dtype.kind == "f"
        self.numpy = numpy
        self.target = None

    def write(self, observation):
        if self.target is None:
            # The other side sets the memory's size before the first reset.
            memory = mmap.mmap(MEMORY, os.fstat(MEMORY).st_size)
            count = int(self.numpy.prod(self.shape))
            target = self.numpy.frombuffer(memory, self.element, count).reshape(self.shape)
            self.flat = target.reshape(-1)
            self.target = target.transpose(1, 2, 0) if self.moves_channels else target
        if getattr(observation, "shape", self.target.shape) != self.target.shape:
            raise ValueError(f"an observation has shape {observation.shape} instead of {self.target.shape}")
        self.target[...] = observation
        if self.is_checked and not self.numpy.isfinite(self.flat).all():
            index = tuple(int(place) for place in self.numpy.argwhere(~self.numpy.isfinite(self.target))[0])
            raise Refusal(NOT_FINITE, f"an observation with {self.target[index]} at {list(index)}")


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


def describe(environment, observations, gymnasium):
    """The description of the environment for the other side, as a document."""
    actions = environment.action_space
    if not isinstance(actions, gymnasium.spaces.Discrete):
        raise Refusal(UNSUPPORTED, f"its action space is {type(actions).__name__}, not Discrete")
    count = int(actions.n)
    meanings = getattr(environment.unwrapped, "get_action_meanings", lambda: [])()
    meanings = [str(meaning).lower() for meaning in meanings]
    frame_skip = getattr(environment.unwrapped, "_frameskip", 1)
    specification = environment.spec
    return {
        "shape": [int(extent) for extent in observations.shape],
        "element": observations.element,
        "action_meanings": meanings if len(meanings) == count else [f"action {index}" for index in range(count)],
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


# ---------------------------------------------------------------------------------------------------------------------
# Answering


def one_line(error):
    return " ".join(str(error).split()) or type(error).__name__


def look_for_request():
    """Polls for a request for about a hundred microseconds before blocking: waking a process on an idle processor takes
    tens of microseconds. Other processes can run between two polls."""
    for _ in range(EAGER_LOOKS):
        if READY.poll(0):
            return
        YIELD()


def receive(count):
    """Receives `count` bytes from the other side."""
    parts = b""
    while len(parts) < count:
        part = os.read(CONTROL, count - len(parts))
        if not part:
            raise Farewell
        parts += part
    return parts


def lives_flags(information):
    """The lives left, in the flags of a reply: their number plus one, from bit 8 on; 0 without lives."""
    lives = information.get("lives")
    return (lives + 1) << 8 if type(lives) is int and 0 <= lives < 1 << 20 else 0


def answer(status, payload=b"", flags=0, reward=0.0):
    data = REPLY.pack(status, flags, reward, len(payload)) + payload
    while data:
        data = data[os.write(CONTROL, data) :]


class Worker:
    """One environment, and the requests for it."""

    def __init__(self, identifier, options):
        self.gymnasium = import_packages(identifier)
        import numpy

        self.environment = make(self.gymnasium, identifier, options)
        self.observations = Observations(self.environment.observation_space, self.gymnasium, numpy)
        self.description = describe(self.environment, self.observations, self.gymnasium)
        self.first_action = int(self.environment.action_space.start)
        self.snapshots = Snapshots(self.environment, self.gymnasium, numpy)
        self.is_reset = False

    def reset(self, seed):
        observation, information = self.environment.reset(seed=seed)
        self.is_reset = True
        self.observations.write(observation)
        return lives_flags(information)

    def serve(self):
        """Answers requests; steps come first, since there are millions of them."""
        step, write = self.environment.step, self.observations.write
        while True:
            look_for_request()
            operation, flag, value = REQUEST.unpack(receive(REQUEST.size))
            try:
                if operation == STEP:
                    observation, reward, terminated, truncated, information = step(value + self.first_action)
                    write(observation)
                    flags = bool(terminated) | bool(truncated) << 1 | lives_flags(information)
                    os.write(CONTROL, REPLY.pack(DONE, flags, reward, 0))
                elif operation == RESET:
                    answer(DONE, flags=self.reset(value if flag else None))
                elif operation == SNAPSHOT:
                    answer(DONE, pack(*self.snapshots.capture()))
                elif operation == RESTORE:
                    self.restore(receive(value))
                    answer(DONE)
                elif operation == RENDER:
                    text = self.environment.render() if self.environment.render_mode == "ansi" else ""
                    answer(DONE, text.encode())
                elif operation == PICTURE:
                    answer(DONE, picture(self.environment))
                elif operation == DESCRIBE:
                    answer(DONE, json.dumps(self.description, allow_nan=False).encode())
            except Unfit as reason:
                answer(NOT_APPLICABLE if operation == RESTORE else NOT_CAPTURABLE, str(reason).encode())
            except Refusal as refusal:
                answer(refusal.status, str(refusal).encode())
            except Exception as error:
                answer(FAILED, failure(error))

    def restore(self, data):
        if not self.is_reset:
            # Some attributes exist only after a reset.
            self.environment.reset(seed=0)
            self.is_reset = True
        try:
            # The other side stores the last observation.
            self.snapshots.restore(*unpack(data))
        except NO_STATE as error:
            raise Refusal(INVALID_SNAPSHOT, f"it cannot be decoded: {one_line(error)}") from None


def failure(error):
    """An exception in one line, then its traceback without the frames of these scripts."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename not in OWN_FILES]
    text = f"{type(error).__name__}: {one_line(error)}"
    return "\n".join([text, *"".join(traceback.format_list(frames)).splitlines()]).encode(errors="replace")


def main():
    # The user's modules may be in the current directory.
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        try:
            worker = Worker(sys.argv[1], read_options(sys.argv[2:]))
        except Refusal as refusal:
            return answer(refusal.status, str(refusal).encode())
        except Exception as error:
            return answer(FAILED, failure(error))
        try:
            worker.serve()
        except (Farewell, BrokenPipeError, ConnectionResetError):
            # A process that does not finish closing ends all the same.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(CLOSING_SECONDS)
            try:
                worker.environment.close()
            finally:
                # This also ends processes that the environment has started.
                os.killpg(0, signal.SIGKILL)
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        # Threads that an environment has left running must not keep the process alive.
        os._exit(0)

"""Runs one Gymnasium environment for the program that started it; not meant to be started by hand.

usage: python -c 'BOOTSTRAP' ENVIRONMENT_ID, where the bootstrap reads this file from descriptor 3

Descriptor 3 is a stream socket. A request is 16 bytes (u32 operation, u32 flag, u64 value), little-endian like all that
follows; after `restore` come as many bytes as `value` says. A reply is 24 bytes (u32 status, u32 flags, f64 reward, u64
length), then so many bytes. Descriptor 4 is shared memory that holds the latest observation. The process ends when the
other side of the socket is closed. Nothing here is ever pickled.
"""

import collections
import enum
import importlib
import json
import mmap
import os
import random
import struct
import sys
import traceback
import types

CONTROL, MEMORY = 3, 4
SCRIPT = "gymnasium_worker.py"
REQUEST, REPLY = struct.Struct("<IIQ"), struct.Struct("<IIdQ")
DESCRIBE, RESET, STEP, SNAPSHOT, RESTORE, RENDER = range(1, 7)
DONE, FAILED, PACKAGE_MISSING, UNKNOWN, UNSUPPORTED, NOT_CAPTURABLE, INVALID_SNAPSHOT = range(7)
# Packages whose environments are registered by a call, by the namespace of their ids.
NAMESPACES = {"ALE": "ale_py", "MinAtar": "minatar.gym"}
# What a restored environment must have of itself, so that it can be restored in place.
IN_PLACE = {"constant", "object", "generator", "same"}
ARRAY_TYPES = {"<f8": 1, "<f4": 2, "<i8": 3, "<u8": 4, "|u1": 5}


class Refusal(Exception):
    """Something this worker cannot do, with the status to answer."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


# ---------------------------------------------------------------------------------------------------------------------
# The environment and its observations


def import_packages(identifier):
    """Imports what registers an environment's id; gym.make itself imports the module before a colon."""
    try:
        import gymnasium
    except ImportError as error:
        raise Refusal(PACKAGE_MISSING, f"the package gymnasium cannot be imported ({error})") from None
    package = NAMESPACES.get(identifier.partition("/")[0]) if "/" in identifier else None
    if package:
        try:
            module = importlib.import_module(package)
        except ImportError as error:
            name = package.partition(".")[0]
            raise Refusal(PACKAGE_MISSING, f"the package {name} cannot be imported ({error})") from None
        if hasattr(module, "register_envs"):
            module.register_envs()
    return gymnasium


def make(gymnasium, identifier):
    """Makes the environment, with text rendering where it has one."""
    try:
        environment = gymnasium.make(identifier)
        if "ansi" in (environment.unwrapped.metadata.get("render_modes") or ()):
            environment.close()
            environment = gymnasium.make(identifier, render_mode="ansi")
        return environment
    except gymnasium.error.DependencyNotInstalled as error:
        raise Refusal(PACKAGE_MISSING, f"a package that it needs is missing ({one_line(error)})") from None
    except ModuleNotFoundError as error:
        raise Refusal(PACKAGE_MISSING, f"a module cannot be imported ({one_line(error)})") from None
    except gymnasium.error.Error as error:
        raise Refusal(UNKNOWN, one_line(error)) from None


class Observations:
    """Where observations go: shared memory in the order of axes that networks take, channels first."""

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
        # The last axis is that of the channels, unless the first one is shorter.
        self.moves_channels = len(space.shape) == 3 and space.shape[0] >= space.shape[2]
        self.shape = [space.shape[2], *space.shape[:2]] if self.moves_channels else list(space.shape)
        self.numpy = numpy
        self.target = None

    def write(self, observation):
        if self.target is None:
            # The other side gives the memory its size before the first reset.
            memory = mmap.mmap(MEMORY, os.fstat(MEMORY).st_size)
            count = int(self.numpy.prod(self.shape))
            target = self.numpy.frombuffer(memory, self.element, count).reshape(self.shape)
            self.target = target.transpose(1, 2, 0) if self.moves_channels else target
        if getattr(observation, "shape", self.target.shape) != self.target.shape:
            raise ValueError(f"an observation of shape {observation.shape} came instead of {self.target.shape}")
        self.target[...] = observation


def package_version(environment):
    """The distribution that an environment's class belongs to, with its version, where it has one."""
    from importlib import metadata

    module = type(environment.unwrapped).__module__.partition(".")[0]
    for name in metadata.packages_distributions().get(module, [])[:1]:
        return f"{name} {metadata.version(name)}"
    return ""


def describe(environment, observations, gymnasium):
    """What the other side must know, as a document."""
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
        "reward_threshold": specification and specification.reward_threshold,
        "frames_per_step": frame_skip if isinstance(frame_skip, int) and frame_skip > 0 else 1,
        "identity": {
            "gymnasium": gymnasium.__version__,
            "package": package_version(environment),
            "specification": str(specification),
            "wrappers": [type(layer).__name__ for layer in layers(environment)],
        },
    }


def layers(environment):
    """The wrappers from the outermost to the environment itself."""
    found = [environment]
    while found[-1] is not environment.unwrapped:
        found.append(found[-1].env)
    return found


# ---------------------------------------------------------------------------------------------------------------------
# Snapshots: a document of the attributes, with the arrays beside it


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
    if isinstance(value, types.ModuleType):
        return value.__name__
    if isinstance(value, enum.Enum):
        return str(value)
    if type(value).__name__ == "EnvSpec" and type(value).__module__.startswith("gymnasium."):
        return "specification"
    if type(value).__module__.partition(".")[0] == "numpy" and type(value).__name__.endswith("DType"):
        return str(value)
    return None


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


# ---------------------------------------------------------------------------------------------------------------------
# Answering


def one_line(error):
    return " ".join(str(error).split()) or type(error).__name__


def receive(count):
    """So many bytes from the other side; ends the process when it is gone."""
    parts = b""
    while len(parts) < count:
        part = os.read(CONTROL, count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts


def answer(status, payload=b"", flags=0, reward=0.0):
    data = REPLY.pack(status, flags, reward, len(payload)) + payload
    while data:
        data = data[os.write(CONTROL, data) :]


class Worker:
    """One environment and the requests that it answers."""

    def __init__(self, identifier):
        self.gymnasium = import_packages(identifier)
        import numpy

        self.environment = make(self.gymnasium, identifier)
        self.observations = Observations(self.environment.observation_space, self.gymnasium, numpy)
        self.description = describe(self.environment, self.observations, self.gymnasium)
        self.first_action = int(self.environment.action_space.start)
        self.snapshots = Snapshots(self.environment, self.gymnasium, numpy)
        self.is_reset = False

    def reset(self, seed):
        observation, _ = self.environment.reset(seed=seed)
        self.is_reset = True
        self.observations.write(observation)

    def serve(self):
        """Answers requests; the one for a step is first, since it comes a million times."""
        step, write = self.environment.step, self.observations.write
        while True:
            operation, flag, value = REQUEST.unpack(receive(REQUEST.size))
            try:
                if operation == STEP:
                    observation, reward, terminated, truncated, _ = step(value + self.first_action)
                    write(observation)
                    os.write(CONTROL, REPLY.pack(DONE, bool(terminated) | bool(truncated) << 1, reward, 0))
                elif operation == RESET:
                    self.reset(value if flag else None)
                    answer(DONE)
                elif operation == SNAPSHOT:
                    answer(DONE, pack(*self.snapshots.capture()))
                elif operation == RESTORE:
                    self.restore(receive(value))
                    answer(DONE)
                elif operation == RENDER:
                    text = self.environment.render() if self.environment.render_mode == "ansi" else ""
                    answer(DONE, text.encode())
                elif operation == DESCRIBE:
                    answer(DONE, json.dumps(self.description).encode())
            except EOFError:
                raise
            except Unfit as reason:
                answer(INVALID_SNAPSHOT if operation == RESTORE else NOT_CAPTURABLE, str(reason).encode())
            except Exception as error:
                answer(FAILED, failure(error))

    def restore(self, data):
        try:
            document, arrays = unpack(data)
            if not self.is_reset:
                # What an episode needs is there after a reset only.
                self.environment.reset(seed=0)
            # The last observation is stored on the other side.
            self.snapshots.restore(document, arrays)
        except (ValueError, KeyError, TypeError, IndexError, struct.error) as error:
            raise Unfit(f"it cannot be read: {one_line(error)}") from None
        self.is_reset = True


def failure(error):
    """An exception in a line, then its traceback without the frames of this file."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != SCRIPT]
    text = f"{type(error).__name__}: {one_line(error)}"
    return "\n".join([text, *"".join(traceback.format_list(frames)).splitlines()]).encode(errors="replace")


def main():
    # The user's modules lie beside what they run.
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        try:
            worker = Worker(sys.argv[1])
        except Refusal as refusal:
            return answer(refusal.status, str(refusal).encode())
        except Exception as error:
            return answer(FAILED, failure(error))
        try:
            worker.serve()
        except EOFError:
            worker.environment.close()
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        # Nothing that an environment has left running may keep the process.
        os._exit(0)


main()

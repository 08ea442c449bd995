"""Runs one Gymnasium environment for the program that started it; do not start it by hand.

usage: python -I -c 'BOOTSTRAP' COUNT [DIRECTORY...] ENVIRONMENT_ID [KEY=VALUE...], where the bootstrap reads this file
from descriptor 3 and calls main(); COUNT directories with modules of the user's own follow it

Descriptor 3 is a stream socket. After the scripts it has a document, preceded by its length: what may be loaded, or which
modules to find. A request is 16 bytes (u32 operation, u32 flags, u64 value), little-endian like
everything else; `restore` is followed by `value` bytes. A reply is 24 bytes (u32 status, u32 flags, f64 reward, u64
length), followed by `length` bytes. The value of `frames` is an action and, in its upper half, how many frames take it;
the upper 24 bits of the reply's status are the number of frames taken. Descriptor 4 is shared memory with the latest
observation, the action mask, a count of frames and the observation of the last frame but one. The process ends when the
other side closes the socket. Nothing is ever pickled.
"""

import json
import os
import select
import signal
import struct
import sys
import time
import traceback

from gymnasium_environment import (
    DONE,
    FAILED,
    INVALID_SNAPSHOT,
    NOT_APPLICABLE,
    NOT_CAPTURABLE,
    Refusal,
    describe,
    is_text,
    one_line,
    outcome_refusal,
    picture,
)
from gymnasium_frames import Frames
from gymnasium_isolation import take_python_path
from gymnasium_making import check_reset, import_packages, make, older_interface, read_options
from gymnasium_snapshots import Snapshots, pack, unpack
from gymnasium_spaces import Actions, Observations, take_choices
from gymnasium_trust import Guard, NotAllowed, find
from gymnasium_values import Unfit

CONTROL = 3
READY = select.poll()
READY.register(CONTROL, select.POLLIN)
POLLS = 100
# Polls without success in a row after which polling pauses, for so many requests; then one tries again.
ALLOWED_MISSES, PAUSE = 3, 100
# A hundred polls take about a tenth of this; other processes have needed the processor if they take longer.
DISPLACED_NANOSECONDS = 1_000_000
YIELD = getattr(os, "sched_yield", lambda: None)
CLOSING_SECONDS = 5
NOT_ALLOWED = 12
JOB_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)
OWN_FILES = {name + ".py" for name in sys.modules if name.startswith("gymnasium_")} | {"gymnasium_worker.py"}
REQUEST, REPLY = struct.Struct("<IIQ"), struct.Struct("<IIdQ")
# In the flags of a request: `value` is a seed; there are enough processors to poll for the next request.
HAS_SEED, MAY_POLL = 1, 2
# In the flags of a request for frames: the last two observations are kept, not only the last.
KEEPS_TWO = 1
# In the flags of a reply, besides the end of an episode (bits 0 and 1) and lives (from bit 8 on).
HAS_MASK, NOT_FINITE_REWARD = 4, 8
DESCRIBE, RESET, STEP, SNAPSHOT, RESTORE, RENDER, PICTURE, FILES, FRAMES = range(1, 10)
# The exceptions of decoding an invalid state.
NO_STATE = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError, struct.error
)


class Farewell(BaseException):
    """The other side has closed the socket. No environment raises this, or catches it with `except Exception`."""


class Polling:
    """Polls for a request for about a hundred microseconds before blocking: waking a process on an idle processor takes
    tens of microseconds. It pauses while requests take longer to come, or while other processes need the processor."""

    def __init__(self):
        self.misses = self.pause = 0

    def poll(self):
        if self.pause:
            self.pause -= 1
            return
        start = time.perf_counter_ns()
        found = False
        for _ in range(POLLS):
            if READY.poll(0):
                found = True
                break
            YIELD()
        if found and time.perf_counter_ns() - start < DISPLACED_NANOSECONDS:
            self.misses = 0
            return
        self.misses += 1
        if self.misses >= ALLOWED_MISSES:
            # One more miss then pauses again.
            self.misses, self.pause = ALLOWED_MISSES - 1, PAUSE


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

    def __init__(self, identifier, options, wrappers, choices, guard):
        self.gymnasium, self.guard = import_packages(identifier), guard
        import numpy

        self.environment = make(self.gymnasium, identifier, options, wrappers)
        self.actions = Actions(self.environment.action_space, self.gymnasium, numpy)
        self.observations = Observations(
            self.environment.observation_space, choices, self.actions.count, self.gymnasium, numpy
        )
        self.description = describe(
            self.environment, self.observations, self.actions, self.gymnasium, guard.loaded
        )
        self.snapshots = Snapshots(self.environment, self.gymnasium, numpy)
        self.frames = Frames(
            self.environment, self.observations, self.actions, self.information_flags, self.gymnasium
        )
        self.is_reset = False

    def reset(self, seed):
        observation, information = check_reset(self.environment.reset(seed=seed))
        self.is_reset = True
        self.observations.write(observation)
        return self.information_flags(information)

    def information_flags(self, information):
        """Lives and masks, in the flags of a reply; writes the mask."""
        if "action_mask" not in information:
            return lives_flags(information)
        self.observations.write_mask(information["action_mask"])
        return lives_flags(information) | HAS_MASK

    def serve(self):
        """Answers requests; steps come first, since there are millions of them."""
        step, write, native = self.environment.step, self.observations.write, self.actions.native
        polling, flags, frames = Polling(), 0, self.frames
        while True:
            if flags & MAY_POLL:
                polling.poll()
            operation, flags, value = REQUEST.unpack(receive(REQUEST.size))
            # Of this request, for the reply to an exception.
            frames.taken = frames.flags = 0
            try:
                if operation == FRAMES:
                    frames.take(value & 0xFFFF_FFFF, value >> 32, flags & KEEPS_TWO)
                    result = frames.flags if frames.is_finite else frames.flags | NOT_FINITE_REWARD
                    os.write(CONTROL, REPLY.pack(DONE | frames.taken << 8, result, frames.reward, 0))
                elif operation == STEP:
                    outcome = None
                    observation, reward, terminated, truncated, information = outcome = step(native(value))
                    write(observation)
                    result = bool(terminated) | bool(truncated) << 1 | self.information_flags(information)
                    os.write(CONTROL, REPLY.pack(DONE, result, reward, 0))
                elif operation == RESET:
                    answer(DONE, flags=self.reset(value if flags & HAS_SEED else None))
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
                elif operation == FILES:
                    answer(DONE, json.dumps(sorted(filter(is_text, self.guard.loaded))).encode())
                elif operation == DESCRIBE:
                    answer(DONE, json.dumps(self.description, allow_nan=False).encode())
            except Unfit as reason:
                answer(NOT_APPLICABLE if operation == RESTORE else NOT_CAPTURABLE, str(reason).encode())
            except Refusal as refusal:
                answer(refusal.status | frames.taken << 8, str(refusal).encode(), frames.flags)
            except Exception as error:
                refusal = older_interface(error, OWN_FILES, self.gymnasium)
                if refusal is None and operation in (STEP, FRAMES):
                    refusal = outcome_refusal(outcome if operation == STEP else frames.outcome)
                status, text = (refusal.status, str(refusal).encode()) if refusal else (FAILED, failure(error))
                answer(status | frames.taken << 8, text, frames.flags)

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


def ignore_job_signals():
    """Leaves the end of this process to the trainer, which saves the environment's state first and then closes the socket.

    Schedulers signal every process of a job. A process that the environment starts gets the default effects back.
    """
    previous = {number: signal.signal(number, lambda *_: None) for number in JOB_SIGNALS}

    def restore():
        for number, handler in previous.items():
            signal.signal(number, handler)

    os.register_at_fork(after_in_child=restore)


def main():
    ignore_job_signals()
    try:
        try:
            guidance = json.loads(receive(int.from_bytes(receive(8), "little")))
            identifier, *options = take_python_path(sys.argv[1:])
            if "find" in guidance:
                return answer(DONE, json.dumps(find(guidance["find"])).encode())
            guard = Guard(guidance.get("allowed"))
            guard.install()
            choices, arguments = take_choices(options)
            worker = Worker(identifier, *read_options(arguments), choices, guard)
        except Refusal as refusal:
            return answer(refusal.status, str(refusal).encode())
        except NotAllowed as reason:
            return answer(NOT_ALLOWED, str(reason).encode())
        except Exception as error:
            return answer(FAILED, failure(error))
        try:
            worker.serve()
        except NotAllowed as reason:
            answer(NOT_ALLOWED, str(reason).encode())
            os.killpg(0, signal.SIGKILL)
        except (Farewell, BrokenPipeError, ConnectionResetError):
            # The process ends even if closing does not finish.
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

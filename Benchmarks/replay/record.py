"""Plays Pong and writes what an agent would keep in its replay; called by Benchmarks/replay/record.

    Benchmarks/replay/record                              # 101,000 frames, about 713 MB, to Benchmarks/results/pong
    Benchmarks/replay/record --frames 5000 --out DIR --seed 7

Preprocessing is the usual one for Atari: each action is repeated four times, the frame is the pixelwise maximum of the
last two screens in grey, averaged by area from 210 x 160 to 84 x 84; an episode begins with up to 30 idle screens and
ends when a side has 21 points. Actions index Pong's minimal set of six. The player reads the ball's and its paddle's
height from the machine's memory and follows the ball, aiming at a changing part of the paddle; every now and then it
does something else for a while, in each episode with another frequency, so that games go differently.

In the folder, little-endian and without headers, one row a frame, with the meaning of /workers/N/replay in
docs/format.md:

    frames.u8    N x 84 x 84 bytes
    actions.i32  the action that was taken at the frame
    rewards.f32  what it gave
    flags.u8     1: the action ended the episode; 4: the first frame of its episode
    meta.json    what the files hold, with their SHA-256; written last

One seed gives the same bytes everywhere. A recording that is there
already is not made again, unless this program has changed.
"""

import argparse
import hashlib
import importlib.metadata
import json
import math
import pathlib
import random
import sys

import ale_py
import ale_py.roms
import numpy

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SIDE = 84
SKIP = 4
LARGEST_IDLING = 30
BATCH = 256
TERMINATED, EPISODE_START = 1, 4
STAY, UP, DOWN = 0, 2, 3  # in the minimal set
BALL_X, BALL_Y, PADDLE_Y = 49, 54, 51  # addresses in the machine's memory
LEVEL = 5  # the paddle's height is the ball's less this when their middles are level
COLUMNS = {"frames": "u8", "actions": "i32", "rewards": "f32", "flags": "u8"}


def area_taps(size):
    """Which pixels fall into each of SIDE pixels, and how much of each, in whole numbers; and these numbers' sum."""
    unit = math.gcd(size, SIDE)
    width, step = size // unit, SIDE // unit
    reach = -(-width // step) + 1
    indices = numpy.zeros((reach, SIDE), int)
    weights = numpy.zeros((reach, SIDE), numpy.uint16)
    for pixel in range(SIDE):
        for tap in range(reach):
            source = pixel * width // step + tap
            overlap = min((pixel + 1) * width, (source + 1) * step) - max(pixel * width, source * step)
            if overlap > 0:
                indices[tap, pixel], weights[tap, pixel] = source, overlap
    return indices, weights, width


def shrink(screens, vertical, horizontal):
    """Averages screens by area, halves rounded up. All in whole numbers, of which the largest is below 2^16."""
    indices, weights, height = vertical
    rows = sum(screens[:, index] * weight[:, None] for index, weight in zip(indices, weights))
    indices, weights, width = horizontal
    sums = sum(rows[:, :, index] * weight for index, weight in zip(indices, weights))
    return ((sums + height * width // 2) // (height * width)).astype(numpy.uint8)


class Player:
    """Follows the ball, not without mistakes."""

    def __init__(self, generator):
        self.generator = generator
        self.begin()

    def below(self, bound):
        # random() alone is promised to give the same numbers in every version of Python.
        return int(self.generator.random() * bound)

    def begin(self):
        """A new episode: another mood."""
        self.distraction = self.generator.random() ** 3 * 0.1
        self.aim, self.elsewhere, self.impulse = 0, 0, STAY
        self.ball, self.paddle = 0, 0

    def act(self, memory):
        ball, paddle = int(memory[BALL_Y]), int(memory[PADDLE_Y])
        # Where the two will be: the ball is met ahead of time, and the paddle slides on after the stick is let go.
        distance = ball + 2 * (ball - self.ball) - LEVEL - paddle - (paddle - self.paddle) + self.aim
        self.ball, self.paddle = ball, paddle
        if self.elsewhere == 0 and self.generator.random() < self.distraction:
            self.elsewhere, self.impulse = 1 + self.below(10), self.below(6)
        if self.elsewhere > 0:
            self.elsewhere -= 1
            return self.impulse
        if self.generator.random() < 0.05:
            self.aim = self.below(9) - 4
        if memory[BALL_X] == 0:
            return STAY
        return STAY if abs(distance) < 4 else DOWN if distance > 0 else UP


class Game:
    """Pong, a frame at a time."""

    def __init__(self, generator):
        self.generator = generator
        ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
        self.machine = ale_py.ALEInterface()
        self.machine.setInt("random_seed", 0)
        self.machine.setFloat("repeat_action_probability", 0)
        self.machine.loadROM(ale_py.roms.get_rom_path("pong"))
        self.actions = self.machine.getMinimalActionSet()
        self.reset()

    def reset(self):
        self.machine.reset_game()
        for _ in range(1 + int(self.generator.random() * LARGEST_IDLING)):
            self.machine.act(self.actions[STAY])
        self.screen = self.machine.getScreenGrayscale()

    def step(self, action):
        """Repeats an action; gives the reward and whether the episode is over."""
        reward, screens = 0, []
        for repeat in range(SKIP):
            reward += self.machine.act(self.actions[action])
            if repeat >= SKIP - 2:
                screens.append(self.machine.getScreenGrayscale())
            if self.machine.game_over():
                break
        # An episode may end before the last two repeats; its frame is then never looked at.
        if len(screens) == 2:
            self.screen = numpy.maximum(*screens)
        return reward, self.machine.game_over()


def play(count, seed):
    """Gives batches of columns, as dictionaries; count rows in all."""
    generator = random.Random(seed)
    game, player = Game(generator), Player(generator)
    vertical, horizontal = area_taps(game.screen.shape[0]), area_taps(game.screen.shape[1])
    starts = True
    for first in range(0, count, BATCH):
        screens, actions, rewards, flags = [], [], [], []
        for _ in range(min(BATCH, count - first)):
            screens.append(game.screen)
            action = player.act(game.machine.getRAM())
            reward, over = game.step(action)
            actions.append(action)
            rewards.append(reward)
            flags.append(EPISODE_START * starts + TERMINATED * over)
            starts = over
            if over:
                game.reset()
                player.begin()
        yield {
            "frames": shrink(numpy.stack(screens), vertical, horizontal),
            "actions": numpy.array(actions, "<i4"),
            "rewards": numpy.array(rewards, "<f4"),
            "flags": numpy.array(flags, numpy.uint8),
        }


def record(arguments, wanted):
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "meta.json").unlink(missing_ok=True)
    files = {name: open(arguments.out / f"{name}.{kind}", "wb") for name, kind in COLUMNS.items()}
    digests = {name: hashlib.sha256() for name in COLUMNS}
    returns, so_far, done = [], 0, 0
    for batch in play(arguments.frames, arguments.seed):
        for name, values in batch.items():
            data = values.tobytes()
            files[name].write(data)
            digests[name].update(data)
        for reward, flag in zip(batch["rewards"], batch["flags"]):
            so_far += int(reward)
            if flag & TERMINATED:
                returns.append(so_far)
                so_far = 0
        done += len(batch["flags"])
        if sys.stderr.isatty():
            print(f"\r{done:,} of {arguments.frames:,} frames, {len(returns)} episodes", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    for file in files.values():
        file.close()
    sha256 = {f"{name}.{COLUMNS[name]}": digest.hexdigest() for name, digest in digests.items()}
    meta = {**wanted, "episode_returns": returns, "sha256": sha256}
    (arguments.out / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    return meta


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=101_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, default=REPOSITORY / "Benchmarks" / "results" / "pong")
    arguments = parser.parse_args()
    if arguments.frames < 1:
        parser.error("--frames takes at least 1")
    # With the recorder itself: another way of playing makes other frames.
    recorder = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    wanted = {"environment": "Pong", "recorder_sha256": recorder, "ale_py": importlib.metadata.version("ale-py"),
              "seed": arguments.seed, "frames": arguments.frames, "shape": [SIDE, SIDE], "frame_skip": SKIP}
    try:
        meta = json.loads((arguments.out / "meta.json").read_text())
    except FileNotFoundError:
        meta = {}
    try:
        if any(meta.get(key) != value for key, value in wanted.items()):
            meta = record(arguments, wanted)
    except OSError as error:
        sys.exit(f"error: {error}")
    won = sum(result > 0 for result in meta["episode_returns"])
    episodes = len(meta["episode_returns"])
    print(f"{arguments.out}: {meta['frames']:,} frames, {episodes} whole episodes, {won} of them won")


if __name__ == "__main__":
    main()

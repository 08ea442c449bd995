#!/usr/bin/env python3
"""Records the output of Gymnasium's AtariPreprocessing for several games, into Fixtures/atari/preprocessing.json.

    python Fixtures/scripts/record_atari.py

Made with Python 3.11, gymnasium 1.4.0, ale-py 0.12.1, opencv-python-headless 5.0.0.93 and numpy 2.4.6 on x86-64. The
file holds a CRC-32 of most frames, and a few complete frames with their result. Fixtures/README.md has the layout.
"""

import base64
import json
import pathlib
import zlib

import ale_py
import cv2
import gymnasium
import numpy as np

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "atari" / "preprocessing.json"
SIDES = (84, 42)
# Steps at which the last two frames are recorded completely; the game before last hides objects in every other frame.
GAMES = [
    {"environment": "ALE/Pong-v5", "seed": 7, "steps": 220, "whole": [150, 200]},
    {"environment": "ALE/Breakout-v5", "seed": 3, "steps": 400, "whole": [60]},
    {"environment": "ALE/SpaceInvaders-v5", "seed": 11, "steps": 120, "whole": [40, 100]},
    {"environment": "PongNoFrameskip-v4", "seed": 5, "steps": 80, "whole": []},
]
COLOURFUL = ["Enduro", "Seaquest", "Qbert", "MsPacman", "BeamRider", "Asterix", "RoadRunner", "VideoPinball", "Pitfall"]


def text(data):
    return base64.b64encode(bytes(data)).decode()


def check(array):
    return f"{zlib.crc32(array.tobytes()):08x}"


def runs(array):
    """A frame as pairs of bytes: count (1 to 255), value."""
    pairs, flat = bytearray(), array.reshape(-1)
    position = 0
    while position < len(flat):
        end = position + 1
        while end < len(flat) and end - position < 255 and flat[end] == flat[position]:
            end += 1
        pairs += bytes([end - position, flat[position]])
        position = end
    return text(pairs)


def hashed(count, salt):
    """The bytes of the hash in Fixtures/README.md: its highest eight bits."""
    mask = 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) + salt * 0x9E3779B9) & mask
    x ^= x >> 16
    x = x * 0x85EBCA6B & mask
    x ^= x >> 13
    x = x * 0xC2B2AE35 & mask
    x ^= x >> 16
    return (x >> 24).astype(np.uint8)


class Frames(gymnasium.Wrapper):
    """Keeps every frame of the emulator."""

    def __init__(self, environment):
        super().__init__(environment)
        self.frames = []

    def reset(self, **arguments):
        result = super().reset(**arguments)
        self.frames.append(result[0])
        return result

    def step(self, action):
        result = super().step(action)
        self.frames.append(result[0])
        return result


def make(identifier, side):
    options = {"obs_type": "grayscale"} | ({"frameskip": 1} if "ALE/" in identifier else {})
    frames = Frames(gymnasium.make(identifier, **options))
    return gymnasium.wrappers.AtariPreprocessing(frames, noop_max=0, frame_skip=4, screen_size=side), frames, options


def play(plan):
    """Plays one game with random actions, each held for some steps."""
    games = [make(plan["environment"], side) for side in SIDES]
    _, frames, options = games[0]
    generator = np.random.default_rng(plan["seed"])
    record = {
        "environment": plan["environment"] + "?" + ",".join(f"{key}={value}" for key, value in options.items()),
        "seed": plan["seed"], "actions": "", "rewards": [], "lives": [], "pictures": [], "small_pictures": [],
        "frames": [], "whole": [],
    }
    pictures = [game.reset(seed=plan["seed"])[0] for game, _, _ in games]
    record["lives"].append(games[0][0].ale.lives())
    held, ended = 0, False
    while True:
        complete = not ended
        record["pictures"].append(check(pictures[0]) if complete else None)
        record["small_pictures"].append(check(pictures[1]) if complete else None)
        if len(record["actions"]) in plan["whole"]:
            record["whole"].append({
                "frames": [runs(frame) for frame in frames.frames[-2:]],
                "pictures": [text(picture.reshape(-1)) for picture in pictures],
            })
        record["frames"] += [check(frame) for frame in frames.frames]
        frames.frames.clear()
        if ended or len(record["actions"]) == plan["steps"]:
            break
        if held == 0:
            action, held = int(generator.integers(games[0][0].action_space.n)), int(generator.integers(1, 8))
        held -= 1
        results = [game.step(action) for game, _, _ in games]
        assert all(result[1:4] == results[0][1:4] for result in results)
        pictures = [result[0] for result in results]
        _, reward, terminated, truncated, information = results[0]
        ended = terminated or truncated
        record["actions"] += str(action)
        record["rewards"].append(int(reward))
        record["lives"].append(information["lives"])
    record["ended"] = ended
    return record


def colours():
    """Colours of the emulator's palette with the grey that it shows for each."""
    greys = {}
    for name in COLOURFUL:
        game = gymnasium.make(f"ALE/{name}-v5")
        game.reset(seed=1)
        generator = np.random.default_rng(1)
        for _ in range(300):
            _, _, terminated, truncated, _ = game.step(int(generator.integers(game.action_space.n)))
            if terminated or truncated:
                game.reset()
            colour = game.unwrapped.ale.getScreenRGB().reshape(-1, 3)
            grey = game.unwrapped.ale.getScreenGrayscale().reshape(-1)
            packed, first = np.unique(colour.astype(np.uint32) @ [65536, 256, 1], return_index=True)
            greys |= {int(key): int(grey[place]) for key, place in zip(packed, first)}
    ordered = sorted(greys)
    return {
        "colours": text(b"".join(key.to_bytes(3, "big") for key in ordered)),
        "greys": text([greys[key] for key in ordered]),
    }


def noise():
    """Pictures of noise, which no game contains, shrunk by OpenCV."""
    cases = []
    for rows, columns in ((210, 160), (250, 160), (85, 97)):
        for side in SIDES:
            picture = hashed(rows * columns, 9).reshape(rows, columns)
            small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
            cases.append({"rows": rows, "columns": columns, "side": side, "picture": text(small.reshape(-1))})
    return cases


def main():
    gymnasium.register_envs(ale_py)
    document = {"colours": colours(), "noise": noise(), "games": [play(plan) for plan in GAMES]}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    for game in document["games"]:
        print(game["environment"], len(game["actions"]), "steps, return", sum(game["rewards"]), "lives", game["lives"][-1])


if __name__ == "__main__":
    main()

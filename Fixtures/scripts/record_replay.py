#!/usr/bin/env python3
"""Records the probabilities and importance weights of prioritized replay, into Fixtures/replay/.

    python Fixtures/scripts/record_replay.py

Made with Python 3.11 and numpy 2.4.6. Everything is computed in float64 from the formulas of Schaul 2016,
section 3.3 and 3.4: p = |error| + epsilon, P = p^alpha / sum, w = (N P)^-beta, not normalised. The errors come from
an integer hash (see Fixtures/README.md).
"""

import json
import pathlib

import numpy as np

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "replay"
SALT_ERRORS, SALT_PLACES = 7, 8
TRANSITIONS, PLACES = 50, 200


def unit(count, salt):
    """Hashes as float64 in [-1, 1): MurmurHash3's finaliser over index + salt * 0x9E3779B9, modulo 2^32."""
    x = np.arange(count, dtype=np.uint32) + np.uint32((salt * 0x9E3779B9) & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2.0**31 - 1.0


def main():
    errors = (3.0 * unit(TRANSITIONS, SALT_ERRORS)).astype(np.float32)
    errors[7] = 0
    places = (unit(PLACES, SALT_PLACES) + 1) / 2
    document = {"errors": [float(e) for e in errors], "places": places.tolist(), "cases": []}
    for alpha, epsilon in ((0.6, 1e-6), (1.0, 0.01), (0.0, 1e-6)):
        priorities = (np.abs(errors.astype(np.float64)) + epsilon) ** alpha
        probabilities = priorities / priorities.sum()
        bounds = np.cumsum(probabilities)
        # For a place this close to a bound, the result would depend on the order of the additions.
        assert np.abs(bounds[None, :] - places[:, None]).min() > 1e-9
        document["cases"].append({
            "exponent": alpha,
            "epsilon": epsilon,
            "probabilities": probabilities.tolist(),
            "slots": np.searchsorted(bounds, places, side="right").tolist(),
            "weights": [
                {"beta": beta, "values": ((TRANSITIONS * probabilities) ** -beta).tolist()} for beta in (0.0, 0.4, 1.0)
            ],
        })
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / "prioritized.json"
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()

"""Timing loops like those of compute-bench."""

import statistics
import time


def median_lap(seconds, body):
    """The median time of a call, after a warm-up of a fifth of the time."""
    until = time.perf_counter() + seconds / 5
    while time.perf_counter() < until:
        body()
    laps = []
    until = time.perf_counter() + seconds
    while not laps or time.perf_counter() < until:
        began = time.perf_counter()
        body()
        laps.append(time.perf_counter() - began)
    return statistics.median(laps)

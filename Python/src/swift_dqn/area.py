"""Shrinks pictures by averaging over areas, byte for byte as the programs and OpenCV's `INTER_AREA` do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


class AreaShrinking:
    """Shrinks pictures of some extents to a square."""

    def __init__(self, rows: int, columns: int, side: int) -> None:
        self.rows = parts(rows, side)
        self.columns = parts(columns, side)

    def shrink(self, picture: NDArray[Any]) -> NDArray[np.uint8]:
        """The square of a picture of bytes [rows, columns]."""
        lines = weighted(picture.astype(np.float32).T, self.columns).T
        return np.asarray(np.rint(weighted(lines, self.rows)), np.uint8)


def weighted(values: NDArray[np.float32], groups: list[list[tuple[int, float]]]) -> NDArray[np.float32]:
    """Weighted sums over the first axis, in float32 and in order."""
    width = max(map(len, groups))
    total = np.zeros((len(groups), *values.shape[1:]), np.float32)
    for position in range(width):
        sources = [group[position][0] if position < len(group) else 0 for group in groups]
        weights = np.array([group[position][1] if position < len(group) else 0 for group in groups], np.float32)
        total += values[sources] * weights[:, None]
    return total


def parts(extent: int, side: int) -> list[list[tuple[int, float]]]:
    """For each target the sources with their weights."""
    scale = extent / side
    groups = []
    for target in range(side):
        start = target * scale
        end = start + scale
        width = min(scale, extent - start)
        last = min(math.floor(end), extent - 1)
        first = min(math.ceil(start), last)
        group = []
        # Slivers caused by rounding are skipped.
        if first - start > 1e-3:
            group.append((first - 1, (first - start) / width))
        group += [(source, 1 / width) for source in range(first, last)]
        rest = end - last
        if rest > 1e-3:
            group.append((last, min(rest, 1, width) / width))
        groups.append(group)
    return groups


def luminance(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The brightness of red, green and blue planes [3, rows, columns]."""
    red, green, blue = planes.astype(np.uint32)
    return np.asarray((299 * red + 587 * green + 114 * blue + 500) // 1000, np.uint8)

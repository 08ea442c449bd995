"""Chunks of replays, inflated here and not by libhdf5: into exactly the size that the shape requires, never beyond."""

from __future__ import annotations

import hashlib
import math
import zlib
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from .errors import RefusedFile, require
from .manifest import SIZES, Entry

MOST_BYTES = 256 << 20


def check_layout(dataset: Any, entry: Entry) -> None:
    """Requires deflated chunks of the listed rows, no other filter, and every chunk within the file."""
    creation = dataset.id.get_create_plist()
    rows = entry.chunk_rows
    assert rows is not None
    require(creation.get_layout() == h5py.h5d.CHUNKED, 8, f"/{entry.path} is not stored in chunks")
    require(creation.get_external_count() == 0, 8, f"/{entry.path} is stored in another file")
    require(creation.get_chunk() == (rows, *entry.shape[1:]), 8, f"/{entry.path} has chunks of another shape")
    is_deflated = creation.get_nfilters() == 1 and creation.get_filter(0)[0] == h5py.h5z.FILTER_DEFLATE
    require(is_deflated, 8, f"/{entry.path} has other filters than deflate")
    size = rows * math.prod(entry.shape[1:]) * SIZES[entry.type]
    require(size <= MOST_BYTES, 21, f"/{entry.path} has chunks of more than 256 MiB")


def read(dataset: Any, entry: Entry, kind: np.dtype[Any], length: int, keep: bool) -> NDArray[Any]:
    """The rows of a column after comparing the digest of its chunks' digests; without `keep` no rows."""
    rows = entry.chunk_rows
    assert rows is not None
    width = math.prod(entry.shape[1:]) * kind.itemsize
    values = np.empty(entry.shape if keep else (0, *entry.shape[1:]), kind)
    total = hashlib.sha256()
    for first in range(0, entry.shape[0], rows):
        data = read_chunk(dataset, entry, first, rows * width, length)
        used = min(rows, entry.shape[0] - first)
        require(not any(data[used * width :]), 21, f"/{entry.path} has bytes after its last row")
        part = memoryview(data)[: used * width]
        total.update(hashlib.sha256(part).digest())
        if keep:
            values[first : first + used] = np.frombuffer(part, kind).reshape(used, *entry.shape[1:])
    require(total.hexdigest() == entry.sha256, 9, f"/{entry.path} does not have the SHA-256 that the manifest lists")
    return values


def read_chunk(dataset: Any, entry: Entry, first: int, size: int, length: int) -> bytes:
    """The bytes of the chunk that starts at a row."""
    offset = (first, *(0 for _ in entry.shape[1:]))
    message = f"/{entry.path}: the chunk at row {first}"
    try:
        info = dataset.id.get_chunk_info_by_coord(offset)
        is_stored = info.byte_offset is not None and 0 < info.size <= length
        require(is_stored, 21, f"{message} is missing or larger than the file")
        mask, data = dataset.id.read_direct_chunk(offset)
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, RefusedFile):
            raise
        raise RefusedFile(21, f"{message} cannot be read") from error
    if mask == 1:
        require(len(data) == size, 21, f"{message} does not have its size")
        return bytes(data)
    require(mask == 0, 21, f"{message} skips unknown filters")
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(data, size)
        # The end of the stream may still be unread, which adds nothing.
        more = stream.decompress(stream.unconsumed_tail, 1) if not stream.eof else b""
    except zlib.error as error:
        raise RefusedFile(21, f"{message} cannot be inflated") from error
    is_whole = len(inflated) == size and not more and stream.eof and not stream.unused_data
    require(is_whole, 21, f"{message} does not inflate to exactly its size")
    return inflated

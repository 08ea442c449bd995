"""The manifest: every dataset of a file with its type, shape and digest."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from . import documents
from .errors import brief, require

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
SIZES = {"float32": 4, "float64": 8, "uint8": 1, "int32": 4, "int64": 8, "uint64": 8}


@dataclass(frozen=True)
class Entry:
    """A dataset as the manifest lists it."""

    path: str
    type: str
    shape: tuple[int, ...]
    sha256: str
    chunk_rows: int | None

    @property
    def size(self) -> int:
        """The number of bytes."""
        return math.prod(self.shape) * SIZES[self.type]


def read_manifest(text: bytes, attributes: dict[str, Any], length: int) -> dict[str, Entry]:
    """The entries by path; requires that they are sorted, and no larger than the file (R5, R8), and R2."""
    manifest = documents.parse(text, 5, "the manifest", 1 << 22)
    require(isinstance(manifest, dict), 5, "the manifest is not an object")
    listed, stated = manifest.get("datasets"), manifest.get("attributes")
    require(isinstance(listed, list) and isinstance(stated, dict), 5, "the manifest lacks its attributes or datasets")
    require(len(listed) <= 1 << 18, 5, "the manifest lists more than 262144 datasets")
    expected = {name: str(value) for name, value in attributes.items() if name != "manifest_sha256"}
    require(stated == expected, 2, "the root attributes differ from those of the manifest")
    version = str(attributes["format_version"])
    entries: dict[str, Entry] = {}
    previous, total = b"", 0
    for item in listed:
        entry = read_entry(item, version)
        key = entry.path.encode()
        require(previous < key, 5, f"the manifest is not sorted at '{entry.path}'")
        previous = key
        entries[entry.path] = entry
        # An extent of 0 counts as 1.
        size = math.prod(max(1, extent) for extent in entry.shape) * SIZES[entry.type]
        total += -(-size // 1032) if entry.chunk_rows is not None else size
        require(total <= length, 8, f"/{entry.path}: the datasets are larger than the file")
    for path in entries:
        parts = path.split("/")
        for count in range(1, len(parts)):
            group = "/".join(parts[:count])
            require(group not in entries, 5, f"'{group}' is both a group and a dataset")
    return entries


def read_entry(item: Any, version: str) -> Entry:
    """One entry of the list."""
    require(isinstance(item, dict), 5, "the manifest lists something that is not an object")
    path, kind, shape = item.get("path"), item.get("type"), item.get("shape")
    digest, rows = item.get("sha256"), item.get("chunk_rows")
    require(isinstance(path, str), 5, "the manifest lists a dataset without a path")
    parts = path.split("/")
    is_path = len(parts) <= 16 and all(NAME.fullmatch(part) for part in parts) and path != "manifest"
    require(is_path, 5, f"the manifest lists the path '{brief(path)}'")
    require(kind in SIZES, 5, f"'{path}' has an unknown type")
    require(isinstance(shape, list) and all(type(extent) is int for extent in shape), 5, f"'{path}' has no shape")
    is_possible = 1 <= len(shape) <= 32 and all(0 <= extent < 1 << 63 for extent in shape)
    require(is_possible, 8, f"'{path}' has an impossible shape")
    is_free = re.search(r"(^|/)(environment|learner|state)/[^/]+$", path) is not None
    tail = shape[1:] if "/replay/" in path else shape
    may_be_empty = is_free or ("/replay/" in path and shape[0] > 0)
    require(may_be_empty or 0 not in tail, 8, f"'{path}' has an extent of 0")
    is_digest = isinstance(digest, str) and re.fullmatch(r"[0-9a-f]{64}", digest) is not None
    require(is_digest, 5, f"'{path}' has no SHA-256")
    require(rows is None or (version >= "2.0" and type(rows) is int), 5, f"'{path}' has an invalid chunk_rows")
    require(rows is None or 1 <= rows <= max(1, shape[0]), 21, f"'{path}' has chunks of {rows} rows")
    return Entry(path, kind, tuple(shape), digest, rows)

"""The seal: the 512 bytes before the HDF5 part of a file of version 2.0 or later."""

from __future__ import annotations

import hashlib
import os
import re
from typing import BinaryIO

from .errors import RefusedFile, brief, require

VERSIONS = ("1.0", "1.1", "2.0", "2.1")
BLOCK = 512
SIGNATURE = b"\x89HDF\r\n\x1a\n"
START = b"swift-dqn checkpoint "


def check_seal(file: BinaryIO) -> str | None:
    """Compares a file with its seal, in one pass and constant memory; returns the version, `None` without a seal."""
    length = os.fstat(file.fileno()).st_size
    file.seek(0)
    block = file.read(BLOCK)
    if block.startswith(SIGNATURE):
        check_superblock(file, 0)
        return None
    require(block.startswith(START), 1, "the file starts with neither a seal nor the HDF5 signature")
    line = block[len(START) :].split(b"\n", 1)[0]
    version = line.decode("ascii", "replace")
    if version in ("1.0", "1.1"):
        raise RefusedFile(19, f"a file of version {version} has no seal")
    if not re.fullmatch(r"[0-9]{1,4}\.[0-9]{1,4}", version):
        raise RefusedFile(19, "the seal has no version")
    require(version in VERSIONS, 3, unknown_version(version))
    # The length in the block, so that a file cut short is named as what it is.
    stated = re.match(rb"length ([0-9]{20})\nsha256 ", block[len(START) + len(line) + 1 :])
    require(stated, 19, "the seal does not have the lines 'length' and 'sha256'")
    assert stated is not None
    require(int(stated[1]) == length, 20, f"the file has {length} bytes; its seal states {int(stated[1])}")
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    first_lines = f"swift-dqn checkpoint {version}\nlength {length:020}\nsha256 ".encode()
    expected = first_lines + digest.hexdigest().encode() + b"\n"
    if block[: len(expected)] != expected:
        raise RefusedFile(20, "the file does not have the SHA-256 that its seal states")
    require(block == expected.ljust(BLOCK, b"\0"), 19, "the seal has other bytes than its lines and zeros")
    check_superblock(file, BLOCK)
    return version


def unknown_version(version: object) -> str:
    """The message about a version of the future."""
    return f"format version {brief(version)} is unknown; this package reads {', '.join(VERSIONS)}: update it"


def check_superblock(file: BinaryIO, offset: int) -> None:
    """Requires an HDF5 part of HDF5 1.8 at its place."""
    file.seek(offset)
    start = file.read(9)
    require(start[:8] == SIGNATURE, 1, f"there is no HDF5 file at byte {offset}")
    require(len(start) == 9 and start[8] <= 2, 1, "the HDF5 part has a superblock that HDF5 1.8 does not write")

"""The HDF5 part of a checkpoint: its attributes, its manifest and its datasets, each checked before it is read."""

from __future__ import annotations

import hashlib
import re
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

from . import chunks, documents
from .errors import RefusedFile, brief, require
from .manifest import NAME, Entry, read_manifest
from .places import check_place
from .seal import VERSIONS, unknown_version

TYPES = {
    "float32": ("<f4", h5py.h5t.IEEE_F32LE),
    "float64": ("<f8", h5py.h5t.IEEE_F64LE),
    "uint8": ("|u1", h5py.h5t.STD_U8LE),
    "int32": ("<i4", h5py.h5t.STD_I32LE),
    "int64": ("<i8", h5py.h5t.STD_I64LE),
    "uint64": ("<u8", h5py.h5t.STD_U64LE),
}
ATTRIBUTES = ("agent_steps", "format", "format_version", "manifest_sha256", "writer", "writer_version")
MOST_DEFLATION = 1032


class Container:
    """An open file whose structure equals its manifest (R1 to R8); `read` checks the digest of a dataset (R9, R21)."""

    def __init__(self, file: BinaryIO, length: int, sealed: str | None) -> None:
        try:
            self.file = h5py.File(file, "r")
        except (OSError, RuntimeError, ValueError) as error:
            raise RefusedFile(1, "the HDF5 part cannot be opened") from error
        self.length = length
        try:
            self._open(sealed)
        except BaseException:
            self.file.close()
            raise

    def _open(self, sealed: str | None) -> None:
        try:
            require(self.file.userblock_size == (512 if sealed else 0), 1, "the HDF5 part does not start at its place")
            self.attributes = self._read_attributes(sealed)
            self.version = str(self.attributes["format_version"])
            self.entries = self._read_manifest()
            self._check_structure()
        except RefusedFile:
            raise
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise RefusedFile(6, "the HDF5 part is damaged") from error

    def _read_attributes(self, sealed: str | None) -> dict[str, Any]:
        root = self.file.id
        require(h5py.h5a.get_num_attrs(root) <= len(ATTRIBUTES), 2, "the root group has more attributes than it may")
        values: dict[str, Any] = {}
        try:
            for index in range(h5py.h5a.get_num_attrs(root)):
                attribute = h5py.h5a.open(root, index=index)
                name = attribute.name.decode("utf-8")
                require(name in ATTRIBUTES, 2, f"the root group has an attribute '{brief(name)}'")
                require(attribute.get_space().get_simple_extent_type() == h5py.h5s.SCALAR, 2, f"'{name}' is no scalar")
                values[name] = self._read_attribute(name, attribute)
        except RefusedFile:
            raise
        except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise RefusedFile(2, "the root attributes cannot be read") from error
        missing = [name for name in ATTRIBUTES if name not in values]
        require(not missing, 2, f"the root attribute {', '.join(missing)} is missing")
        require(values["format"] == "swift-dqn checkpoint", 2, "the root attribute 'format' names another format")
        version = values["format_version"]
        require(version in VERSIONS, 3, unknown_version(version))
        expected = None if version.startswith("1.") else version
        require(sealed == expected, 19, f"the file has version {version}, its seal states {sealed or 'none'}")
        return values

    @staticmethod
    def _read_attribute(name: str, attribute: Any) -> int | str:
        kind = attribute.get_type()
        if name == "agent_steps":
            require(kind.equal(h5py.h5t.STD_I64LE), 2, f"'{name}' is not an int64")
            number = np.zeros((), np.int64)
            attribute.read(number)
            return int(number)
        is_text = kind.get_class() == h5py.h5t.STRING and not kind.is_variable_str()
        require(is_text and kind.get_size() <= 65536, 2, f"'{name}' is not a text of fixed length")
        require(kind.get_strpad() == h5py.h5t.STR_NULLPAD, 2, f"'{name}' is not padded with zeros")
        text = np.zeros((), f"S{kind.get_size()}")
        attribute.read(text, mtype=kind)
        return bytes(text[()]).decode("utf-8")

    def _read_manifest(self) -> dict[str, Entry]:
        link = self.file.get("manifest", getlink=True)
        require(type(link) is h5py.HardLink, 4, "there is no dataset 'manifest'")
        manifest = self.file["manifest"]
        require(isinstance(manifest, h5py.Dataset), 4, "'manifest' is not a dataset")
        require(is_plain(manifest, "uint8") and manifest.ndim == 1, 4, "'manifest' is not a document")
        require(manifest.shape[0] <= min(self.length, 64 << 20), 4, "'manifest' is larger than it may be")
        text = manifest[()].tobytes()
        stated = self.attributes["manifest_sha256"]
        digest = hashlib.sha256(text).hexdigest()
        require(digest == stated, 4, "'manifest' does not have the SHA-256 of manifest_sha256")
        return read_manifest(text, self.attributes, self.length)

    def _check_structure(self) -> None:
        found: set[str] = set()
        self._walk(self.file, "", 1, found)
        listed = set(self.entries) | {"manifest"}
        for path in sorted(found ^ listed)[:1]:
            raise RefusedFile(7, f"/{brief(path)} is {'missing' if path in listed else 'not in the manifest'}")
        for entry in self.entries.values():
            check_place(entry.path, self.version)
        for entry in self.entries.values():
            try:
                self._check_dataset(entry)
            except RefusedFile:
                raise
            except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
                raise RefusedFile(8, f"/{entry.path} cannot be opened") from error

    def _walk(self, group: Any, prefix: str, depth: int, found: set[str]) -> None:
        require(depth <= 16, 6, "groups are nested more than 16 deep")
        is_empty = True
        for raw in group.id:
            is_empty = False
            try:
                name = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise RefusedFile(6, f"a name in /{prefix} is not UTF-8") from error
            path = prefix + name
            require(NAME.fullmatch(name), 6, f"/{brief(path)} has a name that the format does not allow")
            link = group.get(name, getlink=True)
            require(type(link) is h5py.HardLink, 6, f"/{path} is not a hard link")
            member = group[name]
            info = h5py.h5o.get_info(member.id)
            require(info.rc == 1, 6, f"/{path} is reached by more than one link")
            require(isinstance(member, (h5py.Group, h5py.Dataset)), 6, f"/{path} is neither a group nor a dataset")
            require(h5py.h5a.get_num_attrs(member.id) == 0, 6, f"/{path} has attributes")
            if isinstance(member, h5py.Group):
                self._walk(member, path + "/", depth + 1, found)
            else:
                found.add(path)
                require(len(found) <= len(self.entries) + 1, 7, "there are more datasets than the manifest lists")
        require(not is_empty, 7, f"the group /{prefix} is empty")

    def _check_dataset(self, entry: Entry) -> None:
        dataset = self.file[entry.path]
        require(is_numbers(dataset, entry.type), 8, f"/{entry.path} is not {entry.type}")
        space = dataset.id.get_space()
        require(space.get_simple_extent_type() == h5py.h5s.SIMPLE, 8, f"/{entry.path} has no extents")
        require(dataset.shape == entry.shape, 8, f"/{entry.path} has the shape {dataset.shape}, not {entry.shape}")
        require(dataset.maxshape == entry.shape, 8, f"/{entry.path} can be extended")
        is_column = re.search(r"^workers/\d+/(environments/\d+/)?replay/", entry.path) is not None
        is_chunked = is_column and not self.version.startswith("1.") and entry.size > 0
        require((entry.chunk_rows is not None) == is_chunked, 21, f"/{entry.path} is listed with wrong chunks")
        if entry.chunk_rows is None:
            require(is_plain(dataset, entry.type), 8, f"/{entry.path} is not stored contiguously without filters")
            require(entry.size == 0 or dataset.id.get_offset() is not None, 8, f"/{entry.path} has no bytes")
            require(dataset.id.get_storage_size() == entry.size, 8, f"/{entry.path} does not have all its bytes")
        else:
            chunks.check_layout(dataset, entry)

    def read(self, path: str) -> NDArray[Any]:
        """The array at a path, after comparing its digest."""
        return self._read(self.entries[path], keep=True)

    def verify(self, path: str) -> None:
        """Compares the digest of a dataset without keeping it."""
        self._read(self.entries[path], keep=False)

    def _read(self, entry: Entry, keep: bool) -> NDArray[Any]:
        dataset = self.file[entry.path]
        try:
            if entry.chunk_rows is not None:
                return chunks.read(dataset, entry, np.dtype(TYPES[entry.type][0]), self.length, keep)
            values: NDArray[Any] = dataset[()]
        except RefusedFile:
            raise
        except (OSError, RuntimeError, ValueError) as error:
            raise RefusedFile(9, f"/{entry.path} cannot be read") from error
        digest = hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()
        require(digest == entry.sha256, 9, f"/{entry.path} does not have the SHA-256 that the manifest lists")
        return values

    def document(self, path: str, most_bytes: int = 4 << 20, most_values: int = 1 << 17) -> Any:
        """The value of a document."""
        entry = self.entries.get(path)
        require(entry is not None, 10, f"/{path} is missing")
        assert entry is not None
        require(entry.type == "uint8" and len(entry.shape) == 1, 10, f"/{path} is not a document")
        require(entry.size <= most_bytes, 10, f"/{path} has more than {most_bytes} bytes")
        return documents.parse(self.read(path).tobytes(), 10, f"/{path}", most_values)

    def close(self) -> None:
        """Closes the file."""
        self.file.close()


def is_numbers(dataset: Any, kind: str) -> bool:
    """Whether a dataset holds plain numbers of a type, in the byte order of the format."""
    stored = dataset.id.get_type()
    return not stored.committed() and bool(stored.equal(TYPES[kind][1]))


def is_plain(dataset: Any, kind: str) -> bool:
    """Whether a dataset holds numbers of a type, contiguous and unfiltered, within the file."""
    creation = dataset.id.get_create_plist()
    return (
        is_numbers(dataset, kind)
        and dataset.shape is not None
        and creation.get_layout() == h5py.h5d.CONTIGUOUS
        and creation.get_external_count() == 0
        and creation.get_nfilters() == 0
    )

"""Makes Fixtures/hostile/*.h5: small checkpoints, each with one part that a reader must refuse. Everything else follows
docs/format.md, including seal and digests. The name contains the rule that the file breaks; sound-*.h5 break none.

Needs h5py and NumPy. Run it from anywhere.
"""

import functools
import hashlib
import json
import pathlib
import struct
import zlib

import h5py
import numpy as np

folder = pathlib.Path(__file__).resolve().parent.parent / "hostile"
BIAS = "parameters/online/head/bias"
REPLAY = "workers/0/replay"
FLAGS = f"{REPLAY}/flags"
# The second environment of the worker (2.1).
SECOND = "workers/0/environments/1"
SECOND_REPLAY = f"{SECOND}/replay"
# A custom replay column, of any type and width.
OWN = f"{REPLAY}/a.own"
STATE = "workers/0/state"
ARRAY = "extensions/org.example/state/a"
ROWS, CHUNK_ROWS = 5, 2

cases = []


def case(rule, versions=("2.0",)):
    """Registers a function that changes a sound file so that it breaks a rule, for files of some versions."""

    def register(change):
        for version in versions:
            cases.append((rule, version, change.__name__.replace("_", "-"), change))
        return change

    return register


def text(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Forgery:
    """A checkpoint under construction. Manifest and seal include every change, so only the change is invalid."""

    def __init__(self, version):
        self.version = version
        self.sealed_version = version if version >= "2.0" else None
        self.user_block = 512
        self.libver = ("v108", "v108")
        self.attributes = {
            "format": np.bytes_("swift-dqn checkpoint"), "format_version": np.bytes_(version),
            "writer": np.bytes_("hostile"), "writer_version": np.bytes_("1"), "agent_steps": np.int64(7)}
        self.documents = {
            "architecture": {
                "head": {"actions": 2, "type": "action_values"},
                "input": {"element": "float32", "shape": [2]}, "layers": []},
            "configuration": {"environment": "Hostile-v0", "frame_stack": 1},
            "progress": {
                "counters": {
                    "agent_steps": 7, "episodes": 1, "evaluations": 0, "frames": 7, "gradient_updates": 0,
                    "target_refreshes": 0},
                "reached_target": False, "statistics": {}, "stripped": []},
            "extensions/org.example/descriptor": {
                "kind": "own", "must_understand": False, "owner": "org.example", "version": 1},
            STATE: {
                "agent_steps": 7, "episode_length": 0, "episode_return": 0, "recent_lengths": [], "recent_returns": [],
                "replay": {"capacity": 8, "chunk_length": CHUNK_ROWS, "count": ROWS, "cursor": ROWS - 1},
                "standing": "running"}}
        self.arrays = {
            "parameters/online/head/weight": np.array([[1, 2], [3, 4]], "<f4"),
            BIAS: np.array([5, 6], "<f4"),
            ARRAY: np.arange(8, dtype="u1"),
            f"{REPLAY}/frames": np.arange(ROWS * 2, dtype="<f4").reshape(ROWS, 2),
            f"{REPLAY}/actions": np.array([0, 1, 0, 1, -1], "<i4"),
            f"{REPLAY}/rewards": np.ones(ROWS, "<f4"),
            FLAGS: np.array([4, 0, 0, 0, 0], "u1")}
        # By path: another way to write a dataset, a change of its manifest entry, the stored form of its chunks.
        self.writers = {}
        self.listed = {}
        self.stored = {}
        # Functions that change the open file, the manifest's text, the datasets' order and the closed file's bytes.
        self.edits = []
        self.edit_manifest = lambda manifest: manifest
        self.write_manifest = None
        self.finish = lambda data: data

    def replay_rows(self):
        return min(self.documents[STATE]["replay"]["chunk_length"], self.documents[STATE]["replay"]["count"])

    def chunk_rows(self, path):
        if self.version < "2.0" or not path.startswith((REPLAY, SECOND_REPLAY)):
            return None
        return self.replay_rows() if self.arrays[path].nbytes else None

    def chunks(self, path):
        """The uncompressed chunks of a dataset, the last with only its used rows."""
        rows, values = self.chunk_rows(path), self.arrays[path]
        return [values[first:first + rows].tobytes() for first in range(0, len(values), rows)]

    def digest(self, path):
        if self.chunk_rows(path) is None:
            return hashlib.sha256(self.arrays[path].tobytes()).hexdigest()
        return hashlib.sha256(b"".join(hashlib.sha256(chunk).digest() for chunk in self.chunks(path))).hexdigest()

    def entry(self, path):
        values = self.arrays[path]
        entry = {
            "path": path, "sha256": self.digest(path), "shape": list(values.shape), "type": values.dtype.name}
        if self.chunk_rows(path) is not None:
            entry["chunk_rows"] = self.chunk_rows(path)
        return entry | self.listed.get(path, {})

    def write_dataset(self, file, path):
        values, rows = self.arrays[path], self.chunk_rows(path)
        if rows is None:
            file.create_dataset(path, data=values)
            return
        dataset = file.create_dataset(
            path, values.shape, values.dtype, chunks=(rows, *values.shape[1:]), compression="gzip")
        self.write_chunks(dataset, path)

    def write_chunks(self, dataset, path):
        rows, values = self.chunk_rows(path), self.arrays[path]
        row_bytes = values.nbytes // len(values)
        for index, chunk in enumerate(self.chunks(path)):
            bytes_, mask = zlib.compress(chunk.ljust(rows * row_bytes, b"\0")), 0
            if len(bytes_) >= rows * row_bytes:
                bytes_, mask = chunk.ljust(rows * row_bytes, b"\0"), 1
            stored = self.stored.get(path, lambda index, bytes_, mask: (bytes_, mask))(index, bytes_, mask)
            if stored is not None:
                offset = (index * rows, *(0 for _ in values.shape[1:]))
                dataset.id.write_direct_chunk(offset, stored[0], filter_mask=stored[1])

    def write(self, path):
        for name, document in self.documents.items():
            content = document if isinstance(document, bytes) else text(document)
            self.arrays[name] = np.frombuffer(content, "u1")
        block = self.user_block if self.sealed_version else None
        with h5py.File(path, "w", libver=self.libver, userblock_size=block) as file:
            for name in sorted(self.arrays):
                self.writers.get(name, self.write_dataset)(file, name)
            manifest = self.edit_manifest(text({
                "attributes": {
                    name: value.decode() if isinstance(value, bytes) else str(value)
                    for name, value in self.attributes.items()},
                "datasets": [self.entry(name) for name in sorted(self.arrays)]}))
            if self.write_manifest:
                self.write_manifest(file, manifest)
            else:
                file.create_dataset("manifest", data=np.frombuffer(manifest, "u1"))
            for name, value in self.attributes.items():
                file.attrs[name] = value
            file.attrs["manifest_sha256"] = np.bytes_(hashlib.sha256(manifest).hexdigest())
            for edit in self.edits:
                edit(file)
        data = path.read_bytes()
        if self.sealed_version:
            data = seal(data[512:], self.sealed_version)
        path.write_bytes(self.finish(data))

    def instead(self, path, **how):
        """Creates a dataset in another way; writes nothing unless `data` is given."""
        self.writers[path] = lambda file, name: file.create_dataset(name, **how)


def seal(rest, version, length=None, digest=None):
    length = f"{512 + len(rest):020d}" if length is None else length
    digest = digest or hashlib.sha256(rest).hexdigest()
    return f"swift-dqn checkpoint {version}\nlength {length}\nsha256 {digest}\n".encode().ljust(512, b"\0") + rest


def replaced(data, old, new, times=1):
    """The bytes with all occurrences of a sequence replaced."""
    assert data.count(old) == times, data.count(old)
    return data.replace(old, new)


# Valid files, from which all others start.


@case(0, ("1.1", "2.0"))
def sound(forgery):
    pass


# R1, R3, R19, R20: the seal and the bytes after it.


@case(1)
def seal_before_no_hdf5(forgery):
    forgery.finish = lambda data: seal(b"nothing of HDF5" * 40, "2.0")


@case(1)
def seal_and_nothing(forgery):
    forgery.finish = lambda data: seal(b"", "2.0")


@case(1)
def user_block_of_1024(forgery):
    forgery.user_block = 1024


@case(1)
def two_seals(forgery):
    forgery.finish = lambda data: seal(data, "2.0")


@case(1)
def user_block_without_seal(forgery):
    forgery.finish = lambda data: bytes(512) + data[512:]


@case(3)
def sealed_version_of_the_future(forgery):
    forgery.sealed_version = "3.0"


@case(19)
def sealed_1_1_inside(forgery):
    forgery.attributes["format_version"] = np.bytes_("1.1")


@case(19)
def seal_names_1_1(forgery):
    forgery.sealed_version = "1.1"
    forgery.attributes["format_version"] = np.bytes_("1.1")


@case(19, ("1.1",))
def unsealed_2_0_inside(forgery):
    forgery.attributes["format_version"] = np.bytes_("2.0")


@case(19)
def padding_not_zero(forgery):
    forgery.finish = lambda data: data[:400] + b"x" + data[401:]


@case(19)
def length_with_a_sign(forgery):
    forgery.finish = lambda data: seal(data[512:], "2.0", length=f"+{len(data):019d}")


@case(20)
def other_length(forgery):
    forgery.finish = lambda data: seal(data[512:], "2.0", length=f"{len(data) + 1:020d}")


@case(20)
def digest_in_capitals(forgery):
    forgery.finish = lambda data: seal(data[512:], "2.0", digest=hashlib.sha256(data[512:]).hexdigest().upper())


# R2: root attributes.


@case(2)
def variable_text_attribute(forgery):
    forgery.edits.append(lambda file: (file.attrs.__delitem__("writer"), file.attrs.create("writer", "hostile")))


@case(2)
def array_attribute(forgery):
    forgery.edits.append(lambda file: file.attrs.create("agent_steps", np.array([7], "<i8")))


@case(2)
def big_endian_attribute(forgery):
    forgery.edits.append(lambda file: file.attrs.create("agent_steps", np.array(7, ">i8")))


@case(2)
def reference_attribute(forgery):
    forgery.edits.append(lambda file: file.attrs.create("writer", file.ref, dtype=h5py.ref_dtype))


@case(2)
def null_attribute(forgery):
    forgery.edits.append(lambda file: file.attrs.create("writer", h5py.Empty("S7")))


@case(2)
def many_attributes(forgery):
    forgery.edits.append(lambda file: [file.attrs.create(f"a{index}", 0) for index in range(100)])


@case(2)
def long_attribute(forgery):
    forgery.attributes["writer"] = np.bytes_("x" * 5000)


@case(2)
def attribute_with_a_long_name(forgery):
    forgery.edits.append(lambda file: file.attrs.create("n" * 2000, 0))


@case(2)
def attribute_name_not_utf_8(forgery):
    forgery.edits.append(
        lambda file: h5py.h5a.create(file.id, b"\xff\xfe", h5py.h5t.STD_I64LE, h5py.h5s.create(h5py.h5s.SCALAR)))


# R4, R5: the manifest.


@case(4)
def manifest_compressed(forgery):
    # 65 MiB of spaces in a few kilobytes.
    def write(file, manifest):
        dataset = file.create_dataset("manifest", (65 << 20,), "u1", chunks=(65 << 20,), compression="gzip")
        stream = zlib.compressobj(9)
        blank = b" " * (1 << 20)
        dataset.id.write_direct_chunk((0,), b"".join([stream.compress(blank) for _ in range(65)] + [stream.flush()]))

    forgery.write_manifest = write


@case(4)
def manifest_huge(forgery):
    forgery.write_manifest = lambda file, manifest: file.create_dataset("manifest", (1 << 40,), "u1")


@case(4)
def manifest_is_a_group(forgery):
    forgery.write_manifest = lambda file, manifest: file.create_dataset("manifest/text", data=np.frombuffer(manifest, "u1"))


@case(4)
def manifest_behind_a_soft_link(forgery):
    def write(file, manifest):
        file.create_dataset("elsewhere", data=np.frombuffer(manifest, "u1"))
        file["manifest"] = h5py.SoftLink("/elsewhere")

    forgery.write_manifest = write


@case(4)
def manifest_with_two_axes(forgery):
    forgery.write_manifest = lambda file, manifest: file.create_dataset(
        "manifest", data=np.frombuffer(manifest, "u1").reshape(1, -1))


@case(5)
def manifest_nested_deeply(forgery):
    forgery.edit_manifest = lambda manifest: b"[" * 20_000


@case(5)
def manifest_nested_in_an_unknown_key(forgery):
    forgery.edit_manifest = lambda manifest: manifest[:-1] + b',"more":' + b'{"a":' * 4000 + b"0" + b"}" * 4000 + b"}"


@case(5)
def manifest_in_utf_16(forgery):
    forgery.edit_manifest = lambda manifest: manifest.decode().encode("utf-16-le")


@case(5)
def manifest_with_a_key_twice(forgery):
    forgery.edit_manifest = lambda manifest: manifest[:-1] + b',"datasets":[]}'


@case(5)
def manifest_with_a_dataset_twice(forgery):
    def edit(manifest):
        value = json.loads(manifest)
        value["datasets"].insert(0, value["datasets"][0])
        return text(value)

    forgery.edit_manifest = edit


@case(5)
def manifest_with_a_long_name(forgery):
    forgery.arrays["extensions/org.example/state/" + "n" * 1000] = np.zeros(1, "u1")


@case(5)
def manifest_with_a_path_upwards(forgery):
    def edit(manifest):
        value = json.loads(manifest)
        value["datasets"][0]["path"] = "../../" + value["datasets"][0]["path"]
        return text(value)

    forgery.edit_manifest = edit


@case(5, ("1.1",))
def chunks_before_2_0(forgery):
    forgery.listed[ARRAY] = {"chunk_rows": 8}


# R6, R7: objects and links.


def moved(path, link, versions=("1.1", "2.0"), rule=6):
    """A case in which a path refers to something else."""

    def register(function):
        name, link_of = function.__name__, link

        def change(forgery):
            def edit(file):
                file.move(path, "elsewhere")
                file[path] = link_of

            forgery.edits.append(edit)

        change.__name__ = name
        return case(rule, versions)(change)

    return register


@moved(BIAS, h5py.SoftLink("/elsewhere"))
def soft_link():
    pass


@moved(BIAS, h5py.SoftLink("/nowhere"))
def dangling_link():
    pass


@moved(BIAS, h5py.ExternalLink("sound-2.0.h5", f"/{BIAS}"))
def external_link():
    pass


@moved("parameters/online", h5py.SoftLink("/elsewhere"))
def soft_link_in_the_middle():
    pass


@moved("parameters", h5py.ExternalLink("sound-2.0.h5", "/parameters"))
def external_link_in_the_middle():
    pass


@case(6, ("1.1", "2.0"))
def link_to_itself(forgery):
    forgery.edits.append(lambda file: file.__setitem__("workers/loop", h5py.SoftLink("/workers/loop")))


@case(6)
def second_link(forgery):
    forgery.edits.append(lambda file: file.__setitem__("workers/0/again", file[BIAS]))


@case(6)
def group_inside_itself(forgery):
    forgery.edits.append(lambda file: file.__setitem__("workers/0/again", file["workers"]))


@case(6)
def root_inside_itself(forgery):
    forgery.edits.append(lambda file: file.__setitem__("again", file["/"]))


def counted_once(forgery, link):
    """Links objects many times while their headers claim one link, in the format of HDF5 1.0, which has no checksums.
    `link` receives the open file and returns the objects' paths."""
    forgery.libver = ("earliest", "v108")
    counts = {}

    def edit(file):
        for path in link(file):
            information = h5py.h5o.get_info(file[path].id)
            counts[information.addr] = information.rc

    def finish(data):
        data = bytearray(data)
        for address, count in counts.items():
            # An object header's version 1, a reserved byte, the number of messages, then the number of links.
            header = data[512 + address:512 + address + 8]
            assert header[0] == 1 and int.from_bytes(header[4:8], "little") == count > 1
            data[512 + address + 4:512 + address + 8] = (1).to_bytes(4, "little")
        return seal(bytes(data[512:]), "2.0")

    forgery.edits.append(edit)
    forgery.finish = finish


@case(0)
def sound_in_the_oldest_format(forgery):
    forgery.libver = ("earliest", "v108")


@case(6)
def cycles_counted_once(forgery):
    # Sixteen deep, this would be 40 to the power of 16 groups.
    def link(file):
        for index in range(40):
            file[f"workers/0/again{index}"] = file["workers/0"]
        return ["workers/0"]

    counted_once(forgery, link)


@case(6)
def cycle_counted_once(forgery):
    def link(file):
        file["extensions/again"] = file["extensions"]
        return ["extensions"]

    counted_once(forgery, link)


@case(7)
def many_paths_to_one_dataset(forgery):
    # Eleven levels of groups, each with eight links to the next: 8 to the power of 11 paths.
    def link(file):
        path, paths = "extensions/many", []
        file.create_group(path)
        for level in range(11):
            last = level == 10
            target = file.create_dataset(f"{path}/0", data=np.zeros(1, "u1")) if last else file.create_group(f"{path}/0")
            for index in range(1, 8):
                file[f"{path}/{index}"] = target
            path += "/0"
            paths.append(path)
        return paths

    counted_once(forgery, link)


@case(6)
def named_type(forgery):
    forgery.edits.append(lambda file: file.__setitem__("workers/0/type", np.dtype("<f4")))


@case(6)
def attribute_on_a_dataset(forgery):
    forgery.edits.append(lambda file: file[BIAS].attrs.create("note", 1))


@case(6)
def attribute_on_a_group(forgery):
    forgery.edits.append(lambda file: file["workers/0"].attrs.create("note", 1))


@case(6)
def huge_attribute(forgery):
    forgery.edits.append(lambda file: file["workers"].attrs.create("note", np.zeros(30_000, "u1")))


@case(6)
def deep_groups(forgery):
    forgery.edits.append(lambda file: file.create_dataset("deep" + "/a" * 40, data=np.zeros(1, "u1")))


@case(7)
def many_unlisted(forgery):
    forgery.edits.append(
        lambda file: [file.create_dataset(f"many/{index}/a", data=np.zeros(1, "u1")) for index in range(60)])


@case(6)
def long_name(forgery):
    forgery.edits.append(lambda file: file.create_dataset("n" * 3000, data=np.zeros(1, "u1")))


@case(6)
def name_not_utf_8(forgery):
    forgery.edits.append(lambda file: file.create_dataset(b"\xff\xfe", data=np.zeros(1, "u1")))


@case(6)
def name_is_a_dot(forgery):
    # The same length, so that only the name's bytes change; the old format has no checksums.
    forgery.libver = ("earliest", "v108")
    forgery.edits.append(lambda file: file.create_dataset("workers/0/QQ", data=np.zeros(1, "u1")))
    forgery.finish = lambda data: seal(data[512:].replace(b"QQ\0", b"..\0"), "2.0")


@case(7)
def unlisted_dataset(forgery):
    forgery.edits.append(lambda file: file.create_dataset("workers/0/more", data=np.zeros(1, "u1")))


@case(7)
def empty_group(forgery):
    forgery.edits.append(lambda file: file.create_group("more"))


@case(7)
def missing_dataset(forgery):
    forgery.edits.append(lambda file: file.__delitem__(BIAS))


# R8: types, shapes, storage.


def stored(path, data=None, versions=("2.0",), rule=8, **how):
    """A case in which a dataset is listed correctly but stored differently."""

    def register(function):
        def change(forgery):
            values = forgery.arrays[path]
            options = dict(how)
            if "shape" not in options and not callable(data):
                options["data"] = values if data is None else data
            if callable(data):
                forgery.writers[path] = data
            else:
                forgery.instead(path, **options)

        change.__name__ = function.__name__
        return case(rule, versions)(change)

    return register


def types():
    """Types outside the format, each in place of two float32."""
    values = np.array([5, 6])
    return {
        "big_endian": {"data": values.astype(">f4")},
        "half": {"data": values.astype("<f2")},
        "double": {"data": values.astype("<f8")},
        "complex_compound": {"data": values.astype("<c8")},
        "compound": {"data": np.zeros(2, [("a", "<f4")])},
        "opaque": {"data": np.zeros(2, "V4")},
        "fixed_text": {"data": np.array([b"abcd", b"efgh"])},
        "variable_text": {"data": ["a", "b"], "dtype": h5py.string_dtype()},
        "variable_floats": {"shape": (2,), "dtype": h5py.vlen_dtype(np.float32)},
        "enumeration": {"shape": (2,), "dtype": h5py.enum_dtype({"A": 0, "B": 1}, basetype="<i4")},
        "array_type": {"shape": (1,), "dtype": np.dtype(("<f4", (2,)))},
        "object_references": {"shape": (2,), "dtype": h5py.ref_dtype},
        "region_references": {"shape": (2,), "dtype": h5py.regionref_dtype},
    }


for name, options in types().items():
    change = functools.partial(lambda forgery, options: forgery.instead(BIAS, **options), options=options)
    change.__name__ = name
    case(8)(change)


def low_level(file, path, kind=h5py.h5t.IEEE_F32LE, shape=(2,), properties=None, space=None):
    """Creates a dataset with features that h5py's high-level API does not offer."""
    parent, _, name = path.rpartition("/")
    group = file.require_group(parent)
    space = space or h5py.h5s.create_simple(shape)
    return h5py.h5d.create(group.id, name.encode(), kind, space, properties or creation())


def creation():
    """Creation properties of a dataset, without times, so that each run writes the same file."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    return properties


@stored(BIAS, data=lambda file, path: low_level(file, path, kind=h5py.h5t.STD_B32LE))
def bit_field():
    pass


@case(6)
def of_a_named_type(forgery):
    def write(file, path):
        file["kind"] = np.dtype("<f4")
        file.create_dataset(path, data=forgery.arrays[path], dtype=file["kind"])

    forgery.writers[BIAS] = write


@case(8)
def of_a_type_that_was_named(forgery):
    # Removes its name, so that only the dataset remains.
    def write(file, path):
        file["kind"] = np.dtype("<f4")
        file.create_dataset(path, data=forgery.arrays[path], dtype=file["kind"])
        del file["kind"]

    forgery.writers[BIAS] = write


@stored(BIAS, shape=(2,), dtype="<f4", external=[("elsewhere.bin", 0, 8)])
def stored_elsewhere():
    pass


@case(8)
def virtual(forgery):
    forgery.libver = ("v108", "v110")

    def write(file, path):
        layout = h5py.VirtualLayout(shape=(2,), dtype="<f4")
        layout[:] = h5py.VirtualSource("sound-2.0.h5", BIAS, shape=(2,))
        file.create_virtual_dataset(path, layout)

    forgery.writers[BIAS] = write


@case(8)
def virtual_of_a_damaged_selection(forgery):
    virtual(forgery)
    # The last selection in the heap, a hyperslab: its kind, version, reserved bytes, length, and then its axes.
    sound = struct.pack("<6I", 2, 1, 0, 16, 1, 1)
    damaged = struct.pack("<6I", 2, 1, 0, 16, 0x7FFFFFFF, 1)
    forgery.finish = lambda data: seal(replaced(data, sound, damaged)[512:], "2.0")


@case(8)
def fill_value_beyond_its_message(forgery):
    # Headers of the first version have no checksum.
    forgery.libver = ("earliest", "v108")
    forgery.writers[BIAS] = lambda file, path: file.create_dataset(path, data=forgery.arrays[path], fillvalue=9)
    sound, damaged = struct.pack("<If", 4, 9), struct.pack("<If", 0x7FFFFFFF, 9)
    # The same in a message for readers before 1.6.
    forgery.finish = lambda data: seal(replaced(data, sound, damaged, times=2)[512:], "2.0")


@case(8)
def continuation_of_itself(forgery):
    forgery.libver = ("earliest", "v108")

    def write(file, path):
        dataset = file.create_dataset(path, data=forgery.arrays[path])
        forgery.header = forgery.user_block + h5py.h5o.get_info(dataset.id).addr

    forgery.writers[BIAS] = write

    def finish(data):
        # The messages follow 16 bytes of header; the empty one of type 0 becomes one that refers to itself.
        place = forgery.header + 16
        while True:
            kind, size = struct.unpack_from("<HH", data, place)
            if kind == 0 and size >= 16:
                break
            place += 8 + size
        message = struct.pack("<HHIQQ", 0x10, size, 0, place - forgery.user_block, 8 + size)
        return seal(data[512:place] + message + data[place + len(message):], "2.0")

    forgery.finish = finish


@case(8)
def compact(forgery):
    def write(file, path):
        layout = creation()
        layout.set_layout(h5py.h5d.COMPACT)
        low_level(file, path, properties=layout).write(h5py.h5s.ALL, h5py.h5s.ALL, forgery.arrays[path])

    forgery.writers[BIAS] = write


@stored(BIAS, chunks=(2,), versions=("1.1", "2.0"))
def chunked_in_vain():
    pass


@stored(BIAS, chunks=(2,), compression="gzip", versions=("1.1", "2.0"))
def deflated_in_vain():
    pass


@stored(BIAS, chunks=(2,), fletcher32=True)
def checksummed():
    pass


@stored(BIAS, shape=(2,), dtype="<f4")
def never_written():
    pass


@stored(BIAS, shape=(), dtype="<f4")
def scalar():
    pass


@stored(BIAS, data=h5py.Empty("<f4"))
def null_space():
    pass


@stored(BIAS, shape=(1 << 40,), dtype="<f4")
def huge():
    pass


@stored(BIAS, shape=(1 << 20, 1 << 20, 1 << 20), dtype="<f4", chunks=(1, 1, 1))
def huge_product():
    pass


@stored(BIAS, shape=(2, 1), dtype="<f4")
def another_axis():
    pass


@stored(BIAS, shape=(1,) * 32, dtype="<f4")
def thirty_two_axes():
    pass


@stored(BIAS, chunks=(2,), maxshape=(None,))
def extendible():
    pass


@case(8)
def listed_beyond_the_file(forgery):
    forgery.listed[ARRAY] = {"shape": [1 << 40]}
    forgery.instead(ARRAY, shape=(1 << 40,), dtype="u1")


@case(8)
def listed_beyond_all_numbers(forgery):
    forgery.listed[ARRAY] = {"shape": [1 << 40, 1 << 40]}


@case(8)
def listed_below_zero(forgery):
    forgery.listed[ARRAY] = {"shape": [-8]}


@case(8, ("1.1", "2.0"))
def rows_without_width(forgery):
    # Rows without bytes, but 2 to the power of 58 of them.
    forgery.arrays[OWN] = np.zeros((0, 0), "u1")
    forgery.listed[OWN] = {"shape": [1 << 58, 0]}
    forgery.instead(OWN, shape=(1 << 58, 0), dtype="u1")
    forgery.documents[STATE]["replay"] = {
        "capacity": 1 << 58, "chunk_length": 1, "count": 1 << 58, "cursor": (1 << 58) - 1}


# Replay columns in 2.0 (R8, R21): filters and layouts.


def column(rule=8, **how):
    """A case in which the flags are stored differently."""

    def register(function):
        def change(forgery):
            def write(file, path):
                options = {"shape": (ROWS,), "dtype": "u1", "chunks": (CHUNK_ROWS,)} | how
                if "data" in how:
                    options.pop("shape")
                dataset = file.create_dataset(path, **options)
                if "maxshape" not in how and "data" not in how and options["chunks"] == (CHUNK_ROWS,):
                    forgery.write_chunks(dataset, path)

            forgery.writers[FLAGS] = write

        change.__name__ = function.__name__
        return case(rule)(change)

    return register


@column(data=np.array([4, 0, 0, 0, 0], "u1"), chunks=None)
def replay_contiguous():
    pass


@column()
def replay_without_filter():
    pass


@column(compression="gzip", shuffle=True)
def replay_shuffled():
    pass


@column(compression="gzip", fletcher32=True)
def replay_checksummed():
    pass


@column(compression="lzf")
def replay_of_an_unknown_filter():
    pass


@column(scaleoffset=0)
def replay_scaled():
    pass


@column(compression="gzip", chunks=(ROWS,))
def replay_in_other_chunks():
    pass


@column(compression="gzip", maxshape=(None,))
def replay_extendible():
    pass


def filtered(number, values=()):
    """A case in which the flags have a filter that h5py's high-level API does not set."""

    def register(function):
        def change(forgery):
            def write(file, path):
                layout = creation()
                layout.set_chunk((CHUNK_ROWS,))
                layout.set_filter(number, h5py.h5z.FLAG_OPTIONAL, values)
                dataset = h5py.Dataset(low_level(file, path, h5py.h5t.STD_U8LE, (ROWS,), layout))
                forgery.stored[path] = lambda index, bytes_, mask: (bytes_, 0xFFFFFFFF)
                forgery.write_chunks(dataset, path)

            forgery.writers[FLAGS] = write

        change.__name__ = function.__name__
        return case(8)(change)

    return register


@filtered(5)
def replay_nbit():
    pass


@filtered(4, (4, 2))
def replay_szip():
    pass


@case(21)
def replay_listed_without_chunks(forgery):
    forgery.writers[FLAGS] = lambda file, path: file.create_dataset(path, data=forgery.arrays[path])
    forgery.listed[FLAGS] = {"chunk_rows": None, "sha256": hashlib.sha256(forgery.arrays[FLAGS].tobytes()).hexdigest()}


@case(21)
def replay_listed_with_other_chunks(forgery):
    forgery.listed[FLAGS] = {"chunk_rows": 4}
    forgery.instead(FLAGS, shape=(ROWS,), dtype="u1", chunks=(4,), compression="gzip")


for rows in [0, -1, ROWS + 1, 1 << 62]:
    change = functools.partial(lambda forgery, rows: forgery.listed.update({FLAGS: {"chunk_rows": rows}}), rows=rows)
    change.__name__ = f"chunks_of_{rows}_rows".replace("-", "minus_")
    case(21)(change)


@case(21)
def chunks_of_what_is_no_replay(forgery):
    # Listed as stored, but in a place for plain arrays only.
    forgery.listed[BIAS] = {"chunk_rows": 2}
    forgery.instead(BIAS, data=forgery.arrays[BIAS], chunks=(2,), compression="gzip")


# R8: headers whose messages contradict each other. libhdf5 1.10.8 uses their values to divide, loop and allocate.


class Header:
    """An object header of version 1, which has no checksum, within a file's bytes."""

    def __init__(self, data, place):
        self.data, self.place = data, place

    def messages(self):
        """The type, the offset of the body and the size of each message in the header."""
        parts = [(self.place + 16, struct.unpack_from("<I", self.data, self.place + 8)[0])]
        for place, length in parts:
            end = place + length
            while place < end:
                kind, size = struct.unpack_from("<HH", self.data, place)
                yield kind, place + 8, size
                if kind == CONTINUATION:
                    address, length = struct.unpack_from("<2Q", self.data, place + 8)
                    parts.append((512 + address, length))
                place += 8 + size

    def body(self, kind):
        """The offset and size of the only message of a type."""
        [found] = [(place, size) for other, place, size in self.messages() if other == kind]
        return found

    def put(self, kind, offset, bytes_):
        """Overwrites a part of the message of a type."""
        place, size = self.body(kind)
        assert offset + len(bytes_) <= size
        self.data[place + offset:place + offset + len(bytes_)] = bytes_

    def repeat(self, kind):
        """Adds a copy of the message of a type in the free space of the header."""
        place, size = self.body(kind)
        message = self.data[place - 8:place + size]
        gap, gap_size = next(
            (place, free) for other, place, free in self.messages() if other == 0 and free >= len(message))
        rest = struct.pack("<HHI", 0, gap_size - len(message), 0)
        self.data[gap - 8:gap + len(message)] = message + rest
        [count] = struct.unpack_from("<H", self.data, self.place + 2)
        struct.pack_into("<H", self.data, self.place + 2, count + 1)

    def end_file(self):
        """Writes the file's length into its superblock, of version 0."""
        assert self.data[520] == 0
        struct.pack_into("<Q", self.data, 512 + 40, len(self.data))

    def chunks(self, *extents):
        """Replaces the chunk extents, the last of which is the size of an element in bytes."""
        self.put(LAYOUT, 2, bytes([len(extents)]))
        self.put(LAYOUT, 11, struct.pack(f"<{len(extents)}I", *extents))


SPACE, TYPE, LAYOUT, FILTERS, CONTINUATION, SYMBOLS = 1, 3, 8, 11, 16, 17


def header(path, rule=8, prepare=lambda forgery: None):
    """A case with a changed dataset header; other changes of the file may prepare it."""

    def register(change):
        @functools.wraps(change)
        def forge(forgery):
            prepare(forgery)
            forgery.libver = ("earliest", "v108")
            places = []
            forgery.edits.append(lambda file: places.append(512 + h5py.h5o.get_info(file[path].id).addr))

            def finish(data):
                data = bytearray(data)
                change(Header(data, places[0]))
                return seal(bytes(data[512:]), "2.0")

            forgery.finish = finish

        case(rule)(forge)
        return forge

    return register


@header(FLAGS)
def header_chunks_without_axes(header):
    header.chunks()


@header(FLAGS)
def header_chunks_with_an_axis_less(header):
    header.chunks(2)


@header(FLAGS)
def header_chunks_with_an_axis_more(header):
    header.chunks(2, 1, 1)


@header(FLAGS)
def header_chunks_of_a_scalar(header):
    header.put(SPACE, 1, b"\0")
    header.chunks(1)


@header(FLAGS)
def header_chunks_of_0_rows(header):
    header.chunks(0, 1)


@header(FLAGS)
def header_chunks_of_elements_of_0_bytes(header):
    header.chunks(2, 0)


@header(FLAGS)
def header_chunks_of_larger_elements(header):
    header.chunks(2, 4)


@header(f"{REPLAY}/actions")
def header_chunks_of_smaller_elements(header):
    header.chunks(2, 1)


@header(FLAGS)
def header_chunks_beyond_the_extents(header):
    header.chunks(6, 1)


@header(f"{REPLAY}/actions")
def header_chunks_of_4_gib(header):
    # As many rows as the chunks claim; their size in bytes is 0 in 32 bits.
    header.put(SPACE, 8, struct.pack("<Q", 1 << 30) * 2)
    header.chunks(1 << 30, 4)


@header(f"{REPLAY}/frames")
def header_chunks_of_2_to_the_64_bytes(header):
    header.put(SPACE, 8, struct.pack("<2Q", 1 << 31, 1 << 31) * 2)
    header.chunks(1 << 31, 1 << 31, 4)


def old_layout(header, version, kind, *extents):
    """Writes the layout as versions 1 and 2 do: the number of extents, the kind, 5 reserved bytes, address, extents."""
    place, _ = header.body(LAYOUT)
    address = header.data[place + (3 if kind == 2 else 2):][:8]
    header.put(
        LAYOUT, 0, bytes([version, len(extents), kind, 0, 0, 0, 0, 0]) + address
        + struct.pack(f"<{len(extents)}I", *extents))


@header(FLAGS, rule=0)
def sound_in_an_old_layout_of_chunks(header):
    old_layout(header, 1, 2, 2, 1)


@header(BIAS, rule=0)
def sound_in_an_old_layout(header):
    # As libraries of that time wrote it, with the size of an element last.
    old_layout(header, 2, 1, 2, 4)


@header(BIAS, rule=0)
def sound_in_the_old_layout_of_the_format(header):
    # As the HDF5 file format specification defines it.
    old_layout(header, 1, 1, 2)


@header(BIAS)
def header_old_layout_without_axes(header):
    old_layout(header, 1, 1)


@header(FLAGS)
def header_old_layout_of_0_rows(header):
    old_layout(header, 1, 2, 0, 1)


@header(FLAGS)
def header_old_layout_with_an_axis_less(header):
    old_layout(header, 2, 2, 2)


@header(BIAS)
def header_elements_of_0_bytes(header):
    header.put(TYPE, 4, bytes(4))


@header(FLAGS)
def header_chunks_of_elements_of_0_bytes_each(header):
    header.put(TYPE, 4, bytes(4))
    header.chunks(2, 0)


@header(BIAS)
def header_two_spaces(header):
    header.repeat(SPACE)


@header(BIAS)
def header_two_types(header):
    header.repeat(TYPE)


@header(FLAGS)
def header_two_pipelines(header):
    header.repeat(FILTERS)


@header(BIAS, prepare=compact)
def header_compact_and_too_short(header):
    header.put(LAYOUT, 2, struct.pack("<H", 4))


@header(BIAS, prepare=compact)
def header_compact_of_more_elements(header):
    header.put(SPACE, 8, struct.pack("<Q", 1 << 20) * 2)


def index(header):
    """The offset of the only node of the chunk index."""
    place, _ = header.body(LAYOUT)
    [address] = struct.unpack_from("<Q", header.data, place + 3)
    assert header.data[512 + address:512 + address + 6] == b"TREE\1\0"
    return 512 + address


def lead_to(header, place):
    """Turns the node into one of an upper level, with a single child at an offset. A key of one axis has 24 bytes."""
    node = index(header)
    header.data[node + 5:node + 8] = struct.pack("<BH", 1, 1)
    struct.pack_into("<Q", header.data, node + 48, place - 512)


@header(FLAGS)
def chunks_found_in_a_circle(header):
    lead_to(header, index(header))


@header(FLAGS)
def chunks_found_in_a_tree_without_an_end(header):
    # The child is a copy of the node, of the same level, and refers back to the node.
    node = index(header)
    size = 24 + 32 * 64 + 24
    lead_to(header, len(header.data))
    copy = bytearray(header.data[node:node + size])
    struct.pack_into("<Q", copy, 48, node - 512)
    header.data += copy
    header.end_file()


@header(FLAGS)
def chunks_found_in_no_tree(header):
    lead_to(header, header.place)


# R1, R2, R6: groups whose index of members or attributes is invalid. libhdf5 1.10.8 follows it.


HOLDER = "workers/0/replay"


def table(header):
    """The offsets of the tree and the heap of a group in the oldest format."""
    place, _ = header.body(SYMBOLS)
    tree, heap = (512 + address for address in struct.unpack_from("<2Q", header.data, place))
    assert header.data[tree:tree + 6] == b"TREE\0\0" and header.data[heap:heap + 4] == b"HEAP"
    return tree, heap


def tree_in_a_circle(header):
    tree, _ = table(header)
    header.data[tree + 5] = 1
    [count] = struct.unpack_from("<H", header.data, tree + 6)
    for index in range(count):
        struct.pack_into("<Q", header.data, tree + 32 + 16 * index, tree - 512)


def heap_in_a_circle(header):
    _, heap = table(header)
    size, free, address = struct.unpack_from("<3Q", header.data, heap + 8)
    assert free < size
    struct.pack_into("<Q", header.data, 512 + address + free, free)


@header("/", rule=1)
def group_members_in_a_circle_at_the_root(header):
    tree_in_a_circle(header)


@header(HOLDER, rule=6)
def group_members_in_a_circle(header):
    tree_in_a_circle(header)


@header(HOLDER, rule=6)
def group_members_in_a_tree_without_an_end(header):
    # The child is a copy of the node, of the same level, and refers back to the node.
    tree, _ = table(header)
    tree_in_a_circle(header)
    copy = header.data[tree:tree + 24 + 32 * 16 + 8]
    struct.pack_into("<Q", header.data, tree + 32, len(header.data) - 512)
    header.data += copy
    header.end_file()


@header(HOLDER, rule=6)
def group_members_in_no_tree(header):
    tree, _ = table(header)
    struct.pack_into("<Q", header.data, tree + 32, tree - 512)


@header(HOLDER, rule=6)
def group_members_beyond_the_table(header):
    tree, _ = table(header)
    [symbols] = struct.unpack_from("<Q", header.data, tree + 32)
    assert header.data[512 + symbols:512 + symbols + 4] == b"SNOD"
    struct.pack_into("<H", header.data, 512 + symbols + 6, 0xFFFF)


@header(HOLDER, rule=6)
def group_member_with_a_name_beyond_the_heap(header):
    tree, _ = table(header)
    [symbols] = struct.unpack_from("<Q", header.data, tree + 32)
    struct.pack_into("<Q", header.data, 512 + symbols + 8, 1 << 40)


@header("/", rule=1)
def group_names_in_a_circle_at_the_root(header):
    heap_in_a_circle(header)


@header(HOLDER, rule=6)
def group_names_in_a_circle(header):
    heap_in_a_circle(header)


@header(HOLDER, rule=6)
def group_names_free_beyond_the_heap(header):
    _, heap = table(header)
    size, free, address = struct.unpack_from("<3Q", header.data, heap + 8)
    struct.pack_into("<Q", header.data, 512 + address + free + 8, size)


def checksum(data):
    """Jenkins' hash (lookup3) of bytes: the checksum at the end of HDF5 1.8 structures."""
    words = (1 << 32) - 1
    a = b = c = (0xDEADBEEF + len(data)) & words

    def turned(value, bits):
        return value << bits & words | value >> 32 - bits

    for place in range(0, max(len(data) - 1, 0) // 12 * 12, 12):
        x, y, z = struct.unpack_from("<3I", data, place)
        a, b, c = a + x & words, b + y & words, c + z & words
        for bits in [4, 6, 8, 16, 19, 4]:
            # The other two words follow in turn.
            a, c = (a - c & words) ^ turned(c, bits), c + b & words
            a, b, c = b, c, a
    if data:
        rest = data[max(len(data) - 1, 0) // 12 * 12:].ljust(12, b"\0")
        x, y, z = struct.unpack("<3I", rest)
        a, b, c = a + x & words, b + y & words, c + z & words
        for bits in [14, 11, 25, 16, 4, 14, 24]:
            c = (c ^ b) - turned(b, bits) & words
            a, b, c = b, c, a
        # Seven turns end one position after the start.
        c = b
    return c


class ManyMembers:
    """A group with a version 2 tree as index of its members or attributes, within a file's bytes."""

    def __init__(self, data, kind=5):
        self.data = data
        self.head = data.index(b"BTHD")
        assert data.count(b"BTHD") == 1 and data[self.head + 5] == kind and data.count(b"FRHP") == 1

    @property
    def root(self):
        return 512 + struct.unpack_from("<Q", self.data, self.head + 16)[0]

    def sign(self, place, size):
        struct.pack_into("<I", self.data, place + size, checksum(self.data[place:place + size]))

    def put(self, offset, format_, *values):
        """Overwrites a part of the tree's header."""
        struct.pack_into(format_, self.data, self.head + offset, *values)
        self.sign(self.head, 34)

    def raise_tree(self, depth, total):
        """Adds nodes above the root: each has the root's first record and twice the node below as its child."""
        below, [count] = self.root, struct.unpack_from("<H", self.data, self.head + 24)
        record = self.data[self.root + 6:self.root + 17]
        limit, width = 45, 0
        for level in range(depth):
            place = len(self.data)
            counted = min(total, (1 << 8 * width) - 1).to_bytes(width, "little")
            pointer = struct.pack("<QB", below - 512, count) + counted
            node = bytearray(b"BTIN\0\5" + record + pointer * 2)
            self.data += node.ljust(512, b"\0")
            self.sign(place, len(node))
            capacity = (502 - len(pointer)) // (11 + len(pointer))
            limit = capacity + (capacity + 1) * limit
            width = (limit.bit_length() + 7) // 8
            below, count = place, 1
        self.put(12, "<H", depth)
        self.put(16, "<QHQ", below - 512, count, total)
        # The end of the file, in a superblock of version 2.
        assert self.data[520] == 2
        struct.pack_into("<Q", self.data, 512 + 28, len(self.data))
        self.sign(512, 44)


def many_members(rule=6):
    """A case with a changed group of twelve members."""

    def register(change):
        @functools.wraps(change)
        def forge(forgery):
            for index in range(12):
                forgery.arrays[f"extensions/org.example/state/b{index}"] = np.arange(2, dtype="u1")

            def finish(data):
                data = bytearray(data)
                change(ManyMembers(data))
                return seal(bytes(data[512:]), "2.0")

            forgery.finish = finish

        case(rule)(forge)
        return forge

    return register


@many_members(rule=0)
def sound_with_many_members(group):
    # Our checksums equal those that the library wrote.
    before = bytes(group.data)
    group.sign(group.head, 34)
    group.sign(512, 44)
    assert group.data == before


@many_members()
def many_members_in_ways_that_meet(group):
    # 2 to the power of 30 paths to the members.
    group.raise_tree(30, 13)


@many_members()
def many_members_in_ways_that_meet_soon(group):
    group.raise_tree(2, 13 * 2 + 1)


@many_members()
def many_members_in_a_tree_of_depth_65535(group):
    group.put(12, "<H", 65535)


@many_members()
def many_members_more_than_counted(group):
    group.put(26, "<Q", 5)


@many_members()
def many_members_beyond_the_node(group):
    group.put(24, "<HQ", 60_000, 60_000)


@many_members()
def many_members_in_nodes_of_16_bytes(group):
    group.put(6, "<I", 16)


@many_members()
def many_members_beyond_the_heap(group):
    # The offset of the first link.
    struct.pack_into("<I", group.data, group.root + 6 + 5, 1 << 31)
    [count] = struct.unpack_from("<H", group.data, group.head + 24)
    group.sign(group.root, 6 + 11 * count)


@many_members()
def many_members_in_a_block_of_another_place(group):
    block = group.data.index(b"FHDB")
    struct.pack_into("<I", group.data, block + 13, 256)
    heap = group.data.index(b"FRHP")
    [first] = struct.unpack_from("<Q", group.data, heap + 112)
    # The checksum is part of the data, and 0 while it is computed.
    struct.pack_into("<I", group.data, block + 17, 0)
    struct.pack_into("<I", group.data, block + 17, checksum(group.data[block:block + first]))


def attributes_in_a_heap_of(path, rule):
    """A case in which an object's attributes are not in its header but in a heap with a tree as index."""

    def register(function):
        def forge(forgery):
            # More attributes than fit in the header. They are removed again, and those of the format stay in the heap.
            def edit(file):
                for index in range(9):
                    file[path].attrs[f"b{index}"] = np.int64(0)
                for index in range(9 if path == "/" else 3):
                    del file[path].attrs[f"b{index}"]

            def finish(data):
                data = bytearray(data)
                function(ManyMembers(data, kind=8))
                return seal(bytes(data[512:]), "2.0")

            forgery.edits.append(edit)
            forgery.finish = finish

        forge.__name__ = function.__name__
        return case(rule)(forge)

    return register


@attributes_in_a_heap_of("/", rule=2)
def attributes_in_a_heap(tree):
    pass


@attributes_in_a_heap_of("/", rule=2)
def attributes_beyond_the_node(tree):
    tree.put(24, "<H", 60_000)


@attributes_in_a_heap_of("/", rule=2)
def attributes_in_records_of_0_bytes(tree):
    tree.put(10, "<H", 0)


@attributes_in_a_heap_of("workers/0", rule=6)
def attributes_of_a_group_in_records_of_0_bytes(tree):
    tree.put(10, "<H", 0)


@attributes_in_a_heap_of(BIAS, rule=6)
def attributes_of_a_dataset_in_records_of_0_bytes(tree):
    tree.put(10, "<H", 0)


# R1: superblocks, and what they lead to, which H5Fopen decodes. R6 and R8: headers of other objects, which libhdf5 loads
# to find out what they are. Checksums are valid.


def superblock(offset, format_, *values):
    """A case with a changed superblock of version 2: its fields follow the signature's 8 bytes."""

    def change(data):
        struct.pack_into(format_, data, 512 + offset, *values)
        struct.pack_into("<I", data, 512 + 44, checksum(data[512:512 + 44]))

    return change


def changed(name, change, rule=1, path=None, old=False):
    """Registers a case whose bytes are changed after the file is closed; `change` gets the header of an object too."""

    def forge(forgery):
        places = []
        if old:
            forgery.libver = ("earliest", "v108")
        if path:
            forgery.edits.append(lambda file: places.append(512 + h5py.h5o.get_info(file[path].id).addr))

        def finish(data):
            data = bytearray(data)
            change(data, *places)
            return seal(bytes(data[512:]), "2.0")

        forgery.finish = finish

    forge.__name__ = name
    case(rule)(forge)


changed("superblock_of_version_3", superblock(8, "<B", 3))
changed("superblock_of_version_4", superblock(8, "<B", 4))
changed("superblock_with_addresses_of_4_bytes", superblock(9, "<B", 4))
changed("superblock_with_lengths_of_2_bytes", superblock(10, "<B", 2))
changed("superblock_of_an_unfinished_change", superblock(11, "<B", 1))
changed("superblock_of_another_place", superblock(12, "<Q", 1024))
changed("superblock_with_an_end_beyond_the_file", superblock(28, "<Q", 1 << 40))
changed("superblock_with_an_end_before_its_own", superblock(28, "<Q", 512 + 47))
changed("superblock_with_a_root_beyond_the_end", superblock(36, "<Q", 1 << 40))
changed("superblock_with_a_root_at_itself", superblock(36, "<Q", 0))
changed("superblock_with_a_root_nowhere", superblock(36, "<Q", (1 << 64) - 1))


def lead_superblock_to(data, place, offset=36):
    superblock(offset, "<Q", place - 512)(data)


changed("superblock_with_a_wrong_checksum", lambda data: struct.pack_into("<I", data, 512 + 44, 7))
changed("superblock_leading_to_a_dataset", lead_superblock_to, path=BIAS)
changed("superblock_with_an_extension", functools.partial(lead_superblock_to, offset=20), path=BIAS)


def append_header(data, header):
    """Appends a header as the new root group."""
    data.extend(bytes(-len(data) % 8))
    lead_superblock_to(data, len(data))
    data.extend(header)
    superblock(28, "<Q", len(data))(data)


def old_header(size, *messages):
    body = b"".join(
        struct.pack("<HHB3x", kind, len(content), 0) + content for kind, content in messages)
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(body) if size is None else size) + body


def new_header(*messages):
    body = b"".join(struct.pack("<BHB", kind, len(content), 0) + content for kind, content in messages)
    data = b"OHDR\2\1" + struct.pack("<H", len(body)) + body
    return data + struct.pack("<I", checksum(data))


LINK_INFO = (2, bytes([0, 0]) + b"\xff" * 16)
changed("root_header_of_4_gib", lambda data: append_header(data, old_header((1 << 32) - 8, (SYMBOLS, bytes(16)))))
changed("root_header_beyond_the_end", lambda data: append_header(data, old_header(4096, (SYMBOLS, bytes(16)))))
changed("root_header_cut_short", lambda data: append_header(data, b"\1\0\1"))
changed("root_header_with_a_wrong_checksum", lambda data: append_header(data, new_header(LINK_INFO)[:-1] + b"x"))
changed("root_header_with_a_short_continuation", lambda data: append_header(data, old_header(None, (16, bytes(8)))))
changed(
    "root_header_with_an_empty_continuation",
    lambda data: append_header(data, old_header(None, (16, struct.pack("<QQ", len(data), 0)))))
changed("root_header_with_a_short_count_of_links", lambda data: append_header(data, new_header(LINK_INFO, (22, b"\0"))))
changed("root_header_with_short_link_info", lambda data: append_header(data, new_header((2, bytes([0, 0])))))
changed(
    "root_header_with_messages_of_an_extension",
    lambda data: append_header(data, new_header(LINK_INFO, (24, bytes(17)), (23, bytes(40)))))
changed(
    "root_header_with_a_link_of_an_unknown_kind",
    lambda data: append_header(data, new_header(LINK_INFO, (6, bytes([1, 8, 2, 1]) + b"a" + bytes(8)))))


def old_superblock(offset, format_, *values):
    """A change of a superblock of version 0, which has no checksum."""

    def change(data):
        assert data[520] == 0
        struct.pack_into(format_, data, 512 + offset, *values)

    return change


for name, change in {
    "nodes_of_another_size": old_superblock(16, "<H", 60_000),
    "trees_of_another_size": old_superblock(18, "<H", 1),
    "a_table_of_free_space": old_superblock(32, "<Q", 96),
    "a_drivers_block": old_superblock(48, "<Q", 96),
    "an_end_beyond_the_file": old_superblock(40, "<Q", 1 << 40),
    "another_table_of_the_root": old_superblock(80, "<Q", 96),
    "a_root_of_an_unknown_kind": old_superblock(72, "<I", 3),
}.items():
    changed(f"old_superblock_with_{name}", change, old=True)


def header_size(data, place):
    assert data[place] == 1
    struct.pack_into("<I", data, place + 8, (1 << 32) - 8)


def short_message(kind):
    """Turns the first message of a header of version 1 into one of another type, too short for what it says."""

    def change(data, place):
        assert data[place] == 1
        [size] = struct.unpack_from("<I", data, place + 8)
        data[place + 16:place + 16 + size] = struct.pack("<HHB3x", kind, 0, 0) * (size // 8)

    return change


for name, path in {"group": "workers/0", "dataset": BIAS}.items():
    changed(f"header_of_a_{name}_of_4_gib", header_size, rule=6, path=path, old=True)
    changed(f"header_of_a_{name}_with_short_continuations", short_message(16), rule=6, path=path, old=True)


# R2: attributes of the root group that libhdf5 1.10.8 decodes beyond their messages.


def attribute(name, offset, format_, *values):
    """A case with a changed attribute message of version 1: version, sizes of name, type and extents, then these."""

    def change(data, place):
        messages = list(Header(data, place).messages())
        body = next(place for kind, place, _ in messages if kind == 12)
        assert data[body] == 1
        struct.pack_into(format_, data, body + offset, *values)

    changed(name, change, rule=2, path="/", old=True)


attribute("attribute_of_an_unknown_version", 0, "<B", 9)
attribute("attribute_with_a_name_of_64_kib", 2, "<H", 0xFFFF)
attribute("attribute_with_a_name_of_no_byte", 2, "<H", 0)
attribute("attribute_with_a_type_of_64_kib", 4, "<H", 0xFFFF)
attribute("attribute_with_a_type_of_4_bytes", 4, "<H", 4)
attribute("attribute_with_extents_of_64_kib", 6, "<H", 0xFFFF)
attribute("attribute_with_a_name_that_does_not_end", 8, "<16s", b"x" * 16)


# R21: chunks.


def chunk(function):
    """A case with changed stored chunks of the custom column, whose rows of 2,048 bytes compress well."""

    def change(forgery):
        forgery.arrays[OWN] = np.arange(ROWS * 2048, dtype="u1").reshape(ROWS, 2048)
        forgery.stored[OWN] = function

    change.__name__ = function.__name__
    return case(21)(change)


@chunk
def missing_chunk(index, bytes_, mask):
    return None if index == 1 else (bytes_, mask)


@chunk
def no_chunks(index, bytes_, mask):
    return None


@chunk
def trailing_garbage(index, bytes_, mask):
    return bytes_ + b"x", mask


@chunk
def two_streams(index, bytes_, mask):
    return bytes_ + zlib.compress(b"more"), mask


@chunk
def cut_stream(index, bytes_, mask):
    return bytes_[:-5], mask


@chunk
def wrong_checksum(index, bytes_, mask):
    return bytes_[:-1] + bytes([bytes_[-1] ^ 1]), mask


@chunk
def no_zlib_header(index, bytes_, mask):
    return bytes_[2:-4], mask


@chunk
def gzip_stream(index, bytes_, mask):
    stream = zlib.compressobj(wbits=31)
    return stream.compress(zlib.decompress(bytes_)) + stream.flush(), mask


@chunk
def preset_dictionary(index, bytes_, mask):
    stream = zlib.compressobj(zdict=bytes(range(256)))
    return stream.compress(zlib.decompress(bytes_)) + stream.flush(), mask


@chunk
def bomb(index, bytes_, mask):
    # Two megabytes in place of four kilobytes.
    return zlib.compress(bytes(2 << 20), 9), mask


@chunk
def inflates_to_one_byte_more(index, bytes_, mask):
    return zlib.compress(zlib.decompress(bytes_) + b"\0"), mask


@chunk
def inflates_to_one_byte_less(index, bytes_, mask):
    return zlib.compress(zlib.decompress(bytes_)[:-1]), mask


@chunk
def inflates_to_nothing(index, bytes_, mask):
    return zlib.compress(b""), mask


@chunk
def plain_and_short(index, bytes_, mask):
    return zlib.decompress(bytes_)[:-1], 1


@chunk
def plain_and_long(index, bytes_, mask):
    return zlib.decompress(bytes_) + b"\0", 1


@chunk
def second_filter_skipped(index, bytes_, mask):
    return zlib.decompress(bytes_), 2


@chunk
def all_filters_skipped(index, bytes_, mask):
    return zlib.decompress(bytes_), 0xFFFFFFFF


@chunk
def garbage_behind_the_last_row(index, bytes_, mask):
    values = zlib.decompress(bytes_)
    return (zlib.compress(values[:-1] + b"x"), mask) if index == 2 else (bytes_, mask)


@case(9)
def other_chunk(forgery):
    forgery.arrays[OWN] = np.arange(ROWS * 2048, dtype="u1").reshape(ROWS, 2048)
    forgery.stored[OWN] = lambda index, bytes_, mask: (zlib.compress(bytes(4096)), 0) if index == 0 else (bytes_, mask)


def bomb_of(rows, width):
    """Declares a column of the given number of bytes and stores none of it."""

    def change(forgery):
        forgery.documents[STATE]["replay"] = {
            "capacity": rows, "chunk_length": rows, "count": rows, "cursor": rows - 1}
        for path in [f"{REPLAY}/frames", f"{REPLAY}/actions", f"{REPLAY}/rewards", FLAGS]:
            del forgery.arrays[path]
        forgery.arrays[OWN] = np.zeros((1, 1), "u1")
        forgery.listed[OWN] = {"shape": [rows, width], "chunk_rows": rows}
        forgery.instead(OWN, shape=(rows, width), dtype="u1", chunks=(rows, width), compression="gzip")

    return change


@case(21)
def claim_below_the_limit(forgery):
    bomb_of(5, 1 << 20)(forgery)


@case(8)
def claim_above_the_limit(forgery):
    bomb_of(5, 1 << 25)(forgery)


@case(21)
def chunk_above_256_mib(forgery):
    bomb_of(5, 1 << 20)(forgery)
    forgery.listed[OWN] = {"shape": [1 << 10, 1 << 10], "chunk_rows": 1 << 40}


@case(21)
def many_tiny_chunks(forgery):
    bomb_of(1 << 20, 1)(forgery)
    forgery.listed[OWN]["chunk_rows"] = 1
    forgery.documents[STATE]["replay"]["chunk_length"] = 1


# R10, R14, R15: documents.


def document(path, rule=10, versions=("2.0",)):
    """A case in which a document has other bytes, which `function` makes from the valid ones."""

    def register(function):
        def change(forgery):
            forgery.documents[path] = function(text(forgery.documents[path]))

        change.__name__ = function.__name__
        return case(rule, versions)(change)

    return register


@document("configuration", versions=("1.1", "2.0"))
def nested_arrays(sound):
    return b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"


@document("configuration")
def nested_objects(sound):
    return b'{"a":' * 4000 + b"0" + b"}" * 4000


@document("configuration")
def nested_and_never_closed(sound):
    return b'{"a":' + b"[" * 20_000


@document("progress")
def nested_in_an_unknown_key(sound):
    return sound[:-1] + b',"more":' + b"[" * 4000 + b"]" * 4000 + b"}"


@document("configuration")
def key_twice(sound):
    return sound[:-1] + b',"frame_stack":2}'


@document("progress")
def key_twice_in_counters(sound):
    return sound.replace(b'"episodes":1', b'"episodes":1,"episodes":2')


@document("progress")
def key_twice_by_escape(sound):
    return sound.replace(b'"episodes":1', b'"episodes":1,"episode\\u0073":2')


@document("configuration")
def utf_16(sound):
    return sound.decode().encode("utf-16-le")


@document("configuration")
def utf_32_with_a_mark(sound):
    return sound.decode().encode("utf-32")


@document("configuration")
def not_utf_8(sound):
    return b'{"a":"\xff\xfe"}'


@document("configuration")
def half_a_surrogate(sound):
    return b'{"a":"\\ud800"}'


@document("configuration")
def number_beyond_all_bounds(sound):
    return b'{"a":1e999}'


@document("configuration")
def not_a_number(sound):
    return b'{"a":NaN}'


@document("progress")
def counter_beyond_integers(sound):
    return sound.replace(b'"episodes":1', b'"episodes":99999999999999999999')


@document("architecture")
def network_beyond_all_bounds(sound):
    return sound.replace(b'"shape":[2]', b'"shape":[16777216,16777216,16777216]')


@document("architecture")
def network_of_many_axes(sound):
    return sound.replace(b'"shape":[2]', b'"shape":[' + b"1," * 2000 + b"0]")


@document("architecture", rule=11)
def network_too_large_for_the_file(sound):
    return sound.replace(b'"layers":[]', b'"layers":[{"type":"dense","units":16777216}]')


@case(15, ("1.1", "2.0"))
def ring_beyond_integers(forgery):
    # The sum of the two largest numbers overflows.
    for path in [f"{REPLAY}/frames", f"{REPLAY}/actions", f"{REPLAY}/rewards", FLAGS]:
        del forgery.arrays[path]
    largest = (1 << 63) - 1
    forgery.documents[STATE]["replay"] = {
        "capacity": largest, "chunk_length": 1 << 30, "count": largest, "cursor": 0}


@case(15)
def ring_of_huge_chunks(forgery):
    forgery.documents[STATE]["replay"]["chunk_length"] = 1 << 30


@case(15)
def ring_below_zero(forgery):
    forgery.documents[STATE]["replay"]["cursor"] = -1


@case(14)
def worker_of_a_huge_number(forgery):
    forgery.documents["workers/18446744073709551616/state"] = forgery.documents[STATE]


@case(16)
def extension_of_another_name(forgery):
    forgery.documents["extensions/org.example/descriptor"]["owner"] = "../org.example"


# R10, R23, R24: networks, environments and masks of 2.1.


def network(rule=10, name=None):
    """A case in which `function` changes the architecture and the parameters of a network of 2.1."""

    def register(function):
        def change(forgery):
            function(forgery.documents["architecture"], forgery.arrays)

        change.__name__ = name or function.__name__
        return case(rule, ("2.1",))(change)

    return register


@network(0, "sound_network_with_every_key")
def every_key(architecture, arrays):
    architecture["input"] = {"element": "float32", "shape": [2, 5, 4]}
    architecture["input_offset"] = [0.5]
    architecture["input_scale"] = [2.0] * 40
    architecture["layers"] = [
        {"type": "convolution", "outputs": 3, "kernel": [3, 2], "stride": 1, "padding": [1, 0], "activation": "tanh"},
        {"type": "layer_norm", "activation": None},
        {"type": "max_pooling", "kernel": 2, "stride": [2, 1], "padding": 1},
        {"type": "average_pooling", "kernel": [2, 2], "stride": 1},
        {"type": "dense", "units": 2, "activation": "gelu"}]
    for path in [BIAS, "parameters/online/head/weight"]:
        del arrays[path]
    online = "parameters/online"
    shapes = {
        "layers/0/weight": (3, 2, 3, 2), "layers/0/bias": (3,), "layers/1/weight": (3, 5, 3),
        "layers/1/bias": (3, 5, 3), "layers/4/weight": (2, 18), "layers/4/bias": (2,), "value/layers/0/weight": (4, 2),
        "value/layers/0/bias": (4,), "value/layers/1/weight": (4,), "value/layers/1/bias": (4,),
        "value/output/weight": (1, 4), "value/output/bias": (1,), "advantage/output/weight": (2, 2),
        "advantage/output/bias": (2,)}
    architecture["head"] = {
        "type": "dueling", "actions": 2, "advantage_layers": [],
        "value_layers": [{"type": "dense", "units": 4, "activation": "elu"}, {"type": "layer_norm"}]}
    for path, shape in shapes.items():
        arrays[f"{online}/{path}"] = np.linspace(-1, 1, int(np.prod(shape)), dtype="<f4").reshape(shape)


@network()
def unknown_activation(architecture, arrays):
    architecture["layers"] = [{"type": "dense", "units": 2, "activation": "swish"}]


@network()
def offset_of_the_wrong_length(architecture, arrays):
    architecture["input_offset"] = [1, 2, 3]


@network()
def scale_beyond_float32(architecture, arrays):
    architecture["input_scale"] = [1e39]


@network()
def negative_padding(architecture, arrays):
    architecture["input"]["shape"] = [1, 4, 4]
    architecture["layers"] = [{"type": "convolution", "outputs": 1, "kernel": 2, "stride": 1, "padding": -1}]


@network()
def padding_beyond_all_bounds(architecture, arrays):
    architecture["input"]["shape"] = [1, 4, 4]
    architecture["layers"] = [
        {"type": "convolution", "outputs": 1, "kernel": (1 << 62) + 1, "stride": 1, "padding": 1 << 62}]


@network()
def pooling_of_the_padding_alone(architecture, arrays):
    architecture["input"]["shape"] = [1, 4, 4]
    architecture["layers"] = [{"type": "max_pooling", "kernel": 2, "stride": 1, "padding": 2}]


@network()
def no_quantiles(architecture, arrays):
    architecture["head"] = {"type": "quantiles", "actions": 2, "quantiles": 0}


@network()
def quantiles_beyond_all_bounds(architecture, arrays):
    architecture["head"] = {"type": "quantiles", "actions": 2, "quantiles": (1 << 63) - 1}


@network()
def quantiles_too_many_in_total(architecture, arrays):
    architecture["head"] = {"type": "quantiles", "actions": 65536, "quantiles": 65536}


@network()
def one_stream(architecture, arrays):
    architecture["head"]["type"] = "dueling"
    architecture["head"]["value_layers"] = []


@network()
def convolution_in_a_stream(architecture, arrays):
    architecture["head"] = {
        "type": "actor_critic", "actions": 2, "policy_layers": [],
        "value_layers": [{"type": "convolution", "outputs": 1, "kernel": 1, "stride": 1}]}


@network()
def many_large_poolings(architecture, arrays):
    architecture["input"] = {"element": "uint8", "shape": [1, 16384, 16384]}
    architecture["layers"] = [{"type": "max_pooling", "kernel": 1, "stride": 1}] * 4


@network(11)
def normalization_too_large_for_the_file(architecture, arrays):
    architecture["input"]["shape"] = [1 << 24]
    architecture["layers"] = [{"type": "layer_norm"}]


def second_environment(function):
    """Adds a valid second environment, and masks to both replays, before `function` changes them."""

    def change(forgery):
        ring = dict(forgery.documents[STATE]["replay"])
        forgery.documents[STATE]["environments"] = [{"episode_length": 2, "episode_return": 0.5, "replay": ring}]
        for name in ["frames", "actions", "rewards", "flags"]:
            forgery.arrays[f"{SECOND_REPLAY}/{name}"] = forgery.arrays[f"{REPLAY}/{name}"]
        for replay in [REPLAY, SECOND_REPLAY]:
            forgery.arrays[f"{replay}/next_action_masks"] = np.array([[1, 1], [0, 1], [1, 0], [0, 0], [0, 0]], "u1")
        for place in ["workers/0", SECOND]:
            forgery.arrays[f"{place}/action_mask"] = np.array([0, 1], "u1")
        function(forgery)

    change.__name__ = function.__name__
    return change


@case(0, ("2.1",))
@second_environment
def sound_second_environment(forgery):
    pass


@case(23, ("2.1",))
@second_environment
def environment_without_an_entry(forgery):
    forgery.arrays["workers/0/environments/7/action_mask"] = np.array([0, 1], "u1")


@case(23, ("2.1",))
@second_environment
def environment_with_a_generator(forgery):
    forgery.arrays[f"{SECOND}/random/exploration"] = np.array([1, 2, 3, 4], "<u8")


@case(24, ("2.1",))
@second_environment
def mask_of_three_actions(forgery):
    forgery.arrays[f"{SECOND}/action_mask"] = np.array([0, 1, 1], "u1")


@case(24, ("2.1",))
@second_environment
def masks_of_the_wrong_width(forgery):
    forgery.arrays[f"{REPLAY}/next_action_masks"] = np.ones((ROWS, 3), "u1")


@case(24, ("2.1",))
@second_environment
def masks_of_floats(forgery):
    forgery.arrays[f"{SECOND_REPLAY}/next_action_masks"] = np.zeros((ROWS, 2), "<f4")


@case(24, ("2.1",))
@second_environment
def masks_with_another_byte(forgery):
    forgery.arrays[f"{SECOND_REPLAY}/next_action_masks"][1, 1] = 255


@case(24, ("2.1",))
@second_environment
def masks_without_an_action(forgery):
    forgery.arrays[f"{REPLAY}/next_action_masks"][ROWS - 1, 0] = 1


# R22, R25 to R31: what the parts mean together. The run's method is one of swift-dqn's.


def add_run(forgery):
    """Makes the sound file one of a run of two workers with `async-dqn` in CartPole."""
    forgery.documents["configuration"] |= {
        "environment": "CartPole-v1", "method": "async-dqn", "optimizer": "adam", "refresh_interval": 3, "wrappers": []}
    forgery.documents["progress"]["counters"] |= {"gradient_updates": 9}
    forgery.documents["optimizer/state"] = {
        "hyperparameters": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-08}, "kind": "adam", "step_count": 9}
    for name in ["weight", "bias"]:
        online = forgery.arrays[f"parameters/online/head/{name}"]
        forgery.arrays[f"parameters/target/head/{name}"] = online
        forgery.arrays[f"optimizer/slots/first_moment/head/{name}"] = -online
        forgery.arrays[f"optimizer/slots/second_moment/head/{name}"] = online
    forgery.documents[STATE]["learner"] = {"kind": "async-dqn", "version": 1}
    forgery.arrays |= {
        "workers/0/random/exploration": np.array([1, 2, 3, 4], "<u8"),
        "workers/0/random/sampling": np.array([5, 6, 7, 8], "<u8"),
        "workers/0/observation": np.array([0.5, 1.5], "<f4"),
        "workers/0/learner/parameters": np.arange(6, dtype="<f4"),
        "workers/0/learner/pulled_at": np.array([8], "<i8"),
        "workers/0/learner/updates_until_refresh": np.array([2], "<i8")}


def run(rule):
    """A case of a file that a run has written, apart from what `function` changes."""

    def register(function):
        def change(forgery):
            add_run(forgery)
            function(forgery)

        change.__name__ = function.__name__
        return case(rule, ("2.0", "2.1"))(change)

    return register


@run(0)
def sound_run(forgery):
    pass


@run(22)
def final_slot_without_an_end(forgery):
    forgery.arrays[FLAGS][2] = 8
    forgery.arrays[f"{REPLAY}/actions"][2] = -1


@run(25)
def network_with_a_key_more(forgery):
    forgery.documents["architecture"]["dropout"] = 0.5


@run(25)
def head_with_a_key_more(forgery):
    forgery.documents["architecture"]["head"]["temperature"] = 2


@run(25)
def layer_with_a_key_more(forgery):
    forgery.documents["architecture"]["layers"] = [{"type": "dense", "units": 2, "padding": "same"}]
    for place in ["parameters/online", "parameters/target"]:
        forgery.arrays[f"{place}/layers/0/weight"] = np.eye(2, dtype="<f4")
        forgery.arrays[f"{place}/layers/0/bias"] = np.zeros(2, "<f4")


@run(26)
def environment_that_is_a_number(forgery):
    forgery.documents["configuration"]["environment"] = 1


@run(26)
def wrappers_that_are_numbers(forgery):
    forgery.documents["configuration"]["wrappers"] = [4]


@run(27)
def counter_that_cannot_advance(forgery):
    forgery.documents["progress"]["counters"]["frames"] = (1 << 53) - 1


@run(27)
def history_of_later_steps(forgery):
    forgery.arrays["history/agent_steps"] = np.array([1, 8], "<i8")
    forgery.arrays["history/columns/train/loss"] = np.array([1, 2], "<f8")


@run(27)
def sum_of_no_count(forgery):
    forgery.documents["progress"]["statistics"]["updates"] = 1e300


@run(28)
def negative_second_moment(forgery):
    forgery.arrays["optimizer/slots/second_moment/head/bias"] = np.array([-1, 1], "<f4")


@run(29)
def no_sampling_stream(forgery):
    del forgery.arrays["workers/0/random/sampling"]


@run(29)
def environments_missing(forgery):
    forgery.documents["configuration"]["environments_per_worker"] = 2


@run(30)
def pulled_below_zero(forgery):
    forgery.arrays["workers/0/learner/pulled_at"] = np.array([-1 << 63], "<i8")


@run(30)
def never_refreshed(forgery):
    forgery.arrays["workers/0/learner/updates_until_refresh"] = np.array([-1 << 63], "<i8")


@run(30)
def copy_of_another_network(forgery):
    forgery.arrays["workers/0/learner/parameters"] = np.arange(5, dtype="<f4")


@run(31)
def reward_that_is_no_number(forgery):
    forgery.arrays[f"{REPLAY}/rewards"][1] = np.nan


@run(31)
def frame_that_is_infinite(forgery):
    forgery.arrays[f"{REPLAY}/frames"][1, 1] = np.inf


# What 2.1 adds is not part of 2.0.


@document("architecture")
def activation_before_2_1(sound):
    return sound.replace(b'"layers":[]', b'"layers":[{"activation":"tanh","type":"dense","units":2}]')


@case(14)
def mask_before_2_1(forgery):
    forgery.arrays["workers/0/action_mask"] = np.array([0, 1], "u1")


def main():
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.h5"):
        old.unlink()
    for rule, version, name, change in cases:
        forgery = Forgery(version)
        change(forgery)
        title = f"rule-{rule}-{name}" if rule else name
        forgery.write(folder / f"{title}-{version}.h5")


if __name__ == "__main__":
    main()

"""A model of a disk that loses data: what a power cut may leave of the file calls in a log.

A file's writes are safe once the file is synchronised. Creations, renames and unlinks in a directory are safe once the
directory is synchronised. Until then:

  * each 4,096-byte block of a file may be as after any of its writes;
  * the file may have any of its earlier lengths or one between them, with zeros where no data arrived;
  * each change of a name may or may not have happened, independently of earlier ones.
"""

import os

BLOCK = 4096
# How to choose among pending changes: none, all, the first ones, or each independently, which is the hardest case.
WAYS = ["none", "all", "first", "any", "any", "any"]


class File:
    """A file's bytes on the disk, and its pending changes."""

    def __init__(self):
        self.durable = b""
        self.pending = []
        self.known = None

    def change(self, offset, data):
        """A write; `data` is None for a truncation at `offset`."""
        self.pending.append((offset, data))
        self.known = None

    def synchronise(self):
        self.durable = self.content(len(self.pending))
        self.pending = []
        self.known = None

    def content(self, changes):
        """The bytes after the first `changes` pending changes."""
        buffer = bytearray(self.durable)
        for offset, data in self.pending[:changes]:
            apply(buffer, offset, data)
        return bytes(buffer)

    def history(self):
        """Every version of each block since the last synchronisation, and every length of the file."""
        if self.known:
            return self.known
        buffer = bytearray(self.durable)
        blocks = {index: [block(buffer, index)] for index in range(-(-len(buffer) // BLOCK))}
        lengths = [len(buffer)]
        for offset, data in self.pending:
            before = len(buffer)
            apply(buffer, offset, data)
            end = max(before, len(buffer)) if data is None else offset + len(data)
            for index in range(offset // BLOCK, -(-end // BLOCK)):
                blocks.setdefault(index, [bytes(BLOCK)]).append(block(buffer, index))
            lengths.append(len(buffer))
        self.known = (blocks, sorted(set(lengths)))
        return self.known

    def after_cut(self, generator):
        """Bytes that a power cut may leave."""
        if not self.pending:
            return self.durable
        way = generator.choice(WAYS)
        if way == "none":
            return self.durable
        if way == "all":
            return self.content(len(self.pending))
        if way == "first":
            return self.content(generator.randint(0, len(self.pending)))
        blocks, lengths = self.history()
        length = generator.choice([*lengths, generator.randint(lengths[0], lengths[-1]), lengths[-1]])
        picked = (generator.choice(blocks.get(index, [bytes(BLOCK)])) for index in range(-(-length // BLOCK)))
        return b"".join(picked)[:length]


def apply(buffer, offset, data):
    if data is None:
        del buffer[offset:]
    end = offset + len(data or b"")
    buffer.extend(bytes(max(0, end - len(buffer))))
    if data is not None:
        buffer[offset:end] = data


def block(buffer, index):
    return bytes(buffer[index * BLOCK:(index + 1) * BLOCK]).ljust(BLOCK, b"\0")


class Directory:
    """A directory's names on the disk, and its pending changes."""

    def __init__(self):
        self.durable = {}
        self.pending = []

    def change(self, gone, come=None, file=None):
        """Removes the name `gone` and makes `come` refer to `file`; either may be None."""
        self.pending.append((gone, come, file))

    def synchronise(self):
        self.durable = self.names(self.pending)
        self.pending = []

    def names(self, changes):
        names = dict(self.durable)
        for gone, come, file in changes:
            names.pop(gone, None)
            if come:
                names[come] = file
        return names

    def after_cut(self, generator):
        """Names that a power cut may leave."""
        way = generator.choice(WAYS)
        if way == "none":
            return self.durable
        if way == "all":
            return self.names(self.pending)
        if way == "first":
            return self.names(self.pending[:generator.randint(0, len(self.pending))])
        return self.names([change for change in self.pending if generator.random() < 0.5])


class Disk:
    """A disk that follows the calls of a log."""

    def __init__(self, data):
        self.data = data
        self.directories = {}
        self.descriptors = {}

    def directory(self, path):
        return self.directories.setdefault(path, Directory())

    def file(self, path):
        """The file at a path, or None."""
        folder, _, name = path.rpartition("/")
        directory = self.directory(folder)
        return directory.names(directory.pending).get(name)

    def take(self, call):
        if call.result < 0:
            return
        folder, _, name = call.path.rpartition("/")
        if call.kind in ("open", "create"):
            file = None if call.flags & os.O_DIRECTORY == os.O_DIRECTORY else self.file(call.path)
            if file is None and call.kind == "create":
                file = File()
                self.directory(folder).change(None, name, file)
            if file and call.flags & os.O_TRUNC:
                file.change(0, None)
            self.descriptors[call.descriptor] = file
        elif call.kind == "sync-directory":
            self.directory(call.path).synchronise()
        elif call.kind == "rename":
            target, _, new_name = call.second.rpartition("/")
            if target != folder:
                raise ValueError(f"a rename from one directory to another is not modelled: {call}")
            self.directory(folder).change(name, new_name, self.file(call.path))
        elif call.kind == "unlink":
            self.directory(folder).change(name)
        elif call.kind == "close":
            self.descriptors.pop(call.descriptor, None)
        elif file := self.descriptors.get(call.descriptor):
            if call.kind == "write":
                file.change(call.offset, self.data[call.data:call.data + call.result])
            elif call.kind == "truncate":
                file.change(call.length, None)
            elif call.kind == "sync":
                file.synchronise()

    def after_cut(self, generator):
        """{path: bytes} of a state that a power cut may leave."""
        state = {}
        for path, directory in self.directories.items():
            for name, file in directory.after_cut(generator).items():
                state[f"{path}/{name}"] = file.after_cut(generator)
        return state

"""A disk that forgets: what a power cut may leave of the file calls in a log.

A file's writes reach the disk when it is synchronised, a directory's creations, renames and unlinks when the directory
is. Until then, each 4,096-byte block of a file may be as it was after any of its writes, the file may have any of the
lengths it had or one between them, with zeros where no data came, and each change of a name may have happened or not,
whatever became of those before it.
"""

import os

BLOCK = 4096
# How is chosen among what is pending: nothing, all, what came first, or each change by itself, which is the hardest.
WAYS = ["none", "all", "first", "any", "any", "any"]


class File:
    """One file's bytes: those on the disk, and the changes that are not there yet."""

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
        """The bytes after the first so many of the pending changes."""
        buffer = bytearray(self.durable)
        for offset, data in self.pending[:changes]:
            apply(buffer, offset, data)
        return bytes(buffer)

    def history(self):
        """Every version that each block has had since the last synchronisation, and every length of the file."""
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
    """One directory's names: those on the disk, and the changes that are not there yet."""

    def __init__(self):
        self.durable = {}
        self.pending = []

    def change(self, gone, come=None, file=None):
        """The name `gone` disappears and `come` leads to `file`; either may be None."""
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
    """Takes the calls of a log, one by one."""

    def __init__(self, data):
        self.data = data
        self.directories = {}
        self.descriptors = {}

    def directory(self, path):
        return self.directories.setdefault(path, Directory())

    def file(self, path):
        """The file that a path leads to now; None where there is none."""
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

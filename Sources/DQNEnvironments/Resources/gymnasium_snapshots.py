"""Captures and restores Gymnasium environments as data: a document of the attributes, and arrays.

usage: imported by gymnasium_worker
"""

import random
import struct

from gymnasium_capture import Capture
from gymnasium_restore import Restoration
from gymnasium_values import Unfit

ARRAY_TYPES = {"<f8": 1, "<f4": 2, "<i8": 3, "<u8": 4, "|u1": 5}


class Snapshots:
    """Captures and restores the attributes of an environment and its wrappers."""

    def __init__(self, environment, gymnasium, numpy):
        self.environment = environment
        self.gymnasium = gymnasium
        self.numpy = numpy
        self.global_state = self.read_global_state()

    def read_global_state(self):
        """The state of the generators that all Python code shares; an environment that uses them cannot be captured."""
        state = self.numpy.random.get_state(legacy=False)
        return random.getstate(), state["state"]["pos"], state["state"]["key"].tobytes()

    def capture(self):
        if self.read_global_state() != self.global_state:
            raise Unfit("it draws from the generator that all Python code shares (random or numpy.random)")
        try:
            return Capture(self.environment, self.gymnasium, self.numpy).document()
        except RecursionError:
            raise Unfit("its objects refer to each other in too long a chain") from None

    def restore(self, document, arrays):
        Restoration(self.environment, self.gymnasium, self.numpy, arrays).restore(document)


def pack(document, arrays):
    """Encodes the document and the arrays: a count, then for each its type, its number of elements and its bytes."""
    parts = [struct.pack("<Q", len(arrays) + 1), struct.pack("<QQ", ARRAY_TYPES["|u1"], len(document)), document]
    for _, array, _ in arrays:
        code = ARRAY_TYPES.get(array.dtype.str, ARRAY_TYPES["|u1"])
        data = array.tobytes()
        parts += [struct.pack("<QQ", code, array.size if array.dtype.str in ARRAY_TYPES else len(data)), data]
    return b"".join(parts)


def unpack(data):
    """Decodes the document and the bytes of each array."""
    sizes = {code: int(name[2]) for name, code in ARRAY_TYPES.items()}
    (count,), position, arrays = struct.unpack_from("<Q", data), 8, []
    for _ in range(count):
        code, elements = struct.unpack_from("<QQ", data, position)
        size = sizes[code] * elements
        arrays.append(data[position + 16 : position + 16 + size])
        position += 16 + size
    return arrays[0], arrays[1:]

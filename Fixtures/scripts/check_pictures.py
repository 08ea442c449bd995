"""Decodes PNG and GIF files independently of the Swift encoders, by their specifications, and prints their contents.

usage: check_pictures.py FILE...        decodes each file completely; prints its size and, for films, frames and seconds
       check_pictures.py --fixtures     compares Fixtures/pictures, pixel by pixel, with the pictures they should show

Ends with 1 and a line on standard error at the first error. Needs only the standard library.
"""

import argparse
import struct
import sys
import zlib
from pathlib import Path

PICTURES = Path(__file__).resolve().parent.parent / "pictures"


class Broken(Exception):
    """An error in a file."""


def require(condition, message):
    if not condition:
        raise Broken(message)


# ---------------------------------------------------------------------------------------------------------------------
# PNG


def decode_png(data):
    """Width, height, and the pixels as bytes of red, green and blue."""
    require(data[:8] == b"\x89PNG\r\n\x1a\n", "it has no PNG signature")
    position, kinds, header, compressed = 8, [], b"", b""
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        content = data[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack(">I", data[position + 8 + length : position + 12 + length])
        require(zlib.crc32(kind + content) == checksum, f"chunk {kind} has a wrong checksum")
        kinds.append(kind)
        header = content if kind == b"IHDR" else header
        compressed += content if kind == b"IDAT" else b""
        position += 12 + length
    require(kinds[0] == b"IHDR" and kinds[-1] == b"IEND" and position == len(data), f"its chunks are {kinds}")
    width, height, *rest = struct.unpack(">IIBBBBB", header)
    require(rest == [8, 2, 0, 0, 0], f"its kind is {rest}, not eight bits of three colours")
    rows = zlib.decompress(compressed)
    require(len(rows) == height * (3 * width + 1), "it lacks rows")
    pixels, above = b"", bytes(3 * width)
    for y in range(height):
        kind, row = rows[y * (3 * width + 1)], bytearray(rows[y * (3 * width + 1) + 1 : (y + 1) * (3 * width + 1)])
        require(kind in (0, 1, 2), f"row {y} has the filter {kind}, which is not known here")
        for index in range(len(row)):
            left = row[index - 3] if index >= 3 else 0
            row[index] = (row[index] + (0, left, above[index])[kind]) & 255
        pixels, above = pixels + bytes(row), row
    return width, height, pixels


# ---------------------------------------------------------------------------------------------------------------------
# GIF


def decompress_lzw(data, bits):
    """The indices from data packed by GIF's variant of LZW."""
    clear, end = 1 << bits, (1 << bits) + 1
    table, size, previous = [], bits + 1, None
    result, pending, count, position = bytearray(), 0, 0, 0
    while True:
        while count < size:
            require(position < len(data), "its codes end too early")
            pending |= data[position] << count
            count += 8
            position += 1
        code = pending & ((1 << size) - 1)
        pending >>= size
        count -= size
        if code == clear:
            table = [bytes([index]) for index in range(clear)] + [b"", b""]
            size, previous = bits + 1, None
            continue
        require(table, "its codes begin without a clear code")
        if code == end:
            require(position == len(data), "there is more behind the last code")
            return bytes(result)
        if previous is None:
            require(code < clear, f"the first code is {code}")
            entry = table[code]
        else:
            require(code <= len(table), f"code {code} is not known yet")
            entry = table[code] if code < len(table) else previous + previous[:1]
            if len(table) < 4096:
                table.append(previous + entry[:1])
                if len(table) == 1 << size and size < 12:
                    size += 1
        result += entry
        previous = entry


def decode_gif(data):
    """Width, height, and for each frame the picture shown and its duration in hundredths of a second."""
    require(data[:6] == b"GIF89a", "it has no GIF signature")
    width, height, packed = struct.unpack("<HHB", data[6:11])
    require(not packed & 0x80, "it has a palette for all frames, which is not known here")
    position, frames, canvas, control, is_endless = 13, [], bytearray(3 * width * height), None, False

    def blocks(position):
        content = b""
        while data[position]:
            content += data[position + 1 : position + 1 + data[position]]
            position += 1 + data[position]
        return content, position + 1

    while data[position] != 0x3B:
        if data[position] == 0x21:
            label = data[position + 1]
            content, position = blocks(position + 2)
            if label == 0xF9:
                control = struct.unpack("<BHB", content)
            elif label == 0xFF:
                is_endless = content == b"NETSCAPE2.0\x01\x00\x00"
            continue
        require(data[position] == 0x2C and control, f"a block begins with {data[position]}")
        left, top, columns, rows, packed = struct.unpack("<HHHHB", data[position + 1 : position + 10])
        require(packed & 0xC0 == 0x80, "a frame has no palette, or is interlaced")
        require(left + columns <= width and top + rows <= height, "a frame lies outside the film")
        colors = 2 << (packed & 7)
        palette = data[position + 10 : position + 10 + 3 * colors]
        bits = data[position + 10 + 3 * colors]
        content, position = blocks(position + 11 + 3 * colors)
        indices = decompress_lzw(content, bits)
        require(len(indices) == columns * rows, f"a frame has {len(indices)} pixels, not {columns * rows}")
        flags, delay, transparent = control
        require(flags >> 2 & 7 == 1, "a frame is not left standing")
        for number, index in enumerate(indices):
            if flags & 1 and index == transparent:
                continue
            require(index < colors, f"a pixel has color {index} of {colors}")
            start = 3 * ((top + number // columns) * width + left + number % columns)
            canvas[start : start + 3] = palette[3 * index : 3 * index + 3]
        frames.append((bytes(canvas), delay))
        control = None
    require(position == len(data) - 1, "there is more behind its end")
    require(is_endless, "it does not begin again")
    return width, height, frames


# ---------------------------------------------------------------------------------------------------------------------
# The pictures in the fixtures


def hash_of(index, salt):
    """The hash of Fixtures/README.md."""
    value = (index + salt * 0x9E3779B9) & 0xFFFFFFFF
    value ^= value >> 16
    value = value * 0x85EBCA6B & 0xFFFFFFFF
    value ^= value >> 13
    value = value * 0xC2B2AE35 & 0xFFFFFFFF
    return value ^ value >> 16


def check_fixtures():
    """Compares the fixtures with what the tests draw."""
    width, height, pixels = decode_png((PICTURES / "tiny.png").read_bytes())
    require((width, height) == (5, 4), "tiny.png is not 5 by 4 pixels")
    require(pixels == bytes(hash_of(index, 11) >> 24 for index in range(60)), "tiny.png has other pixels")

    width, height, frames = decode_gif((PICTURES / "film.gif").read_bytes())
    require((width, height) == (96, 64), "film.gif is not 96 by 64 pixels")
    require([delay for _, delay in frames] == [7, 4, 200, 10], "film.gif has other times")

    def few_colors(index, salt):
        color = hash_of(index, salt) % 200
        return bytes([color, 255 - color, color * 7 % 256])

    def in_middle(index):
        return 10 <= index % 96 < 30 and 20 <= index // 96 < 40

    first = b"".join(few_colors(index, 12) for index in range(96 * 64))
    second = b"".join(few_colors(index, 13 if in_middle(index) else 12) for index in range(96 * 64))
    require([frame for frame, _ in frames[:3]] == [first, second, second], "film.gif has other pixels")
    many = b"".join(bytes([x * 255 // 95, y * 255 // 63, x + y]) for y in range(64) for x in range(96))
    error = max(abs(one - other) for one, other in zip(many, frames[3][0]))
    # More than 255 colors: colors that differ only in their five lowest bits are replaced by their mean.
    require(error < 32, f"a merged color is off by {error}")
    print(f"the fixtures show the drawn pictures; merged colors are off by {error} at most")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--fixtures", action="store_true")
    arguments = parser.parse_args()
    name = "the fixtures"
    try:
        if arguments.fixtures:
            check_fixtures()
        for name in arguments.files:
            data = name.read_bytes()
            if data.startswith(b"GIF"):
                width, height, frames = decode_gif(data)
                seconds = sum(delay for _, delay in frames) / 100
                print(f"{name}: {width} by {height} pixels, {len(frames)} frames, {seconds} s")
            else:
                width, height, _ = decode_png(data)
                print(f"{name}: {width} by {height} pixels")
    except (Broken, OSError, struct.error, zlib.error, IndexError) as error:
        sys.exit(f"error: {name}: {error}")


if __name__ == "__main__":
    main()

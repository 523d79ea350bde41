"""Makes a browser's picture small: few colours, and no more of them than the eye needs. Pure."""

import struct
import zlib
from collections import Counter
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COARSE: Final = 4
"""Colours closer than this in each part are one, unless they stand alone on large areas."""


def smaller(png: bytes, colours: int = 256) -> bytes:
    """Return an RGB or RGBA picture of eight bits as one of so many colours; what is transparent turns black.

    Raises:
        ValueError: it is no such picture.
    """
    width, height, pixels = _pixels(png)
    palette, index = _palette(Counter(pixels), colours)
    rows = bytearray()
    for row in range(height):
        rows.append(0)
        rows += bytes(index[pixel] for pixel in pixels[row * width : (row + 1) * width])
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", head),
            _chunk(b"PLTE", b"".join(palette)),
            _chunk(b"IDAT", zlib.compress(bytes(rows), 9)),
            _chunk(b"IEND", b""),
        )
    )


def size(png: bytes) -> tuple[int, int]:
    """Return width and height in pixels."""
    if not png.startswith(SIGNATURE):
        raise ValueError("no PNG")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def _pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    width, height = size(png)
    depth, kind = png[24], png[25]
    parts = {2: 3, 6: 4}.get(kind)
    if depth != 8 or parts is None or png[28]:
        raise ValueError("no RGB picture of eight bits")
    packed, place = bytearray(), len(SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            packed += png[place + 8 : place + 8 + length]
        place += 12 + length
    raw, stride = zlib.decompress(bytes(packed)), width * parts
    above, pixels = bytearray(stride), list[bytes]()
    for row in range(height):
        begin = row * (stride + 1)
        line = bytearray(raw[begin + 1 : begin + 1 + stride])
        _unfilter(raw[begin], line, above, parts)
        pixels += [bytes(line[at : at + 3]) for at in range(0, stride, parts)]
        above = line
    return width, height, pixels


def _unfilter(kind: int, line: bytearray, above: bytearray, parts: int) -> None:
    if kind == 0:
        return
    for at in range(len(line)):
        left = line[at - parts] if at >= parts else 0
        corner = above[at - parts] if at >= parts else 0
        guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
        line[at] = (line[at] + guess) & 255


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda one: abs(guess - one))


def _palette(counted: Counter[bytes], colours: int) -> tuple[list[bytes], dict[bytes, int]]:
    coarse = Counter[bytes]()
    stands_for = dict[bytes, bytes]()
    for colour, count in counted.most_common():
        near = bytes(part // _COARSE for part in colour)
        stands_for.setdefault(near, colour)
        coarse[near] += count
    palette = [stands_for[near] for near, _ in coarse.most_common(colours)]
    place = {colour: index for index, colour in enumerate(palette)}
    index = dict[bytes, int]()
    for colour in counted:
        own = stands_for[bytes(part // _COARSE for part in colour)]
        index[colour] = place[own] if own in place else place[_nearest(own, palette)]
    return palette, index


def _nearest(colour: bytes, palette: list[bytes]) -> bytes:
    return min(palette, key=lambda one: sum((a - b) ** 2 for a, b in zip(one, colour, strict=True)))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

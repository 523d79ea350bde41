"""Browser pictures made small."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tour import png

PARTS = st.integers(0, 255)


def encoded(rows: list[list[tuple[int, int, int]]], filters: list[int]) -> bytes:
    """Write a picture with a filter for each row, as browsers do."""
    width, raw, above = len(rows[0]), bytearray(), bytes(3 * len(rows[0]))
    for row, kind in zip(rows, filters, strict=True):
        line = bytes(part for pixel in row for part in pixel)
        raw.append(kind)
        for at, part in enumerate(line):
            left = line[at - 3] if at >= 3 else 0
            corner = above[at - 3] if at >= 3 else 0
            guess = left + above[at] - corner
            paeth = min((left, above[at], corner), key=lambda one, guess=guess: abs(guess - one))
            known = (0, left, above[at], (left + above[at]) // 2, paeth)
            raw.append((part - known[kind]) & 255)
        above = line
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(raw))), (b"IEND", b""))
    return png.SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def decoded(picture: bytes) -> list[tuple[int, ...]]:
    """Read the colours of a picture with a palette, row by row."""
    width, height = png.size(picture)
    palette_at, data_at = picture.index(b"PLTE") + 4, picture.index(b"IDAT") + 4
    raw = zlib.decompressobj().decompress(picture[data_at:])
    colours = list[tuple[int, ...]]()
    for row in range(height):
        for index in raw[row * (width + 1) + 1 : (row + 1) * (width + 1)]:
            colours.append(tuple(picture[palette_at + 3 * index : palette_at + 3 * index + 3]))
    return colours


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_every_colour_stays_almost_what_it_was(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    row = st.lists(st.tuples(PARTS, PARTS, PARTS), min_size=width, max_size=width)
    rows = data.draw(st.lists(row, min_size=height, max_size=height))
    filters = data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    before = [pixel for row in rows for pixel in row]
    after = decoded(png.smaller(encoded(rows, filters)))
    for old, new in zip(before, after, strict=True):
        assert max(abs(a - b) for a, b in zip(old, new, strict=True)) < 4


def test_many_colours_become_256() -> None:
    rows = [[(x * 16, y * 16, (x * y) % 256) for x in range(16)] for y in range(32)]
    rows = [[(r & 255, g & 255, b) for r, g, b in row] for row in rows]
    picture = png.smaller(encoded(rows, [0] * 32))
    assert int.from_bytes(picture[picture.index(b"PLTE") - 4 : picture.index(b"PLTE")]) <= 256 * 3


@pytest.mark.parametrize("junk", [b"", b"GIF89a", png.SIGNATURE + bytes(40)])
def test_what_is_no_picture_is_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="no "):
        png.smaller(junk)

"""Small pictures in the forms that models take, made by hand: whole ones, whose size can be chosen."""

import struct
import zlib


def png(width: int = 1, height: int = 1, *, more: bytes = b"") -> bytes:
    """Return a PNG, grey; `more` is the text of a comment in it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x7f" * width) * height)
    comment = _chunk(b"tEXt", b"Comment\0" + more) if more else b""
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + comment + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    )


def jpeg(width: int = 1, height: int = 1) -> bytes:
    """Return what has the form of a JPEG; a program that decodes it would find nothing in it."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\x01\x01\x00\x00\x3f\x00"
    parts = _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + _segment(0xC0, frame) + _segment(0xDA, scan)
    return b"\xff\xd8" + parts + b"\x00\xff\xd9"


def gif(width: int = 1, height: int = 1) -> bytes:
    """Return a GIF of one colour."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00\x3b"


def webp(width: int = 1, height: int = 1) -> bytes:
    """Return what has the form of a lossless WebP."""
    bits = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", bits) + b"\0" * 5
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _segment(mark: int, content: bytes) -> bytes:
    return bytes((0xFF, mark)) + struct.pack(">H", len(content) + 2) + content

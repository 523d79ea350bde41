"""Pictures that an agent is shown beside a prompt: which ones a model takes, by what is in them. Pure.

A picture that the model's API refuses stays in the conversation, and every later turn of it fails. So a file
counts as a picture only if its own bytes say so and it is whole; no name and no claim of a sender counts.
Nothing is decoded here: only lengths and marks are read.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

IMAGE_BYTES: Final = 3_932_160
"""How large one may be: the API takes 5 MiB of it in base64."""
TURN_IMAGES: Final = 20
TURN_BYTES: Final = 10 * 1024**2
"""How much of them goes with one prompt: the API takes 32 MB with all that was said before."""
SIDE: Final = 8000
"""How many pixels wide or high. Claude Code 2.1.327 makes smaller itself what is beyond 2000."""
PIXELS: Final = 50_000_000
"""How many of them in all: whoever makes it smaller holds them in memory."""

_JPEG_SIZES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_TAIL: Final = 64


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as a model takes it. `media_type` is what its bytes are, such as `image/png`."""

    media_type: str
    content: bytes


def image_in(content: bytes) -> Image | None:
    """Return a file as a picture for the model; None if it is none, is not whole, or is too large."""
    if len(content) > IMAGE_BYTES:
        return None
    for begins, media_type, look in (
        (b"\x89PNG\r\n\x1a\n", "image/png", _png),
        (b"\xff\xd8\xff", "image/jpeg", _jpeg),
        (b"GIF87a", "image/gif", _gif),
        (b"GIF89a", "image/gif", _gif),
        (b"RIFF", "image/webp", _webp),
    ):
        if content.startswith(begins):
            size = look(content)
            return Image(media_type, content) if size is not None and _fits(*size) else None
    return None


def within_limits(images: Sequence[Image | None]) -> list[Image | None]:
    """Return pictures as far as one prompt takes them, in order; None for each that does not go."""
    shown: list[Image | None] = []
    count, left = 0, TURN_BYTES
    for image in images:
        goes = image is not None and count < TURN_IMAGES and len(image.content) <= left
        shown.append(image if goes else None)
        if goes and image is not None:
            count, left = count + 1, left - len(image.content)
    return shown


_Size = tuple[int, int] | None


def _fits(width: int, height: int) -> bool:
    return 0 < width <= SIDE and 0 < height <= SIDE and width * height <= PIXELS


def _png(content: bytes) -> _Size:
    size: _Size = None
    at = 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content):
            return None
        check = int.from_bytes(content[end - 4 : end], "big")
        if zlib.crc32(memoryview(content)[at + 4 : end - 4]) != check:
            return None
        if size is None:
            if kind != b"IHDR" or length != 13:
                return None
            size = _two(content[at + 8 : at + 16], 4, "big")
        if kind == b"IEND":
            return size
        at = end
    return None


def _jpeg(content: bytes) -> _Size:
    if b"\xff\xd9" not in content[-_JPEG_TAIL:]:
        return None
    for mark, at, length in _jpeg_parts(content):
        if mark in _JPEG_SIZES and length >= 7:
            height, width = _two(content[at + 3 : at + 7], 2, "big")
            return width, height
        if mark == 0xDA:
            return None
    return None


def _jpeg_parts(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield each part before the picture itself: its mark, where its length stands, and that."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        mark = content[at + 1]
        if mark == 0xFF:
            at += 1
        elif mark in _JPEG_ALONE:
            at += 2
        else:
            length = int.from_bytes(content[at + 2 : at + 4], "big")
            if length < 2 or at + 2 + length > len(content):
                return
            yield mark, at + 2, length
            at += 2 + length


def _gif(content: bytes) -> _Size:
    is_whole = len(content) > 13 and content.rstrip(b"\0").endswith(b";")
    return _two(content[6:10], 2, "little") if is_whole else None


def _webp(content: bytes) -> _Size:
    length = int.from_bytes(content[4:8], "little")
    if content[8:12] != b"WEBP" or length + 8 > len(content) or len(content) < 30:
        return None
    match content[12:16]:
        case b"VP8 " if content[23:26] == b"\x9d\x01\x2a":
            width, height = _two(content[26:30], 2, "little")
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L" if content[20] == 0x2F:
            bits = int.from_bytes(content[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return (
                int.from_bytes(content[24:27], "little") + 1,
                int.from_bytes(content[27:30], "little") + 1,
            )
        case _:
            return None


def _two(both: bytes, each: int, order: Literal["big", "little"]) -> tuple[int, int]:
    return int.from_bytes(both[:each], order), int.from_bytes(both[each:], order)

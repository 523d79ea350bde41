"""Which files an agent is shown as pictures: by their own bytes, whole, and within what its model takes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.images import IMAGE_BYTES, PIXELS, SIDE, TURN_BYTES, TURN_IMAGES, Image, image_in, within_limits
from tests.support.pictures import gif, jpeg, png, webp

FORMS = [(png, "image/png"), (jpeg, "image/jpeg"), (gif, "image/gif"), (webp, "image/webp")]
Make = Callable[[int, int], bytes]


@pytest.mark.parametrize(("make", "media_type"), FORMS)
def test_a_picture_is_known_by_its_bytes(make: Make, media_type: str) -> None:
    content = make(3, 2)
    assert image_in(content) == Image(media_type, content)
    assert image_in(make(SIDE, 1)) is not None
    assert image_in(make(1, SIDE)) is not None


@pytest.mark.parametrize(("make", "_media_type"), FORMS)
def test_a_picture_too_wide_or_too_high_goes_by_path(make: Make, _media_type: str) -> None:
    assert image_in(make(SIDE + 1, 1)) is None
    assert image_in(make(1, SIDE + 1)) is None


@pytest.mark.parametrize(("make", "_media_type"), FORMS)
def test_a_picture_cut_off_anywhere_is_none(make: Make, _media_type: str) -> None:
    content = make(3, 2)
    for end in range(len(content) - 1):
        assert image_in(content[:end]) is None


def test_a_picture_of_too_many_pixels_goes_by_path() -> None:
    assert image_in(webp(SIDE, PIXELS // SIDE)) is not None
    assert image_in(webp(SIDE, PIXELS // SIDE + 1)) is None


def test_a_png_with_a_damaged_part_is_none() -> None:
    content = bytearray(png(3, 2, more=b"hello"))
    content[content.index(b"hello")] ^= 1
    assert image_in(bytes(content)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"BM" + b"\0" * 60,
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 100,
        b"\xff\xd8\xff" + b"\xff" * 100 + b"\xff\xd9",
        b"GIF89a",
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 40,
        b"RIFF" + (40).to_bytes(4, "little") + b"WAVEfmt " + b"\0" * 40,
        png(0, 1),
    ],
)
def test_what_only_looks_like_a_picture_is_none(content: bytes) -> None:
    assert image_in(content) is None


def test_a_picture_of_too_many_bytes_goes_by_path() -> None:
    bare = len(png(1, 1, more=b"x"))
    assert image_in(png(1, 1, more=b"x" * (IMAGE_BYTES - bare + 1))) is not None
    assert image_in(png(1, 1, more=b"x" * (IMAGE_BYTES - bare + 2))) is None


def test_a_prompt_takes_so_many_pictures_and_bytes_of_them() -> None:
    small, large = Image("image/png", b"x"), Image("image/png", b"x" * (TURN_BYTES // 2))
    assert within_limits([None, small]) == [None, small]
    assert within_limits([small] * (TURN_IMAGES + 2)) == [*[small] * TURN_IMAGES, None, None]
    assert within_limits([large, large, large, small]) == [large, large, None, None]


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF"]), st.binary(max_size=400))
def test_no_bytes_break_the_look_at_them(begin: bytes, rest: bytes) -> None:
    image_in(begin + rest)

"""What the offline model shows on request."""

import base64
import zlib

from bot.demo.model import show


def test_a_long_text_is_about_150_kilobytes() -> None:
    assert 140_000 < len(show.long_text()) < 210_000
    assert show.long_text().count("```") % 2 == 0


def test_lines_are_numbered() -> None:
    assert show.lines(2) == "Line 1 of 2.\nLine 2 of 2."


def test_code_stands_in_a_block_of_its_own() -> None:
    text = show.code(3)
    assert text.count("\n```") == 2
    assert "print(3)" in text


def test_the_chart_is_a_whole_png() -> None:
    png = base64.b64decode(show.chart())
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    size = int.from_bytes(png[16:20]) + 1
    begin = png.index(b"IDAT") + 4
    drawn = zlib.decompressobj().decompress(png[begin:])
    assert len(drawn) % size == 0

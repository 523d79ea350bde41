"""Secrets in files that leave: masked in text of every encoding we know, and in plain bytes."""

import codecs

import pytest

from sessions.redacted_files import redacted_file
from sessions.redaction import MASK, Redactor

SECRET = "correct-horse-battery"


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_a_secret_in_text_is_masked_and_the_rest_stays(mark: bytes, name: str) -> None:
    content = mark + f"päss = {SECRET}\n".encode(name)
    masked = redacted_file(content, Redactor([SECRET]))
    assert masked == mark + f"päss = {MASK}\n".encode(name)


def test_a_secret_in_plain_bytes_of_a_binary_file_is_masked() -> None:
    content = b"\xff\xfe\x00\x9f" + SECRET.encode() + b"\x80\x81"
    masked = redacted_file(content, Redactor([SECRET]))
    assert SECRET.encode() not in masked
    assert masked.startswith(b"\xff\xfe\x00\x9f")
    assert masked.endswith(b"\x80\x81")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\xff", "grüße".encode(), b"\xff\xfea"])
def test_a_file_without_a_secret_keeps_every_byte(content: bytes) -> None:
    assert redacted_file(content, Redactor([SECRET])) == content
    assert redacted_file(content, Redactor()) == content

"""Files with their secrets masked, before they leave: text stays text, all else keeps its bytes. Pure."""

import codecs
from typing import Final

from sessions.redaction import Redactor

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def redacted_file(content: bytes, redactor: Redactor) -> bytes:
    """Return a file's content with a mask in place of each secret; the same bytes if it holds none.

    Text in UTF-8 or marked as UTF-16 is masked as text, in all encodings of the secrets that the
    redactor knows. In anything else a secret that stands there in plain bytes is masked all the same:
    a file that breaks by that is better than one that tells. What is compressed is not looked into.
    """
    if not redactor.knows_any:
        return content
    for mark, name in _MARKS:
        if content.startswith(mark):
            text = _decoded(content[len(mark) :], name)
            if text is not None:
                return mark + redactor.text(text).encode(name, "surrogatepass")
    text = _decoded(content, "utf-8")
    if text is not None:
        return redactor.text(text).encode()
    return redactor.text(content.decode("latin-1")).encode("latin-1")


def is_text(content: bytes) -> bool:
    """Whether a file is text that can be masked as such: in UTF-8, or marked as UTF-16."""
    if b"\0" not in content and _decoded(content, "utf-8") is not None:
        return True
    marked = [(mark, name) for mark, name in _MARKS if content.startswith(mark)]
    return any(_decoded(content[len(mark) :], name) is not None for mark, name in marked)


def _decoded(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except UnicodeDecodeError:
        return None

"""What the offline model shows on request: a table, headings, code, a long text, a report, a chart. Pure."""

import base64
import struct
import zlib
from typing import Final

TABLE: Final = """Here is the table:

| Room | Agent | Turns | Cost |
|:-----|:------|------:|-----:|
| lobby | Claude | 12 | $0.31 |
| workshop | Claude | 148 | $4.90 |
| library (Bücherei) | Claude | 7 | $0.08 |

The workshop is the busiest."""

WIDE_TABLE: Final = """What is open:

| Door | What is wrong with it | Since when | Who looks after it |
|:-----|:----------------------|:-----------|:-------------------|
| front | It does not close in the evening, when the hall is warm | Monday | ann |
| workshop | The key turns twice before the bolt moves at all | last week | ben |

Nothing is urgent."""

HEADINGS: Final = """# One heading
## Two
### Three
#### Four, which Discord cannot show
A list:
- first, with `code` and **bold** words
  - a part of the first
- second, with a [link](https://example.com/page)

1. one
2. two

- [x] done
- [ ] still to do

> A quotation of one line.

---
||A spoiler: the butler did it.|| And ~~no~~ *yes*."""

STORY: Final = """The start page loads in **1.9 s**. Most of that is one picture:

- `header.png` has 2.4 MB and is shown at a quarter of its size,
- two more requests wait for a font that no text uses.

If you make the picture smaller and drop the font, the page is there in 0.6 s. I can do both; say which."""

THOUGHT: Final = """There are two ways. The first reads every file and compares them, which is slow.
The second keeps a list of what was read. It needs a place for the list, but the list is short.
So the second way is better."""

REPORT: Final = """# Report

| month | visitors |
|-------|---------:|
| May   |      120 |
| June  |      180 |

Visitors rose by half from May to June.
"""

_PARTS: Final = 420
_WIDTH, _HEIGHT = 360, 160
_BARS: Final = (40, 65, 52, 90, 120, 104)


def lines(count: int) -> str:
    """Return a text of so many numbered lines."""
    return "\n".join(f"Line {number} of {count}." for number in range(1, count + 1))


def long_text(parts: int = _PARTS) -> str:
    """Return headings, paragraphs, lists and code, the same each time; about 200 kB if not told otherwise."""
    return "\n\n".join(_part(number) for number in range(1, parts + 1))


def code(count: int) -> str:
    """Return a code block of so many lines of Python between two sentences."""
    body = "\n".join(f"print({number})  # the square is {number * number}" for number in range(1, count + 1))
    return f"Here is the program:\n\n```python\n{body}\n```\n\nIt prints {count} numbers."


def chart() -> str:
    """Return `chart_png` in base64."""
    return base64.b64encode(chart_png()).decode()


def chart_png() -> bytes:
    """Return a small bar chart."""
    rows = b"".join(b"\0" + bytes(_pixel(x, y) for x in range(_WIDTH)) for y in range(_HEIGHT))
    palette = bytes.fromhex("f4f5fa5865f23ba55db5bac1")
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _part(number: int) -> str:
    sentence = f"This is paragraph {number}; it says little, but it says it in whole sentences."
    text = f"## Part {number}\n\n" + " ".join([sentence] * 4)
    if number % 5 == 0:
        text += f"\n\n```python\nfor step in range({number}):\n    print(step)\n```"
    return text + f"\n\n- a point of part {number}\n- another one, with `code_{number}`"


def _pixel(x: int, y: int) -> int:
    bar, place = divmod(x - 20, 55)
    if y == _HEIGHT - 16 and 12 <= x < _WIDTH - 12:
        return 3
    if not (0 <= bar < len(_BARS) and 6 <= place < 44):
        return 0
    return (2 if bar == 4 else 1) if _HEIGHT - 16 - _BARS[bar] <= y < _HEIGHT - 16 else 0


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

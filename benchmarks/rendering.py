"""What it costs to follow a long answer: folding its events, drawing each edit, and the pieces at its end."""

import time
from collections.abc import Iterator
from typing import Final

from benchmarks.figures import Figure, median, percentile
from bot.live_view import live_text
from bot.measure import units
from bot.render import Words, rendered
from bot.reply_state import ReplyState, fold
from sessions.events import Event, TextDelta, TextFinal

EVENTS: Final = 2000
ANSWER_CHARS: Final = 200_000
BOUND_MS: Final = 5.0
"""For one event with its edit, at p99; time of the processor, whoever else wants it."""
END_BOUND_MS: Final = 1000.0
LIMIT: Final = 2000

_PROSE: Final = (
    "The **parser** keeps `state` per line, see [docs](https://example.org/a) and <b>below</b>. " * 4
)
_CODE: Final = "```py\n" + "    value = compute(first, second)  # one line of code\n" * 30 + "```"
_TABLE: Final = "| name | size |\n|---|--:|\n" + "".join(f"| row {n} | {n} |\n" for n in range(20))
_LIST: Final = "".join(f"- [ ] step {n} of the plan\n" for n in range(12))


def run() -> list[Figure]:
    """Measure an answer of prose, code, lists and tables, and two that are hostile."""
    mixed = _long(f"#### Part\n\n{_PROSE}\n\n{_CODE}\n\n{_LIST}\n\n{_TABLE}\n\n---\n\n")
    return [
        *_live("mixed", mixed),
        *_live("one line", _long("word **bold** `code` <b> ")),
        *_live("one table", "| a | b |\n|---|---|\n" + _long("| some cell | another cell |\n")),
        _end("mixed, 200 kB", mixed),
        _end("mixed, 1 MB", mixed * 5),
        _end("brackets, 1 MB", "[[(<`|" * 170_000),
    ]


def _live(name: str, text: str) -> Iterator[Figure]:
    step = -(-len(text) // (EVENTS - 1))
    deltas = [TextDelta(text=text[at : at + step]) for at in range(0, len(text), step)]
    samples = list(_edits_ms([*deltas, TextFinal(text=text)]))
    for percent in (50, 99):
        value = percentile(samples, percent) if percent != 50 else median(samples)
        bound = BOUND_MS if percent == 99 else None
        yield Figure(name=f"rendering: an edit, {name}, p{percent}", value=value, unit="ms", bound=bound)


def _edits_ms(events: list[Event]) -> Iterator[float]:
    state = ReplyState(since_s=0.0)
    for event in events:
        start_s = time.thread_time()
        state = fold(state, event, 1.0)
        body = live_text(state, 1.0, LIMIT)
        yield (time.thread_time() - start_s) * 1000
        assert units(body) <= LIMIT


def _end(name: str, text: str) -> Figure:
    """Measure how long the messages of a whole answer take, its file included."""
    samples: list[float] = []
    for _ in range(3):
        start_s = time.thread_time()
        parts = rendered(Words(body=text), LIMIT)
        samples.append((time.thread_time() - start_s) * 1000)
        assert all(units(part.text) <= LIMIT for part in parts)
    return Figure(name=f"rendering: the end, {name}", value=median(samples), unit="ms", bound=END_BOUND_MS)


def _long(part: str) -> str:
    return (part * (ANSWER_CHARS // len(part) + 1))[:ANSWER_CHARS]

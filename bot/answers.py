"""A turn's outcome -> the last words about it. Pure."""

from dataclasses import replace
from typing import Final, assert_never

from bot.durations import ago
from bot.footer import footer
from bot.live_view import NOTHING_WRITTEN, SEPARATOR
from bot.render import Words, clean, is_seen, plain, shortened
from bot.reply_state import elapsed
from sessions.room_settings import Footer
from sessions.store.values import Turn
from sessions.turn import Outcome

_PARTIAL: Final = "-# Not finished:"
_NOTHING: Final = "Done, nothing to add."
_ASKED_CHARS: Final = 200
_TOOL_CHARS: Final = 120
_CAUSES: Final = {
    "stop": "Roomkey was told to stop.",
    "crash": "Roomkey ended without warning, and the agent with it.",
}
_WAYS_ON: Final = {
    "": "Continue goes on from there, Retry starts over, Drop leaves it at that.",
    "continue": "It goes on by itself: this room is set to that.",
    "drop": "It is left at that: this room is set to that. Say it again if it is still wanted.",
}
_WAYS_ON_WITHOUT_BUTTONS: Final = "Ask me to go on, or say it again to start over."


def last_words(
    turn: Turn, outcome: Outcome, *, has_buttons: bool = True, small: Footer = "off"
) -> list[Words]:
    """Return what ends a turn, none of it blank: each begins a message of its own.

    That it was not the first start and notices come first. What was written before a turn was cut
    short is kept and marked as not finished; what happened follows it, then the `small` line. The last
    words about an interrupted turn are its card, which will change when somebody has decided.
    """
    said = replace(_body(outcome), small=footer(small, outcome))
    said = replace(
        said, head=f"{clean(outcome.notice)}\n\n{said.head}" if outcome.notice.strip() else said.head
    )
    card = _card(turn, outcome, has_buttons=has_buttons) if outcome.status == "interrupted" else ""
    first, *others = (words for words in (said, Words(end=card)) if words.text.strip())
    mark = start_mark(turn)
    return [replace(first, head=f"{mark}\n{first.head}") if mark else first, *others]


def folded(live: str) -> str:
    """Return what a live message becomes whose turn was cut off by a crash; "" if nothing was written yet."""
    if live.startswith(_PARTIAL):
        return live
    *written, status = live.split("\n")  # the last line says what happened then
    if status.startswith(NOTHING_WRITTEN):
        return ""
    if SEPARATOR in written:  # above the last one stands what it did
        written = written[len(written) - written[::-1].index(SEPARATOR) :]
    while written and written[0].startswith("-# "):
        written = written[1:]
    text = "\n".join(written).strip()
    return f"{_PARTIAL}\n{text}" if text else ""


def start_mark(turn: Turn) -> str:
    """Return the small line above whatever shows a turn that is not in its first start, else nothing."""
    match turn.resumption:
        case "continue":
            return "-# Continued after an interruption."
        case "retry":
            return "-# Started again after an interruption."
        case "":
            return "-# Started again after a restart." if turn.attempt > 1 else ""
        case _:
            assert_never(turn.resumption)


def _body(outcome: Outcome) -> Words:
    match outcome.status:
        case "ok":
            return Words(body=outcome.text) if is_seen(outcome.text) else Words(end=_NOTHING)
        case "failed":
            return _after_partial(outcome, _failure(outcome))
        case "stopped":
            return _after_partial(outcome, "Stopped.")
        case "interrupted":
            return _partial(outcome)
        case _:
            assert_never(outcome.status)


def _failure(outcome: Outcome) -> str:
    text = outcome.text or "The agent failed and gave no reason."
    if outcome.resets_at is None:
        return text
    return f"{text} That is {ago(outcome.resets_at)}."


def _card(turn: Turn, outcome: Outcome, *, has_buttons: bool) -> str:
    asked = plain(shortened(turn.prompt.text, _ASKED_CHARS))
    is_asking_in_words = not outcome.decision and not has_buttons
    lines = [
        f"**{_how_far(outcome)}** {_CAUSES[outcome.cause]}",
        f"> {asked}" if asked else "",
        _WAYS_ON_WITHOUT_BUTTONS if is_asking_in_words else _WAYS_ON[outcome.decision],
    ]
    return "\n".join(line for line in lines if line)


def _how_far(outcome: Outcome) -> str:
    """Return where a turn was cut off, as in "Interrupted at `edit src/a.py` (tool 7, 3 min)."."""
    took = [] if outcome.took_s is None else [elapsed(outcome.took_s)]
    if not outcome.last_tool:
        return " after ".join(["Interrupted", *took]) + "."
    tool = shortened(outcome.last_tool, _TOOL_CHARS).replace("`", "'")
    return f"Interrupted at `{tool}` ({', '.join([f'tool {outcome.tools}', *took])})."


def _after_partial(outcome: Outcome, end: str) -> Words:
    partial = _partial(outcome)
    return replace(partial, end=f"**{end}**") if partial.body else Words(end=end)


def _partial(outcome: Outcome) -> Words:
    partial = clean(outcome.partial).strip()
    return Words(head=f"{_PARTIAL}\n", body=partial) if is_seen(partial) else Words()

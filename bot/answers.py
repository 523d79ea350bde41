"""A turn's outcome -> the last word about it. Pure."""

from typing import assert_never

from bot.render import clean, closed
from sessions.turn import Outcome

_PARTIAL = "-# Not finished:"


def last_word(outcome: Outcome) -> str:
    """Return the whole text that ends a turn, in Markdown; never blank.

    A notice comes first. What was written before a turn was cut short is kept and marked as not
    finished; one sentence about the end follows it.
    """
    parts = [outcome.notice, _body(outcome)]
    return "\n\n".join(part for part in parts if part.strip())


def _body(outcome: Outcome) -> str:
    match outcome.status:
        case "ok":
            return outcome.text if outcome.text.strip() else "Done, nothing to add."
        case "failed":
            return _after_partial(outcome, outcome.text or "The agent failed and gave no reason.")
        case "stopped":
            return _after_partial(outcome, "Stopped.")
        case "interrupted":
            return _after_partial(
                outcome,
                "Interrupted: Roomkey was told to stop, so this may be half done."
                " Ask me to go on, or send it again to start over.",
            )
        case _:
            assert_never(outcome.status)


def _after_partial(outcome: Outcome, end: str) -> str:
    partial = clean(outcome.partial).strip()
    return f"{_PARTIAL}\n{closed(partial)}\n\n**{end}**" if partial else end

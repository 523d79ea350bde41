"""What was said while the bot was away: what of it is answered, what is only listed, in which words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.chat import Incoming
from bot.render import plain, shortened
from bot.reply_state import elapsed

TOO_OLD: Final = "it was too old when I came back, so I only listed it in its channel"
TOO_MANY: Final = "too much was said while I was away, so I only listed it in its channel"

_LINES: Final = 6
_NAME_CHARS: Final = 32
_WORDS_CHARS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A message that is for us and was found later. `link` is where people find it."""

    message: Incoming
    said: datetime
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """One channel's missed messages, each part in their order."""

    too_old: Sequence[Missed]
    answered: Sequence[Missed]
    too_many: Sequence[Missed]

    def reasons(self) -> dict[int, str]:
        """Return why messages are only listed, by their ids."""
        old = {one.message.message_id: TOO_OLD for one in self.too_old}
        return old | {one.message.message_id: TOO_MANY for one in self.too_many}


def sort_out(missed: Sequence[Missed], since: datetime, most: int) -> Backlog:
    """Return what becomes of missed messages: of those said after `since` the first `most` are answered."""
    young = [one for one in missed if one.said >= since]
    return Backlog(
        too_old=[one for one in missed if one.said < since], answered=young[:most], too_many=young[most:]
    )


def notice(backlog: Backlog, now: datetime) -> str:
    """Return what a channel is told about its backlog, "" for nothing: a message of modest length."""
    parts: list[str] = []
    if backlog.answered:
        count = _messages(len(backlog.answered))
        parts.append(f"-# Answering {count} from the last {_since(backlog.answered[0].said, now)}.")
    if listed := [*backlog.too_old, *backlog.too_many]:
        head = f"I was away and do not answer {_messages(len(listed))}. Send again what still matters:"
        lines = [_line(one) for one in listed[-_LINES:]]
        if len(listed) > _LINES:
            lines.append(f"-# and {len(listed) - _LINES} before these")
        parts += [head, *lines]
    return "\n".join(parts)


def _messages(count: int) -> str:
    return f"{count} {'message' if count == 1 else 'messages'}"


def _since(said: datetime, now: datetime) -> str:
    seconds = (now - said).total_seconds()
    return elapsed(seconds if seconds < 60 else -(-seconds // 60) * 60)


def _line(one: Missed) -> str:
    who = plain(shortened(one.message.person.name, _NAME_CHARS))
    words = plain(shortened(one.message.text, _WORDS_CHARS)) or "a file"
    return f"- {one.link} {who}: {words}"

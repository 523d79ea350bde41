"""/rewind: the conversation goes back to before a message; files stay as they are."""

import re
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Final

from bot.access import Tier
from bot.commands.in_line import in_line, told
from bot.commands.spec import Call, Command, Hint, Option
from bot.components import MAX_CHOICES, Choice
from bot.past_view import shown_age
from bot.said import Said
from sessions.errors import UserError
from sessions.store.values import Kind

_LABEL_CHARS: Final = 100
_LINK: Final = re.compile(
    r"https://[a-z.]*discord(?:app)?\.com/channels/[0-9@me]+/[0-9]+/(?P<id>[0-9]{1,20})"
)
_TURN: Final = re.compile(r"[0-9]{1,18}")


def _run(call: Call) -> Awaitable[Said]:
    given = call.text("message").strip()
    link = _LINK.fullmatch(given)
    turn = given if _TURN.fullmatch(given) else ""
    for one in call.rooms.past.seen(call.key).said:
        if given == one.address.message_id or (link and link["id"] == one.address.message_id):
            turn = str(one.id)
    if link is not None and not turn:
        return _linked(call, int(link["id"]))
    if not turn:
        return _refused()
    return told(call, in_line(call, Kind.REWIND, turn), _WHAT, "rewind", turn)


async def _linked(call: Call, message_id: int) -> Said:
    fate = await call.rooms.fate(call.place.platform, message_id)
    if fate is None or fate.turn is None or fate.turn.key != call.key:
        raise UserError("That message is none that I answered in this room.")
    return await told(call, in_line(call, Kind.REWIND, str(fate.turn.id)), _WHAT, "rewind", str(fate.turn.id))


async def _refused() -> Said:
    raise UserError("Back to before which message? Choose one of those that are offered, or give its link.")


def _suggest(hint: Hint) -> Sequence[Choice]:
    typed, now = hint.text.strip().lower(), datetime.now(UTC)
    found: list[Choice] = []
    for one in hint.rooms.past.seen(hint.key).said:
        if one.address.channel_id != hint.place.channel_id:
            continue  # of what was said in another channel not a word is shown
        age = f" · {shown_age(one.created, now)}"
        words = " ".join(one.prompt.text.split()) or "a file"
        room = _LABEL_CHARS - len(age)
        label = (words if len(words) <= room else f"{words[: room - 1]}…") + age
        if typed in label.lower():
            found.append(Choice(label=label, value=str(one.id)))
    return found[:MAX_CHOICES]


async def _ready(hint: Hint) -> None:
    await hint.rooms.past.ready(hint.key)


_WHAT: Final = "The conversation goes back to before that message"

REWIND: Final = Command(
    name="rewind",
    description="Go back to before a message; files stay as they are",
    tier=Tier.OPERATOR,
    run=_run,
    options=(
        Option(
            name="message",
            description="That message, and all said after it, is forgotten",
            kind="text",
            suggest=_suggest,
            ready=_ready,
        ),
    ),
)

"""/resume: the room goes on with another session of its past, or with one from a terminal."""

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Final

from bot.access import Tier
from bot.chat import Place
from bot.commands.in_line import in_line, told
from bot.commands.spec import Call, Command, Hint, Option
from bot.components import MAX_CHOICES, Choice
from bot.past_view import shown_age, title_or_none
from bot.said import Said
from sessions.errors import UserError
from sessions.past import PastSession
from sessions.store.values import Kind
from sessions.switching import Resumption

_LABEL_CHARS: Final = 100
_ID_CHARS: Final = 200


def _run(call: Call) -> Awaitable[Said]:
    name = call.text("session").strip()
    for one in call.rooms.past.seen(call.key).sessions:
        if name and name == one.ref and may_see(one, call.tier, call.place):
            name = one.agent_session_id
    if not name or len(name) > _ID_CHARS:
        return _refused()
    # Not a coroutine: what the name means is looked up again when its turn has come.
    wanted = Resumption(id=name, owner=call.tier >= Tier.OWNER, server=call.place.guild_id)
    accepted = in_line(call, Kind.RESUME, wanted.model_dump_json())
    return told(call, accepted, "This room goes on with that session", "resume", name)


async def _refused() -> Said:
    raise UserError(
        "Which session? Choose one of those that are offered, or give its id; `/sessions` lists them."
    )


def may_see(one: PastSession, tier: Tier, place: Place) -> bool:
    """Whether somebody may know of a session: what was said elsewhere is for owners alone.

    That of a deleted place is nobody's business in another server.
    """
    if one.state in ("open", "former"):
        return True
    is_elsewhere = one.state == "deleted" and (one.server is None or one.server != place.guild_id)
    return tier >= Tier.OWNER and not is_elsewhere


def _suggest(hint: Hint) -> Sequence[Choice]:
    typed, now = hint.text.strip().lower(), datetime.now(UTC)
    found: list[Choice] = []
    for one in hint.rooms.past.seen(hint.key).sessions:
        if one.state == "open" or not may_see(one, hint.tier, hint.place):
            continue
        label = _label(one, now)
        if typed in label.lower() or typed == one.ref or one.agent_session_id.startswith(typed):
            found.append(Choice(label=label, value=one.ref))
    return found[:MAX_CHOICES]


async def _ready(hint: Hint) -> None:
    await hint.rooms.past.ready(hint.key)


def _label(one: PastSession, now: datetime) -> str:
    turns = "1 turn" if one.turn_count == 1 else f"{one.turn_count} turns"
    where = {"terminal": " · terminal", "in use": " · open in a terminal", "deleted": " · deleted"}.get(
        one.state, ""
    )
    rest = f" · {shown_age(one.last_used, now)} · {turns}{where}"
    title = title_or_none(one)
    room = _LABEL_CHARS - len(rest)
    return (title if len(title) <= room else f"{title[: room - 1]}…") + rest


RESUME: Final = Command(
    name="resume",
    description="Go on with a former session of this room, or one from a terminal",
    tier=Tier.OPERATOR,
    run=_run,
    options=(
        Option(
            name="session", description="Its name, or its id", kind="text", suggest=_suggest, ready=_ready
        ),
    ),
)

"""/reset: the room starts a fresh session; the former one stays in /sessions."""

from collections.abc import Awaitable
from typing import Final

from bot.access import Tier
from bot.commands.in_line import in_line, is_paused, turns_before
from bot.commands.spec import Call, Command, Option
from bot.said import Said
from sessions.store.values import Accepted, Kind


def _run(call: Call) -> Awaitable[Said]:
    now = call.flag("now")
    # Not a coroutine: the place in the order is taken by the call, before the chat is answered.
    return _said(call, in_line(call, Kind.RESET, head=now), now=now)


async def _said(call: Call, accepted: Awaitable[Accepted], *, now: bool) -> Said:
    ahead = (await accepted).ahead
    await call.note("reset", f"room {call.key}", "now" if now else "")
    if await is_paused(call.rooms, call.key):
        return Said("This room is paused. It starts fresh once `/queue` resumes it.")
    if now:
        return Said("This room starts fresh at once. What runs is ended; what waits comes after.")
    if not ahead:
        return Said("This room starts fresh.")
    return Said(f"This room starts fresh when {turns_before(ahead)}. Use `/reset now:True` to end what runs.")


RESET: Final = Command(
    name="reset",
    description="Start a fresh session in this room; the former one stays in /sessions",
    tier=Tier.OPERATOR,
    run=_run,
    options=(Option(name="now", description="End the running turn first instead of waiting for it"),),
)

"""Commands that wait in a room's line like a prompt: put there, and what is said to whoever used them."""

import logging
from collections.abc import Awaitable
from dataclasses import replace

from bot.commands.spec import Call, Rooms
from bot.said import Said
from sessions.errors import StateError
from sessions.keys import SessionKey
from sessions.store.values import Accepted, Inbound, Kind

log = logging.getLogger(__name__)


def in_line(call: Call, kind: Kind, text: str = "", *, head: bool = False) -> Awaitable[Accepted]:
    """Take a place in the room's line now, for what `kind` does with `text`.

    Not a coroutine: the order of calls is the order of turns.
    """
    return call.rooms.accept(
        Inbound(
            source=call.source,
            msg_id=call.id,
            key=call.key,
            address=call.address,
            prompt=replace(call.prompt, text=text),
            kind=kind,
            head=head,
        )
    )


async def told(call: Call, accepted: Awaitable[Accepted], what: str, deed: str, detail: str = "") -> Said:
    """Say when it comes to that: `what`, as in "This room is compacted". The audit log hears of `deed`."""
    ahead = (await accepted).ahead
    await call.note(deed, f"room {call.key}", detail)
    if await is_paused(call.rooms, call.key):
        return Said(f"{what} once `/queue` resumes this room: it is paused.")
    if not ahead:
        return Said(f"{what} now. The result is posted here.")
    return Said(f"{what} when {turns_before(ahead)}. The result is posted here then.")


async def is_paused(rooms: Rooms, key: SessionKey) -> bool:
    """Whether what was just put into a room's line waits for somebody to resume it. Never raises StateError.

    It is there by now, so that the store cannot say this must not read as if nothing was done.
    """
    try:
        return (await rooms.queue(key)).paused
    except StateError as error:
        log.info("whether a room is paused is not known", extra={"key": key, "reason": str(error)})
        return False


def turns_before(ahead: int) -> str:
    """Return when it comes to what stands behind so many turns, as in "the turn before this has ended"."""
    return "the turn before this has ended" if ahead == 1 else f"the {ahead} turns before this have ended"

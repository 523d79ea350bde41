"""Commands that wait in a room's line like a prompt: put there, and what is said to whoever used them."""

from collections.abc import Awaitable
from dataclasses import replace

from bot.commands.spec import Call
from bot.said import Said
from sessions.store.values import Accepted, Inbound, Kind


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
    if (await call.rooms.queue(call.key)).paused:
        return Said(f"{what} once `/queue` resumes this room: it is paused.")
    if not ahead:
        return Said(f"{what} now; the channel hears what came of it.")
    return Said(f"{what} when {turns_before(ahead)}; the channel hears then what came of it.")


def turns_before(ahead: int) -> str:
    """Return when it comes to what stands behind so many turns, as in "the turn before this has ended"."""
    return "the turn before this has ended" if ahead == 1 else f"the {ahead} turns before this have ended"

"""/stop: the running turn ends; the session and what waits stay."""

from typing import Final

from bot.access import Tier
from bot.commands.in_line import is_paused
from bot.commands.spec import Call, Command
from bot.refusals import only_theirs
from bot.said import Said
from sessions.errors import StateError
from sessions.store.values import Turn

_LOOKS: Final = 2
"""The turn that was looked up may have ended by the time it is to be stopped, and another begun."""


async def _run(call: Call) -> Said:
    for _ in range(_LOOKS):
        running = await _running(call)
        is_own = running is not None and running.prompt.author_id == call.person.id
        if call.tier < Tier.OPERATOR and not is_own:
            if running is None:
                break
            raise only_theirs(running)
        # An operator may also end what is only being taken, of which the store does not know yet.
        if call.rooms.stop(call.key, running.id if running is not None and is_own else None):
            if not is_own:
                await call.note("stop", f"room {call.key}", "" if running is None else f"turn {running.id}")
            return await _stopping(call)
        if running is None:
            break
    return Said("Nothing is running in this room.")


async def _running(call: Call) -> Turn | None:
    """Return the turn that runs. A store in trouble keeps no operator from ending it. Raises StateError."""
    try:
        return (await call.rooms.queue(call.key)).running
    except StateError:
        if call.tier < Tier.OPERATOR:  # whose turn it is, nobody can say
            raise
        return None


async def _stopping(call: Call) -> Said:
    paused = await is_paused(call.rooms, call.key)
    waiting = "goes on once `/queue` resumes this room" if paused else "goes on"
    return Said(f"Stopping what runs here. The session stays, and what waits {waiting}.")


STOP: Final = Command(
    name="stop",
    description="End what runs in this room; the session stays",
    tier=Tier.USER,
    run=_run,
)

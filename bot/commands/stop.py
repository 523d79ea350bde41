"""/stop: the running turn ends; the session and what waits stay."""

from typing import Final

from bot.commands.spec import Call, Command
from bot.said import Said


async def _run(call: Call) -> Said:
    if not call.rooms.stop(call.key):
        return Said("Nothing is running in this room.")
    paused = (await call.rooms.queue(call.key)).paused
    waiting = "goes on once `/queue` resumes this room" if paused else "goes on"
    return Said(f"Stopping what runs here. The session stays, and what waits {waiting}.")


STOP: Final = Command(name="stop", description="End what runs in this room; the session stays", run=_run)

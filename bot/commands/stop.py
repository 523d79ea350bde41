"""/stop: the running turn ends; the session and what waits stay."""

from typing import Final

from bot.commands.spec import Call, Command


async def _run(call: Call) -> str:
    if call.rooms.stop(call.key):
        return "Stopping what runs here. The session stays, and what waits goes on."
    return "Nothing is running in this room."


STOP: Final = Command(name="stop", description="End what runs in this room; the session stays", run=_run)

"""/mode: what this room's agent may do without asking."""

from typing import Final

from bot.access import Tier
from bot.commands.config import changed, explained
from bot.commands.spec import Call, Command, Option
from bot.room_view import INHERIT, MODES, origin
from bot.said import Said


async def _run(call: Call) -> Said:
    mode = call.text("mode")
    if mode:
        return await changed(call, "permission_mode", mode)
    room = explained(call.rooms, call.key)
    now = room.settings.permission_mode
    lines = [f"- `{one}`{' (now)' * (one == now)}: the agent {means}" for one, means in MODES.items()]
    return Said("\n".join([f"Permission mode: `{now}` · {origin('permission_mode', room.origins)}.", *lines]))


MODE: Final = Command(
    name="mode",
    description="Choose what this room's agent may do without asking",
    tier=Tier.OWNER,
    run=_run,
    options=(
        Option(
            name="mode",
            description=f"The permission mode; “{INHERIT}” takes your choice back",
            kind="choice",
            choices=(*MODES, INHERIT),
        ),
    ),
)

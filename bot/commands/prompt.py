"""/prompt: what this room's agent is told about the room before every turn, in a modal."""

from typing import Final

from bot.access import Tier
from bot.commands.config import explained
from bot.commands.spec import Call, Command, Option
from bot.components import Modal
from bot.room_view import prompt_view, setting_modal
from bot.said import Said


async def _form(call: Call) -> Modal | None:
    return None if call.flag("show") else setting_modal(explained(call.rooms, call.key), "prompt")


async def _run(call: Call) -> Said:
    return prompt_view(explained(call.rooms, call.key))


PROMPT: Final = Command(
    name="prompt",
    description="Write what this room's agent is told about the room before every turn",
    tier=Tier.OWNER,
    run=_run,
    options=(Option(name="show", description="Show it instead of changing it"),),
    form=_form,
)

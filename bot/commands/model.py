"""/model and /effort: which model this room's agent uses, and how much it thinks."""

from collections.abc import Sequence
from typing import Final

from bot.access import Tier
from bot.commands.config import changed, explained
from bot.commands.spec import Call, Command, Hint, Option
from bot.components import Choice
from bot.room_view import INHERIT, choices_of, origin, shown
from bot.said import Said


async def shown_setting(call: Call, name: str, how: str) -> Said:
    """Return what a setting of the room is, who said so, and `how` to change it."""
    room = explained(call.rooms, call.key)
    value = getattr(room.settings, name)
    return Said(f"{name}: {shown(name, value)} · {origin(name, room.origins)}.\n-# {how}")


async def _model(call: Call) -> Said:
    name = call.text("name").strip()
    if not name:
        return await shown_setting(call, "model", "`/model name:` changes it.")
    return await changed(call, "model", name)


async def _effort(call: Call) -> Said:
    level = call.text("level")
    if not level:
        return await shown_setting(call, "effort", "`/effort level:` changes it.")
    return await changed(call, "effort", level)


def _models(hint: Hint) -> Sequence[Choice]:
    typed = hint.text.strip().lower()
    known = [one for one in (*hint.rooms.models, INHERIT) if typed in one.lower()]
    return [Choice(label=one, value=one) for one in known]


MODEL: Final = Command(
    name="model",
    description="Choose the model of this room's agent, from its next turn on",
    tier=Tier.OPERATOR,
    run=_model,
    options=(
        Option(
            name="name",
            description=f"The model's name as its vendor writes it; “{INHERIT}” takes your choice back",
            kind="words",
            suggest=_models,
        ),
    ),
)
EFFORT: Final = Command(
    name="effort",
    description="Choose how much this room's agent thinks before it answers",
    tier=Tier.OPERATOR,
    run=_effort,
    options=(
        Option(
            name="level",
            description=f"How much; “{INHERIT}” takes your choice back",
            kind="choice",
            choices=(*choices_of("effort"), INHERIT),
        ),
    ),
)

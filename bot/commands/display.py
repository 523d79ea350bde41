"""/display: what this room shows of the agent's work, of what it thinks, and under its answers."""

from typing import Final

from bot.access import Tier
from bot.commands.config import explained
from bot.commands.spec import Call, Command, Option
from bot.room_view import INHERIT, choices_of, means, origin, shown, value_of
from bot.said import Said

_NAMES: Final = ("display", "thinking", "footer")


async def _run(call: Call) -> Said:
    said = {name: text for name in _NAMES if (text := call.text(name))}
    if said:
        await call.rooms.words.change(call.key, {name: value_of(name, text) for name, text in said.items()})
        detail = " ".join(f"{name}={text}" for name, text in said.items())
        await call.note("set display", f"room {call.key}", detail)
    room = explained(call.rooms, call.key)
    lines = [
        f"- {name}: {shown(name, value)} · {origin(name, room.origins)} – {means(name, value)}"
        for name in _NAMES
        for value in (str(getattr(room.settings, name)),)
    ]
    head = "It holds from the next turn on:" if said else "What this room shows:"
    return Said("\n".join([head, *lines]))


def _option(name: str, description: str) -> Option:
    return Option(name=name, description=description, kind="choice", choices=(*choices_of(name), INHERIT))


DISPLAY: Final = Command(
    name="display",
    description="Choose what this room shows of the agent's work and thoughts; “inherit” takes it back",
    tier=Tier.OPERATOR,
    run=_run,
    options=(
        _option("display", "The tools at work: none, the newest, all of them, or all with their output"),
        _option("thinking", "What the agent thinks: hidden, behind a spoiler, or shown"),
        _option("footer", "The small line under an answer: none, time and cost, or all figures"),
    ),
)

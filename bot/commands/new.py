"""/new: the room starts a fresh session under a name; the former one stays in /sessions."""

from collections.abc import Awaitable
from typing import Final

from bot.access import Tier
from bot.commands.in_line import in_line, told
from bot.commands.spec import Call, Command, Option
from bot.said import Said
from sessions.store.values import Kind

_NAME_CHARS: Final = 80


def _run(call: Call) -> Awaitable[Said]:
    name = " ".join(call.text("name").split())[:_NAME_CHARS]
    return told(call, in_line(call, Kind.RESET, name), "This room starts fresh", "new", name)


NEW: Final = Command(
    name="new",
    description="Start a fresh session here, with a name; the former one stays in /sessions",
    tier=Tier.OPERATOR,
    run=_run,
    options=(Option(name="name", description="What the new session is called", kind="words"),),
)

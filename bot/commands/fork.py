"""/fork: a new thread that knows all that was said here, and goes its own way."""

from collections.abc import Awaitable
from typing import Final

from bot.access import Tier
from bot.commands.in_line import in_line, told
from bot.commands.spec import Call, Command, Option
from bot.said import Said
from sessions.errors import UserError
from sessions.forking import Forking
from sessions.store.values import Kind

_NAME_CHARS: Final = 80


def _run(call: Call) -> Awaitable[Said]:
    if call.place.guild_id is None or call.place.parent_id is not None:
        return _refused(call)
    name = " ".join(call.text("name").split())[:_NAME_CHARS]
    accepted = in_line(call, Kind.FORK, Forking(name=name).model_dump_json())
    return told(call, accepted, "A thread that knows all of this is opened", "fork", name)


async def _refused(call: Call) -> Said:
    where = "in a direct message" if call.place.guild_id is None else "inside a thread"
    raise UserError(
        f"No thread can be opened {where}. `/btw` asks a side question, and `/rewind` goes back to before a"
        " message; what was is kept in `/sessions`."
    )


FORK: Final = Command(
    name="fork",
    description="Open a thread that knows all that was said here and goes its own way",
    tier=Tier.USER,
    run=_run,
    opens_thread=True,
    options=(Option(name="name", description="What the thread is called", kind="words"),),
)

"""/compact: the agent goes on with a summary of what was said, so that there is room again."""

from collections.abc import Awaitable
from typing import Final

from bot.access import Tier
from bot.commands.in_line import in_line, told
from bot.commands.spec import Call, Command, Option
from bot.said import Said
from sessions.store.values import Kind

_HINT_CHARS: Final = 1000


def _run(call: Call) -> Awaitable[Said]:
    hint = " ".join(call.text("hint").split())[:_HINT_CHARS]
    return told(call, in_line(call, Kind.COMPACT, hint), "The conversation is summed up", "compact", hint)


COMPACT: Final = Command(
    name="compact",
    description="Replace what was said here by a summary, so that there is room again",
    tier=Tier.OPERATOR,
    run=_run,
    options=(Option(name="hint", description="What the summary must keep", kind="words"),),
)

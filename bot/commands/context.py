"""/context: what fills this room's context, and what helps when it is full."""

from typing import Final

from bot.access import Tier
from bot.commands.spec import Call, Command
from bot.said import Said
from sessions.agents.base import ContextUse
from sessions.records import SessionRecord

_BAR: Final = 20
_MUCH: Final = 0.8


async def _run(call: Call) -> Said:
    use = await call.rooms.context(call.key)
    if use is None:
        record = (await call.rooms.status(call.key)).record
        return Said(context_text(recorded(record), is_live=False))
    return Said(context_text(use, is_live=True))


def recorded(record: SessionRecord | None) -> ContextUse | None:
    """Return what a session's record says of its context; None if it says nothing."""
    if record is None or record.context_tokens is None or not record.context_window:
        return None
    return ContextUse(used=record.context_tokens, window=record.context_window)


def context_text(use: ContextUse | None, *, is_live: bool) -> str:
    """Return what fills a context in Markdown. Not `is_live`: as it was after the last turn."""
    if use is None:
        return "Nothing is known of this room's context yet. Say something, then ask again."
    share = min(1.0, use.used / use.window)
    filled = round(share * _BAR)
    lines = [
        f"**Context** {share:.0%} full · {use.used:,} of {use.window:,} tokens",
        f"`{'█' * filled}{'░' * (_BAR - filled)}`",
    ]
    lines += [f"- {name}: {tokens:,}" for name, tokens in use.parts]
    if not is_live:
        lines.append("-# As it was after the last turn: the agent is not running just now.")
    if share >= _MUCH:
        lines.append("It is nearly full: `/compact` goes on with a summary, `/new` starts fresh.")
    return "\n".join(lines)


CONTEXT: Final = Command(
    name="context", description="Show what fills the context of this room", tier=Tier.USER, run=_run
)

"""/why: what became of one message of this place, and why it was not answered if it was not."""

import re
from datetime import datetime
from typing import Final, assert_never

from bot.access import Tier
from bot.commands.spec import Call, Command, Option
from bot.durations import ago
from bot.measure import reach
from bot.render import plain
from bot.reply_state import elapsed
from bot.routing import Silence
from bot.said import Said
from sessions.store.values import Fate, Turn, TurnState

_NAMED: Final = re.compile(r"(?:.*[/-])?(?P<id>[0-9]{1,20})/?(?:\?.*)?")
"""A link ends with the id of its message; an id may also stand alone, or behind that of its channel."""
_LINK_CHARS: Final = 200
_LARGEST_ID: Final = 2**63 - 1
"""No store holds a larger one."""
_CAUSE_CHARS: Final = 500

_NOT_A_MESSAGE: Final = "That names no message. Give its link (Copy Message Link) or its id."
_UNKNOWN: Final = (
    "I know of no such message here. Either it never reached me, or it was long ago, or it stands in"
    " another place; then ask there."
)
"""The same words for what stands elsewhere, so that nobody learns here what there is."""
_NOT_FOR_US: Final = frozenset({Silence.OTHERS.value, Silence.NOT_MENTIONED.value})
_ASK_ALL_THE_SAME: Final = " To have it answered, right-click it and choose **Ask about this**."


async def _run(call: Call) -> Said:
    given = call.text("message").strip().strip("<>")
    named = _NAMED.fullmatch(given) if len(given) <= _LINK_CHARS else None
    if named is None:
        return Said(_NOT_A_MESSAGE)
    return await _told(call, min(int(named["id"]), _LARGEST_ID))


async def _of_message(call: Call) -> Said:
    if call.message is None:
        return Said("Use this on a message: right-click it (hold it on a phone), then Apps.")
    if call.message.ours:
        return Said("I wrote that message myself. Use this on what somebody said to me.")
    return await _told(call, call.message.message_id)


async def _told(call: Call, message_id: int) -> Said:
    fate = await call.rooms.fate(call.address.platform, message_id)
    if fate is None or call.address.channel_id not in _places(fate):
        return Said(_UNKNOWN)
    if fate.turn is None:
        return Said(f"Not answered: {fate.reason}.{_ASK_ALL_THE_SAME if fate.reason in _NOT_FOR_US else ''}")
    return Said(await _story(call, fate, fate.turn))


def _places(fate: Fate) -> tuple[str, ...]:
    """Return where a message stands, and where it is answered: that may be its own thread."""
    turn = fate.turn
    return (fate.channel_id, turn.address.channel_id) if turn and turn.said_in else (fate.channel_id,)


async def _story(call: Call, fate: Fate, turn: Turn) -> str:
    match turn.state:
        case TurnState.QUEUED:
            return _waiting(fate, turn, paused=(await call.rooms.queue(turn.key)).paused)
        case TurnState.RUNNING:
            took = (await call.rooms.status(turn.key)).running_for_s
            return f"It is being answered{'' if took is None else f', for {elapsed(took)} so far'}."
        case TurnState.INTERRUPTED:
            return "A restart interrupted it, and nobody has decided yet: use the buttons under its card."
        case TurnState.DONE:
            return f"It was answered{_when(fate.ended)}."
        case TurnState.FAILED:
            return f"It failed{_when(fate.ended)}{_cause(fate.summary)}"
        case TurnState.CANCELLED:
            if fate.summary:
                return f"It was dropped{_when(fate.ended)}{_cause(fate.summary)}."
            how = "It was stopped before it was done" if turn.attempt else "It was taken out of the queue"
            return f"{how}{_when(fate.ended)}."
        case TurnState.MERGED:
            return "It was handed to what runs here now, and is answered together with that."
        case _:
            assert_never(turn.state)


def _waiting(fate: Fate, turn: Turn, *, paused: bool) -> str:
    ahead = {0: "It is next", 1: "It waits; one is before it"}.get(fate.ahead)
    text = f"{ahead or f'It waits; {fate.ahead} are before it'}. It came {ago(fate.decided)}."
    if turn.resumption:
        text += " It was interrupted once and will be taken up again."
    return f"{text} This room is paused: `/queue` resumes it." if paused else text


def _cause(summary: str) -> str:
    end = reach(summary, 0, _CAUSE_CHARS)
    cause = plain(summary[:end])
    return f": {cause}{'…' if end < len(summary) else ''}" if cause else "."


def _when(moment: datetime | None) -> str:
    return "" if moment is None else f" {ago(moment)}"


WHY: Final = Command(
    name="why",
    description="Tell what became of a message in this place, and why it was not answered",
    tier=Tier.USER,
    run=_run,
    options=(Option(name="message", description="The link or id of the message", kind="text"),),
)

WHY_MESSAGE: Final = Command(
    name="Why no answer",
    description="Tell what became of a message, and why it was not answered",
    tier=Tier.USER,
    run=_of_message,
    on_message=True,
)

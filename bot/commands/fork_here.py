"""Fork from here: a new thread that knows what was said up to one message, and not what came after it."""

from typing import Final

from bot.access import Tier
from bot.commands.in_line import in_line, told
from bot.commands.spec import Call, Command
from bot.said import Said
from sessions.errors import UserError
from sessions.forking import Forking
from sessions.store.values import Kind, Turn, TurnState

_WHAT: Final = "A thread that knows what was said up to that message is opened"


async def _run(call: Call) -> Said:
    if call.message is None:
        raise UserError("Use this on a message: right-click it (hold it on a phone), then Apps.")
    if call.place.guild_id is None or call.place.parent_id is not None:
        where = "in a direct message" if call.place.guild_id is None else "inside a thread"
        raise UserError(f"No thread can be opened {where}. Use `/rewind` to go back to before a message.")
    turn = await _turn(call, call.message.message_id, call.message.replies_to)
    if turn.state in (TurnState.QUEUED, TurnState.RUNNING, TurnState.INTERRUPTED):
        raise UserError("That message is not answered yet. Try it again when it is.")
    text = Forking(turn=turn.id).model_dump_json()
    return await told(call, in_line(call, Kind.FORK, text), _WHAT, "fork", f"turn {turn.id}")


async def _turn(call: Call, message_id: int, replies_to: str | None) -> Turn:
    """Return the turn of a message: that which it asked for, or, of an answer, that which it answers."""
    for one in (message_id, None if replies_to is None else int(replies_to)):
        fate = None if one is None else await call.rooms.fate(call.place.platform, one)
        if fate is not None and fate.turn is not None and fate.turn.key == call.key:
            return fate.turn
    raise UserError(
        "I did not answer that message in this room. Use this on a message that I answered, or on the"
        " first message of my answer."
    )


FORK_HERE: Final = Command(
    name="Fork from here",
    description="Open a thread that knows what was said up to this message and goes its own way",
    tier=Tier.USER,
    run=_run,
    on_message=True,
    opens_thread=True,
)

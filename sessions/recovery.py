"""Turns that a crash cut off: tried again, asked about, continued or dropped; decided once, at the start."""

import asyncio
import logging
from collections.abc import Sequence

from sessions.crash_points import reached
from sessions.engine import Engine
from sessions.errors import StateError
from sessions.prompts import prompt_uuid
from sessions.results import SETTLES, decision
from sessions.store.values import Interrupted, Kind, Piece, Settle
from sessions.turn import LiveNote, Outcome

log = logging.getLogger(__name__)


async def settle_interrupted(engine: Engine) -> None:
    """Decide about every turn that was running when the last process ended. Starts nothing.

    Whatever is stored about one is stored with its decision, so a crash in here decides nothing twice.
    """
    reached("recover.before")
    for left in await engine.store.recover(engine.owner):
        try:
            how, pieces = await _decide(engine, left)
        except StateError:
            raise
        except Exception:  # a bug about one turn keeps no bot from starting
            log.exception("an interrupted turn could not be judged", extra={"turn": left.turn.id})
            how, pieces = Settle.ASK, [_in_doubt(left)]
        facts = {"key": left.turn.key, "turn": left.turn.id, "how": how}
        log.warning("a turn was interrupted", extra=facts)
        reached("settle")
        await engine.store.settle(left.turn.id, how, pieces)
    reached("recover.after")


async def _decide(engine: Engine, left: Interrupted) -> tuple[Settle, Sequence[Piece]]:
    turn = left.turn
    if turn.kind is not Kind.PROMPT:
        return Settle.RETRY, ()  # what a command changes is made twice and stays made
    if turn.attempt == 1 and not left.shown and left.tools == 0 and not await _may_have_acted(engine, left):
        return Settle.RETRY, ()
    made_of_it = decision(engine.room(turn.key), turn.attempt)
    took_s = None if left.started is None else (left.ended - left.started).total_seconds()
    outcome = Outcome(
        status="interrupted",
        cause="crash",
        decision=made_of_it,
        tools=left.tools,
        last_tool=left.last_tool or "",
        took_s=took_s,
    )
    pieces = [*await engine.open_reply(turn, _nothing_live).pieces(outcome)]
    if left.live_nonce is not None and all(one.target_nonce != left.live_nonce for one in pieces):
        pieces.append(
            Piece(
                channel_id=turn.address.channel_id,
                target_id=left.live_message_id,
                target_nonce=left.live_nonce,
                action="fold",
            )
        )
    return SETTLES[made_of_it], pieces


async def _may_have_acted(engine: Engine, left: Interrupted) -> bool:
    record = await engine.store.session(left.turn.key)
    if record is None:
        return False  # it never came to a session, so not to an agent either
    uuid = prompt_uuid(left.turn)
    return await asyncio.to_thread(engine.adapter.may_have_acted, engine.spec(record), uuid)


async def _nothing_live(live: LiveNote) -> None:
    raise AssertionError(f"a turn that is over shows nothing live, yet {live} was to be sent")


def _in_doubt(left: Interrupted) -> Piece:
    address = left.turn.address
    text = "This was interrupted, and may be half done. Ask me to go on, or say it again to start over."
    return Piece(channel_id=address.channel_id, body=text, reply_to=address.message_id)

"""What an agent says of its own accord, after a background task say: posted as a notice of its room."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace

from sessions.engine import Engine
from sessions.events import Event
from sessions.keys import SessionKey, TurnId
from sessions.store.values import ChatAddress, Inbound, Kind, Origin, Prompt, Turn, TurnState
from sessions.turn import LiveNote, Outcome

log = logging.getLogger(__name__)


async def post_unasked(
    engine: Engine, key: SessionKey, address: ChatAddress, outcome: Outcome, events: Sequence[Event] = ()
) -> None:
    """Store the words as something to be said where `address` is, in reply to nothing; none of it live.

    `events` are what the agent did for it. What cannot be stored is lost and logged: it ends neither the
    room's turn nor its worker.
    """
    try:
        await _post(engine, key, address, outcome, events)
    except Exception:
        log.exception("what an agent said unasked is lost")


async def _post(
    engine: Engine, key: SessionKey, asked_at: ChatAddress, outcome: Outcome, events: Sequence[Event]
) -> None:
    address = replace(asked_at, message_id=None)
    notice = Inbound(
        source=f"unasked:{key}",
        msg_id=secrets.randbits(62),
        key=key,
        address=address,
        prompt=Prompt(text=""),
        kind=Kind.NOTICE,
        origin=Origin.AGENT,
    )
    turn = Turn(
        id=TurnId(0),
        key=key,
        kind=notice.kind,
        origin=notice.origin,
        state=TurnState.DONE,
        attempt=1,
        generation=0,
        address=address,
        prompt=notice.prompt,
        created=engine.clock.utc(),
    )
    reply = engine.open_reply(turn, _nothing_live)
    for event in events:
        reply.emit(event)
    pieces = await reply.pieces(outcome)
    await engine.store.post(notice, pieces)
    engine.outbox_filled()


async def _nothing_live(live: LiveNote) -> None:
    raise AssertionError(f"a notice shows nothing live, yet {live} was to be sent")

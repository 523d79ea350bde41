"""Which cards are open, stored for each room: after a crash they say that nobody waits any more."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from sessions.errors import StateError
from sessions.room_permissions import Facts
from sessions.store.values import Button, Piece, Turn

log = logging.getLogger(__name__)

SCOPE: Final = "cards"
"""Facts of this scope are named after rooms; each holds the open cards of the turn that last had one."""


class LeftCard(BaseModel):
    """A card and what it becomes if its process ends. `message_id` is None if that was not learned."""

    model_config = ConfigDict(frozen=True)

    nonce: str
    message_id: str | None
    text: str
    buttons: tuple[Button, ...] = ()


class _Left(BaseModel):
    model_config = ConfigDict(frozen=True)

    turn: int
    cards: tuple[LeftCard, ...]


async def remember(facts: Facts | None, turn: Turn, cards: Sequence[LeftCard]) -> None:
    """Store which cards of a turn are open now. Raises StateError."""
    if facts is not None:
        left = _Left(turn=turn.id, cards=tuple(cards))
        await facts.set_fact(SCOPE, turn.key, left.model_dump_json())


async def left_pieces(
    facts: Facts | None, turn: Turn, cards: Sequence[LeftCard], *, with_buttons: bool
) -> list[Piece]:
    """Return what makes the open cards of a turn that was cut off say so.

    `cards` are those that this process knows of; without any, the store is asked for them. Without buttons
    they do not say either what those do, or what comes if the turn goes on: that is their last line.
    """
    found = list(cards) or await _stored(facts, turn)
    edit = Piece(channel_id=turn.address.channel_id, action="fold")
    return [
        replace(
            edit,
            body=card.text if with_buttons else card.text.rpartition("\n")[0] or card.text,
            target_id=card.message_id,
            target_nonce=card.nonce,
            buttons=card.buttons if with_buttons else (),
        )
        for card in found
    ]


def joined(pieces: Sequence[Piece]) -> tuple[list[Piece], tuple[Button, ...]]:
    """Return the pieces, and the yes to their one request for the card of its turn: one card offers all.

    A request that may not have been seen is none, nor is one that can only be denied; of several, each keeps
    its own.
    """
    asking = [piece for piece in pieces if piece.buttons]
    if len(asking) != 1 or asking[0].target_id is None or len(asking[0].buttons) < 2:
        return [*pieces], ()
    # Its last line says what its buttons do.
    line = replace(asking[0], body=asking[0].body.rpartition("\n")[0], buttons=())
    return [line if piece is asking[0] else piece for piece in pieces], asking[0].buttons[:1]


async def _stored(facts: Facts | None, turn: Turn) -> list[LeftCard]:
    if facts is None:
        return []
    try:
        text = await facts.get_fact(SCOPE, turn.key)
        left = None if not text else _Left.model_validate_json(text)
    except (StateError, ValidationError, RecursionError) as error:  # they only stay as they are
        log.warning("the open cards of a room cannot be read", extra={"reason": str(error)})
        return []
    return list(left.cards) if left is not None and left.turn == turn.id else []

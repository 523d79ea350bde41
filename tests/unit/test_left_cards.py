"""Open cards are remembered, so that after a crash they say that nobody waits any more."""

from dataclasses import replace

import pytest

from bot.left_cards import SCOPE, LeftCard, joined, left_pieces, remember
from sessions.store.values import Button, Piece
from tests.support.desk_rooms import KEY, FactsInMemory, turn

YES = Button(label="Allow", action="rk:allow:5:0123456789abcdef", style="good")
NO = Button(label="Deny", action="rk:deny:5:0123456789abcdef", style="danger")
CARD = LeftCard(nonce="n1", message_id="99", text="it expired", buttons=(YES,))
UNSURE = LeftCard(nonce="n2", message_id=None, text="it expired")


async def test_what_was_open_says_that_it_expired_and_keeps_its_buttons() -> None:
    facts = FactsInMemory()
    await remember(facts, turn(5), [CARD, UNSURE])
    assert await left_pieces(facts, turn(5), (), with_buttons=True) == [
        Piece(
            channel_id="1",
            action="fold",
            body="it expired",
            target_id="99",
            target_nonce="n1",
            buttons=(YES,),
        ),
        Piece(channel_id="1", action="fold", body="it expired", target_nonce="n2"),
    ]
    await remember(facts, turn(5), [CARD.model_copy(update={"text": "it\nexpired\nAllow …"}), UNSURE])
    [piece, other] = await left_pieces(facts, turn(5), (), with_buttons=False)
    assert (piece.body, piece.buttons, other.body) == ("it\nexpired", (), "it expired")


async def test_cards_of_another_turn_are_left_alone() -> None:
    facts = FactsInMemory()
    await remember(facts, turn(4), [CARD])
    assert await left_pieces(facts, turn(5), (), with_buttons=True) == []
    assert await left_pieces(None, turn(5), (), with_buttons=True) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"turn": 5, "cards": [1]}', "[" * 100_000])
async def test_what_cannot_be_read_leaves_cards_as_they_are(text: str) -> None:
    facts = FactsInMemory()
    facts.kept[SCOPE, KEY] = text
    assert await left_pieces(facts, turn(5), (), with_buttons=True) == []


async def test_the_yes_to_the_one_request_that_was_seen_moves_and_its_card_is_one_line() -> None:
    body = "it\nexpired\nAllow …"
    seen = Piece(channel_id="1", action="fold", body=body, target_id="99", buttons=(YES, NO))
    other = Piece(channel_id="1", action="fold", body="a question", target_id="98")
    assert joined([other, seen]) == ([other, replace(seen, body="it\nexpired", buttons=())], (YES,))
    unsure = replace(seen, target_id=None, target_nonce="n1")
    only_no = replace(seen, buttons=(NO,))
    for pieces in ([other], [unsure], [only_no], [seen, replace(seen, target_id="97")]):
        assert joined(pieces) == (pieces, ())

"""The store's values: states, and the nonce that makes a message appear once."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sessions.keys import TurnId
from sessions.store.values import Accepted, TurnState, piece_nonce

turns = st.integers(1, 2**63 - 1).map(TurnId)
parts = st.integers(-5, 1000)


@given(st.text("0123456789abcdef", min_size=32, max_size=32), turns, parts)
def test_a_nonce_is_short_plain_and_always_the_same(store: str, turn: TurnId, part: int) -> None:
    nonce = piece_nonce(store, turn, part)
    assert re.fullmatch(r"[a-z2-7]{22}", nonce)
    assert nonce == piece_nonce(store, turn, part)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "1"]), turns, parts), unique=True, max_size=30))
def test_nonces_of_different_pieces_differ(pieces: list[tuple[str, TurnId, int]]) -> None:
    assert len({piece_nonce(*piece) for piece in pieces}) == len(pieces)


def test_a_nonce_never_changes_between_versions() -> None:
    """A message sent by one version and repeated by the next must still be known."""
    assert piece_nonce("store", TurnId(1), 0) == "7f5jh5ut2p5spxmksg3dxf"


def test_a_state_is_its_word() -> None:
    assert f"{TurnState.QUEUED}" == "queued"


def test_values_compare_by_what_they_say() -> None:
    one, other = (Accepted(turn=TurnId(1), new=True, ahead=0) for _ in range(2))
    assert one == other

"""Ids as people write them."""

import pytest

from sessions.ids import numeric_id


@pytest.mark.parametrize("digits", ["1" * 15, "9" * 20, "910000000000010000"])
def test_text_and_integers_are_the_same_id(digits: str) -> None:
    assert numeric_id(digits) == numeric_id(int(digits)) == numeric_id(f" {digits}\n") == digits


@pytest.mark.parametrize(
    "raw",
    [
        9.1e17,
        True,
        None,
        -910000000000010000,
        "<@910000000000010000>",
        "<#910000000000010000>",
        "1" * 14,
        "1" * 21,
        "91000000000001000x",
        "١" * 18,
        "",
        [910000000000010000],
    ],
)
def test_nothing_else_is_an_id(raw: object) -> None:
    with pytest.raises(ValueError, match="15 to 20 digits"):
        numeric_id(raw)


def test_a_long_value_is_not_shown_whole() -> None:
    with pytest.raises(ValueError, match=r"^.{1,90}$"):
        numeric_id("x" * 10_000)

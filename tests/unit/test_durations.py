"""How long something took, in words."""

import pytest

from bot.durations import elapsed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (0.4, "0 s"),
        (4.9, "4 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3785, "1 h 3 min"),
    ],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text

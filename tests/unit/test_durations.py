"""How long something took, and ago it was, in words."""

from datetime import UTC, datetime

import pytest

from bot.durations import ago, elapsed


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


def test_a_moment_is_left_to_each_readers_client() -> None:
    assert ago(datetime(2030, 1, 1, 12, 0, 0, 400_000, tzinfo=UTC)) == "<t:1893499200:R>"

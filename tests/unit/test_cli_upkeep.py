"""How `roomkey audit --since` reads a time."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from bot.cli_upkeep import _time_of  # pyright: ignore[reportPrivateUsage]

NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "time"),
    [
        ("", None),
        ("90m", NOW - timedelta(minutes=90)),
        ("12h", NOW - timedelta(hours=12)),
        ("7d", NOW - timedelta(days=7)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2030-01-31", datetime(2030, 1, 31, tzinfo=UTC)),
        ("2030-01-31T10:00:00+02:00", datetime(2030, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_span_or_a_date(since: str, time: datetime | None) -> None:
    assert _time_of(since, NOW) == time


@pytest.mark.parametrize("since", ["yesterday", "7", "d", "999999999w", "2030-13-01"])
def test_anything_else_is_wrong_use(since: str) -> None:
    with pytest.raises(typer.BadParameter, match="7d, 12h"):
        _time_of(since, NOW)

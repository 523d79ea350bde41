"""What stands in a column comes back as it was put in."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import BadWorkdir
from sessions.store.rows import path_text, plain_text, time_text

hours = st.integers(-14, 14).map(lambda offset: timezone(timedelta(hours=offset)))
times = st.builds(
    lambda seconds, zone: datetime.fromtimestamp(seconds, zone),
    st.floats(0, 4e9).map(lambda seconds: round(seconds, 6)),
    hours,
)


@given(times, times)
def test_times_compare_as_text(one: datetime, other: datetime) -> None:
    assert (time_text(one) < time_text(other)) == (one < other)
    assert len(time_text(one)) == len(time_text(other))


@given(times)
def test_a_time_comes_back(moment: datetime) -> None:
    assert datetime.fromisoformat(time_text(moment)) == moment
    assert datetime.fromisoformat(time_text(moment)).tzinfo == UTC


@given(st.text(st.characters(exclude_categories=())))
def test_plain_text_can_always_be_stored(text: str) -> None:
    assert plain_text(plain_text(text)) == plain_text(text)
    assert len(plain_text(text)) == len(text)


def test_plain_text_keeps_what_can_be_kept() -> None:
    assert plain_text("é🗝\0\ud800") == "é🗝\0?"


def test_a_path_that_is_no_text_is_refused_with_a_way_out() -> None:
    assert path_text(Path("/é")) == "/é"
    with pytest.raises(BadWorkdir, match="rename"):
        path_text(Path("/\udcff"))

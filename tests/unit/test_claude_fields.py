"""Typed reading of foreign JSON."""

from datetime import UTC, datetime

from sessions.agents.claude_fields import as_int, as_list, as_map, as_number, as_time, input_tokens


def test_what_is_there_is_read() -> None:
    assert as_map({"a": 1}) == {"a": 1}
    assert as_list([1]) == [1]
    assert as_number(1.5) == 1.5
    assert as_int(1.5) == 1
    assert as_time(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert input_tokens({"input_tokens": 1, "cache_read_input_tokens": 2}) == 3


def test_what_is_missing_or_odd_is_empty() -> None:
    assert as_map(None) == as_map([1]) == {}
    assert list(as_list("ab")) == list(as_list(None)) == []
    assert as_int(None) is as_int("1") is as_int(value=True) is None
    assert as_time("soon") is None
    assert input_tokens({"input_tokens": None}) == 0

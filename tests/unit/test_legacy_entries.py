"""claudeclaw's entries: what is taken, what is mended, what is left out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.legacy_entries import Entry, Findings, Kind, kind_of, read_entries
from tests.support.claudeclaw import (
    CURRENT,
    DEFAULT_ID,
    LEGACY,
    NOW,
    OLD_DEFAULT_ID,
    ROOM_ID,
    ROOM_KEY,
    SINGLE,
    THREAD_ID,
    THREAD_KEY,
    WRITTEN,
    codes,
    fields,
    read,
    reasons,
    session_id,
    source,
    text_of,
)

CREATED = datetime(2026, 3, 1, 10, tzinfo=UTC)
USED = datetime(2026, 3, 2, 10, tzinfo=UTC)


def only(**more: Any) -> tuple[Entry, list[tuple[str, str | None]]]:
    """Read a file with the one entry `room` and return it and what was noted."""
    entries, findings = read({"sessions": {"room": fields(**more)}})
    (entry,) = entries
    return entry, codes(findings)


def test_the_legacy_format_is_read_field_by_field() -> None:
    (entry,), findings = read(LEGACY)
    assert entry == Entry(
        raw_key=THREAD_KEY,
        key=entry.key,
        kind="discord",
        agent_session_id=THREAD_ID,
        created=datetime(2026, 3, 1, 10, 0, 46, 250_000, UTC),
        last_used=datetime(2026, 3, 1, 10, 0, 46, 462_000, UTC),
        turn_count=10,
        compact_warned=False,
        extra={},
        source="sessions.json",
        format="threads",
    )
    assert entry.key == THREAD_KEY
    assert findings == Findings()


def test_the_current_format_is_read_in_its_order() -> None:
    entries, findings = read(CURRENT)
    assert [(one.key, one.agent_session_id, one.turn_count, one.kind) for one in entries] == [
        ("default", DEFAULT_ID, 3, "default"),
        (ROOM_KEY, ROOM_ID, 10, "discord"),
    ]
    assert {one.format for one in entries} == {"sessions"}
    assert findings == Findings()


def test_the_default_session_is_read_with_its_unknown_fields() -> None:
    (entry,), findings = read(SINGLE, name="session.json", role="session")
    assert (entry.key, entry.agent_session_id, entry.turn_count) == ("default", OLD_DEFAULT_ID, 9)
    assert entry.compact_warned
    assert entry.extra == {"messageCount": 12}
    assert findings == Findings()


def test_a_file_with_both_containers_gives_the_entries_of_both() -> None:
    entries, findings = read(LEGACY | CURRENT)
    assert [one.format for one in entries] == ["threads", "sessions", "sessions"]
    assert findings == Findings()


@pytest.mark.parametrize("root", [{}, []])
def test_an_empty_file_is_plainly_empty(root: object) -> None:
    assert read(root) == ([], Findings())
    assert read(root, name="session.json", role="session") == ([], Findings())


@pytest.mark.parametrize("root", [None, 7, "x", [1], True, {"version": 3}])
def test_another_root_gives_nothing_and_is_told(root: object) -> None:
    entries, findings = read(root)
    assert entries == []
    assert codes(findings) == [("bad-root", None)]


@pytest.mark.parametrize("container", [[], None, "x", 3])
@pytest.mark.parametrize("name", ["threads", "sessions"])
def test_a_container_that_is_no_object_is_told_and_the_other_is_read(name: str, container: object) -> None:
    other = "sessions" if name == "threads" else "threads"
    entries, findings = read({name: container, other: {"room": fields()}})
    assert [one.key for one in entries] == ["room"]
    assert codes(findings) == [("bad-container", name)]


def test_other_fields_of_the_root_do_not_count() -> None:
    entries, findings = read({"version": 1, "sessions": {}, "note": None})
    assert (entries, findings) == ([], Findings())


@pytest.mark.parametrize("problem", ["corrupt", "too-large"])
def test_a_file_that_could_not_be_read_gives_one_note(problem: str) -> None:
    entries, findings = read(b"", problem=problem)
    assert (entries, codes(findings)) == ([], [(problem, None)])


def test_a_file_that_is_not_json_gives_one_note() -> None:
    entries, findings = read(b"{")
    assert (entries, codes(findings)) == ([], [("corrupt", None)])


@pytest.mark.fault(
    "F16", "an old session file cut at every byte", "it is read whole, or named corrupt and left alone"
)
def test_a_legacy_file_cut_at_any_byte_is_whole_or_corrupt() -> None:
    whole = text_of(LEGACY).encode()
    for length in range(len(whole) + 1):
        entries, findings = read(whole[:length])
        if length >= len(whole.rstrip()):
            assert ([one.key for one in entries], findings) == ([THREAD_KEY], Findings())
        else:
            assert (entries, codes(findings)) == ([], [("corrupt", None)])


def test_a_bad_entry_is_left_out_and_its_neighbour_is_read() -> None:
    good = fields()
    entries, findings = read({"threads": {"910000000000010000": None, "910000000000030000": good}})
    assert [one.key for one in entries] == ["910000000000030000"]
    assert reasons(findings) == [("not-an-object", "910000000000010000")]


@pytest.mark.parametrize("value", [None, [], "x", 3, True])
def test_an_entry_that_is_no_object_is_left_out(value: object) -> None:
    entries, findings = read({"sessions": {"room": value}})
    assert (entries, reasons(findings)) == ([], [("not-an-object", "room")])


@pytest.mark.parametrize(
    "value",
    [..., None, 7, "", THREAD_ID[:-1], f"{THREAD_ID}0", f"{THREAD_ID}/..", f"[{THREAD_ID}]", "0" * 32],
)
def test_an_entry_without_a_session_id_is_left_out(value: object) -> None:
    entries, findings = read({"sessions": {"room": fields(sessionId=value)}})
    assert (entries, reasons(findings)) == ([], [("bad-session-id", "room")])


def test_a_session_id_is_stripped_and_keeps_its_case() -> None:
    entry, noted = only(sessionId=f" {THREAD_ID.upper()}\n")
    assert (entry.agent_session_id, noted) == (THREAD_ID.upper(), [])


def test_missing_counts_flags_and_keys_are_no_warning() -> None:
    entry, noted = only(turnCount=..., compactWarned=..., key=...)
    assert (entry.turn_count, entry.compact_warned, noted) == (0, False, [])


@pytest.mark.parametrize("inside", ["other", 5, None, True, ["room"]])
@pytest.mark.parametrize("name", ["key", "threadId"])
def test_the_outer_key_is_the_truth(name: str, inside: object) -> None:
    entry, noted = only(**{name: inside})
    assert (entry.key, noted) == ("room", [("key-mismatch", "room")])
    assert entry.extra == {}


def test_a_thread_id_as_a_number_is_the_same_key() -> None:
    entries, findings = read({"threads": {THREAD_KEY: fields(threadId=int(THREAD_KEY))}})
    assert [one.key for one in entries] == [THREAD_KEY]
    assert findings == Findings()


def test_a_number_that_differs_in_the_last_digit_is_another_key() -> None:
    _, findings = read({"threads": {THREAD_KEY: fields(threadId=int(THREAD_KEY) + 1)}})
    assert codes(findings) == [("key-mismatch", THREAD_KEY)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-03-01T10:00:00.000Z", CREATED),
        ("2026-03-01 10:00:00Z", CREATED),
        ("2026-03-01T10:00:00", CREATED),
        ("2026-03-01T12:30:00.000+02:30", CREATED),
        (int(CREATED.timestamp() * 1000), CREATED),
        (CREATED.timestamp() * 1000, CREATED),
        ("2026-03-01T10:00:00.123456Z", CREATED.replace(microsecond=123_000)),
    ],
)
def test_dates_are_utc_with_milliseconds(given: object, expected: datetime) -> None:
    entry, noted = only(createdAt=given)
    assert (entry.created, noted) == (expected, [])


NO_DATES = [None, True, [], {}, 5, -1, 10**11 - 1, 10**13, 10**300, 1e300]
NO_DATE_TEXTS = [
    "",
    "yesterday",
    "2026-03-01",
    "20260301T100000Z",
    "2026-13-01T10:00:00Z",
    "2026-03-01T25:00:00Z",
]
OUT_OF_RANGE = ["0001-01-01T00:00:00+14:00", "2026-06-03T12:00:01Z", "2026-03-01T10" + "0" * 5000]
BAD_DATES = [*NO_DATES, *NO_DATE_TEXTS, *OUT_OF_RANGE]


@pytest.mark.parametrize("bad", BAD_DATES, ids=range(len(BAD_DATES)))
def test_a_bad_date_is_replaced_by_the_other_one(bad: object) -> None:
    entry, noted = only(createdAt=bad)
    assert (entry.created, entry.last_used, noted) == (USED, USED, [("bad-date", "room")])
    entry, noted = only(lastUsedAt=bad)
    assert (entry.created, entry.last_used, noted) == (CREATED, CREATED, [("bad-date", "room")])


def test_two_bad_dates_are_the_files_own_with_one_warning() -> None:
    entry, noted = only(createdAt="x", lastUsedAt="y")
    assert (entry.created, entry.last_used, noted) == (WRITTEN, WRITTEN, [("bad-date", "room")])


def test_a_file_from_the_future_counts_as_of_now() -> None:
    (entry,), _ = read(
        {"sessions": {"room": fields(createdAt=..., lastUsedAt=...)}}, modified=NOW + timedelta(days=9)
    )
    assert entry.last_used == NOW


def test_a_missing_date_is_replaced_without_a_warning() -> None:
    entry, noted = only(createdAt=...)
    assert (entry.created, entry.last_used, noted) == (USED, USED, [])
    entry, noted = only(createdAt=..., lastUsedAt=...)
    assert (entry.created, entry.last_used, noted) == (WRITTEN, WRITTEN, [])


def test_a_date_up_to_a_day_ahead_is_taken() -> None:
    ahead = NOW + timedelta(days=1)
    entry, noted = only(lastUsedAt=ahead.isoformat())
    assert (entry.last_used, noted) == (ahead, [])


def test_dates_in_the_wrong_order_are_kept() -> None:
    entry, noted = only(createdAt="2026-03-02T10:00:00Z", lastUsedAt="2026-03-01T10:00:00Z")
    assert (entry.created, entry.last_used, noted) == (USED, CREATED, [])


@pytest.mark.parametrize(("given", "expected"), [(0, 0), (7, 7), (7.0, 7), (2**53, 2**53)])
def test_a_whole_count_is_taken(given: object, expected: int) -> None:
    entry, noted = only(turnCount=given)
    assert (entry.turn_count, noted) == (expected, [])
    assert type(entry.turn_count) is int


@pytest.mark.parametrize("given", [True, False, -1, "7", 1.5, 2**53 + 1, 1e300, None, [], {}])
def test_a_bad_count_is_zero_with_a_warning(given: object) -> None:
    entry, noted = only(turnCount=given)
    assert (entry.turn_count, noted) == (0, [("bad-turn-count", "room")])


@pytest.mark.parametrize("given", [0, 1, "true", None, []])
def test_a_bad_flag_is_false_with_a_warning(given: object) -> None:
    entry, noted = only(compactWarned=given)
    assert (entry.compact_warned, noted) == (False, [("bad-flag", "room")])


def test_unknown_fields_are_kept() -> None:
    entry, noted = only(mood={"is": ["good", None, 1.5]}, messageCount=3)
    assert (entry.extra, noted) == ({"mood": {"is": ["good", None, 1.5]}, "messageCount": 3}, [])


def test_a_repeated_name_is_told() -> None:
    data = text_of({"sessions": {"room": fields()}}).replace(
        '"turnCount": 1', '"turnCount": 1, "turnCount": 2'
    )
    (entry,), findings = read(data.encode())
    assert (entry.turn_count, codes(findings)) == (2, [("duplicate-key", "turnCount")])


@pytest.mark.parametrize(
    ("raw_key", "key", "kind"),
    [
        ("default", "default", "default"),
        (THREAD_KEY, THREAD_KEY, "discord"),
        ("9" * 20, "9" * 20, "discord"),
        ("9" * 16, "9" * 16, "other"),
        ("Nightly_Job-2", "Nightly_Job-2", "other"),
        ("agent:bob", "agent-bob-8636c244", "agent"),
        ("research/weekly", "research-weekly-13675dbc", "other"),
        ("", "key-e3b0c442", "other"),
    ],
)
def test_a_key_keeps_its_name_or_gets_a_safe_one(raw_key: str, key: str, kind: Kind) -> None:
    (entry,), findings = read({"sessions": {raw_key: fields()}})
    assert (entry.raw_key, entry.key, entry.kind) == (raw_key, key, kind)
    assert findings == Findings()


@pytest.mark.parametrize(
    "raw_key",
    ["..", ".", "a/b", "../../etc", " ", "a b", "\0", "slk:C1:1.2", "tg:5:6", "x" * 65, "é", "default "],
)
def test_an_unsafe_key_never_becomes_a_path(raw_key: str) -> None:
    (entry,), _ = read({"sessions": {raw_key: fields()}})
    assert entry.raw_key == raw_key
    assert entry.key.replace("-", "").replace("_", "").isalnum()
    assert entry.key != raw_key


@pytest.mark.parametrize(
    ("raw_key", "kind"), [("slk:C1:1.2", "slack"), ("tg:5:6", "telegram"), ("tg:dm:7", "telegram")]
)
def test_a_prefix_tells_the_kind(raw_key: str, kind: Kind) -> None:
    assert kind_of(raw_key) == kind


def test_a_key_that_is_not_text_is_left_out_alone() -> None:
    entries, findings = read(
        b'{"sessions": {"\\ud800": '
        + text_of(fields()).encode()
        + b', "room": '
        + text_of(fields(2)).encode()
        + b"}}"
    )
    assert [one.key for one in entries] == ["room"]
    assert reasons(findings) == [("bad-key", "\ud800")]


def test_a_single_files_key_is_given_from_outside() -> None:
    (entry,), _ = read(SINGLE, name="agents/bob/session.json", role="agent", raw_key="agent:bob", agent="bob")
    assert (entry.key, entry.kind, entry.agent, entry.format) == (
        "agent-bob-8636c244",
        "agent",
        "bob",
        "single",
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {"sessionId": st.sampled_from([session_id(1), f" {session_id(2)}"]) | JSON},
    optional=dict.fromkeys(
        ("key", "threadId", "createdAt", "lastUsedAt", "turnCount", "compactWarned", "x"), JSON
    ),
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        name: st.dictionaries(st.text(), ENTRIES | JSON, max_size=3) | JSON
        for name in ("threads", "sessions")
    },
)


@given(FILES | JSON)
def test_no_file_makes_it_raise_and_nothing_vanishes_unsaid(root: object) -> None:
    """Each entry is taken or named as skipped, whatever else the file holds."""
    entries, findings = read(root)
    containers = [root.get(name) for name in ("threads", "sessions")] if isinstance(root, dict) else []
    given_entries = sum(len(one) for one in containers if isinstance(one, dict))
    assert len(entries) + len(findings.skipped) == given_entries
    assert all(
        one.turn_count >= 0 and one.created.tzinfo is UTC and one.last_used.tzinfo is UTC for one in entries
    )


@given(st.binary())
def test_no_bytes_make_it_raise(data: bytes) -> None:
    assert read_entries(source(data), NOW, Findings()) == []

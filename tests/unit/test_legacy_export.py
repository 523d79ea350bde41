"""Roomkey's sessions as a sessions.json of claudeclaw."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.keys import session_key
from sessions.legacy_entries import Entry
from sessions.legacy_export import export_text, write_export
from sessions.records import SessionRecord
from tests.support.claudeclaw import CURRENT, NOW, fields, read, text_of


def record(entry: Entry, vendor: str = "claude") -> SessionRecord:
    """Return what an import stores of an entry, as far as an export needs it."""
    return SessionRecord(
        key=entry.key,
        vendor=vendor,
        agent_session_id=entry.agent_session_id,
        workdir=Path("/w"),
        memory_dir=Path("/m"),
        created=entry.created,
        last_used=entry.last_used,
        turn_count=entry.turn_count,
        origin_key=entry.raw_key,
        extra=entry.extra | ({"compactWarned": True} if entry.compact_warned else {}),
    )


def test_the_current_sample_comes_back_field_by_field() -> None:
    text = export_text(record(entry) for entry in read(CURRENT)[0])
    assert json.loads(text) == CURRENT
    assert text == json.dumps(json.loads(text), indent=2) + "\n"
    assert list(json.loads(text)["sessions"]["default"]) == [
        "sessionId", "key", "createdAt", "lastUsedAt", "turnCount", "compactWarned"
    ]  # fmt: skip


def test_a_session_of_our_own_goes_by_its_key() -> None:
    ours = SessionRecord(
        key=session_key("room"),
        vendor="claude",
        agent_session_id="x",
        workdir=Path("/w"),
        memory_dir=Path("/m"),
        created=NOW,
        last_used=NOW,
    )
    assert json.loads(export_text([ours]))["sessions"]["room"]["key"] == "room"


def test_foreign_names_come_back_under_their_own_name() -> None:
    root = {"sessions": {"agent:bob": fields(1), "": fields(2), "default": fields(3)}}
    assert list(json.loads(export_text(map(record, read(root)[0])))["sessions"]) == [
        "agent:bob",
        "",
        "default",
    ]


def test_sessions_of_other_vendors_are_left_out() -> None:
    (entry,), _ = read({"sessions": {"room": fields(1)}})
    assert json.loads(export_text([record(entry, "scripted")])) == {"sessions": {}}


PLAIN = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(
    st.dictionaries(
        NAMES,
        st.builds(
            fields,
            st.integers(0, 10**12 - 1),
            turnCount=st.integers(0, 2**53),
            compactWarned=st.booleans(),
            messageCount=PLAIN,
            mood=st.lists(PLAIN, max_size=2),
        ),
        max_size=4,
    )
)
def test_importing_an_export_gives_the_same_again(sessions: dict[str, object]) -> None:
    first, _ = read({"sessions": sessions})
    again, findings = read(export_text(map(record, first)).encode())
    assert (again, findings.skipped, findings.notes) == (first, [], [])


def test_the_file_is_replaced_whole_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "sessions.json"
    file.write_text("old")
    write_export(file, [record(entry) for entry in read(CURRENT)[0]])
    assert json.loads(file.read_text()) == CURRENT
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError):
        write_export(tmp_path / "directory", [])
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


def test_what_an_export_writes_ends_with_a_newline() -> None:
    assert export_text([]) == text_of({"sessions": {}})

"""What a report says, for scripts and for people."""

import json
from pathlib import Path
from typing import get_args

from sessions.keys import session_key
from sessions.legacy_entries import Note, NoteCode, Skipped, SkipReason
from sessions.legacy_report import MEANINGS, Report, Reported, render_report, report_json
from tests.support.claudeclaw import CURRENT, DEFAULT_ID, ROOM_KEY, SINGLE, fields, read, session_id


def report(**more: object) -> Report:
    default, room = read(CURRENT)[0]
    (old,), _ = read(SINGLE, name="session.json", role="session")
    given: dict[str, object] = {
        "imported": (
            Reported(entry=default, old_workdir=Path("/p"), resumable=True),
            Reported(entry=room, old_workdir=None, resumable=False),
        ),
        "restorable": (Reported(entry=old, old_workdir=None, resumable=False),),
        "exists": (session_key("known"),),
        "skipped": (Skipped(source="sessions.json", origin_key="bad\x1b[2J", reason="not-an-object"),),
        "warnings": (
            Note(code="corrupt", source="session.json"),
            Note(code="bad-date", source="a", origin_key="b"),
        ),
        "settings": {"agent": {"model": "opus"}},
        "not_carried": ("telegram",),
    }
    return Report(**(given | more))  # pyright: ignore[reportArgumentType]


def test_json_has_every_fact_under_its_promised_name() -> None:
    said = report_json(report())
    assert list(said) == [
        "imported",
        "restorable",
        "exists",
        "skipped",
        "warnings",
        "settings",
        "not_carried",
    ]
    assert said["imported"][0] == {  # pyright: ignore[reportIndexIssue]
        "key": "default",
        "origin_key": "default",
        "kind": "default",
        "agent_session_id": DEFAULT_ID,
        "created_at": "2026-03-02T08:00:00.000Z",
        "last_used_at": "2026-03-02T09:30:00.000Z",
        "turn_count": 3,
        "compact_warned": False,
        "extra": {},
        "old_workdir": "/p",
        "resumable": True,
        "source": "sessions.json",
    }
    assert said["restorable"][0]["extra"] == {"messageCount": 12}  # pyright: ignore[reportIndexIssue]
    assert said["exists"] == ["known"]
    assert said["skipped"] == [
        {"source": "sessions.json", "origin_key": "bad\x1b[2J", "reason": "not-an-object"}
    ]
    assert said["warnings"] == [
        {"code": "corrupt", "source": "session.json", "origin_key": None},
        {"code": "bad-date", "source": "a", "origin_key": "b"},
    ]
    assert (said["settings"], said["not_carried"]) == ({"agent": {"model": "opus"}}, ["telegram"])
    assert json.loads(json.dumps(said)) == said


def test_text_has_a_line_for_each_and_the_sums_last() -> None:
    lines = render_report(report()).splitlines()
    assert len(lines) == 2 + 1 + 1 + 1 + 2 + 1 + 1 + 1
    assert lines[-1] == "2 imported, 1 restorable, 1 existing, 1 skipped, 2 warnings"
    assert lines[0] == f"imported  default  {DEFAULT_ID}  sessions.json  goes on"
    assert lines[1].startswith(f"imported  {ROOM_KEY}  ")
    assert lines[1].endswith("  starts fresh")


def test_foreign_text_cannot_move_the_cursor_or_break_a_line() -> None:
    (entry,), _ = read({"sessions": {"two\nlines\x1b[2J\u202eé": fields(1)}})
    text = render_report(report(imported=(Reported(entry=entry, old_workdir=None, resumable=True),)))
    assert all(line.isascii() and line.isprintable() for line in text.splitlines())
    assert rf"{entry.key} (was two\nlines\x1b[2J\u202e\xe9)  {session_id(1)}" in text


def test_every_code_has_its_meaning_and_no_other() -> None:
    assert set(MEANINGS) == set(get_args(NoteCode)) | set(get_args(SkipReason))


def test_keys_that_turn_out_to_exist_are_not_imported() -> None:
    changed = report().without([session_key("default")])
    assert [one.entry.key for one in changed.imported] == [ROOM_KEY]
    assert changed.exists == ("known", "default")
    assert report().without([]) == report()

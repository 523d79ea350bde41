"""Reading the audit log beside a bot that runs, and without one."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sessions.errors import UserError
from sessions.paths import Paths
from sessions.store import open_store
from sessions.store.people import AuditEntry
from sessions.store.sqlite_audit import read_audit
from tests.support.clocks import SetClock


def said(actor: str, action: str) -> AuditEntry:
    return AuditEntry(platform="chat", actor=actor, action=action, target="user 4", detail="everywhere")


async def read(paths: Paths, **asked: Any) -> Sequence[AuditEntry]:
    return await asyncio.to_thread(read_audit, paths, **asked)


async def test_entries_are_read_by_time_and_actor_while_a_bot_runs(tmp_path: Path) -> None:
    clock, paths = SetClock(), Paths(tmp_path)
    store = await open_store(tmp_path, clock)
    await store.people.note(said("1", "allow"))
    clock.pass_s(3600)
    await store.people.note(said("2", "deny"))
    await store.people.note(said("1", "stop"))
    assert [entry.action for entry in await read(paths)] == ["allow", "deny", "stop"]
    assert [entry.action for entry in await read(paths, actor="1")] == ["allow", "stop"]
    later = clock.utc() - timedelta(minutes=1)
    assert [entry.action for entry in await read(paths, since=later)] == ["deny", "stop"]
    await store.close()
    (entry,) = await read(paths, since=later, actor="2")
    assert entry.at == datetime(2030, 1, 1, 13, tzinfo=UTC)
    assert (entry.target, entry.detail) == ("user 4", "everywhere")


def test_without_a_database_a_person_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no database"):
        read_audit(Paths(tmp_path))
    assert list(tmp_path.iterdir()) == []

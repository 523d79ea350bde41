"""claudeclaw is taken over at the start: from where the settings say, or from a file left there."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bot.legacy_start import import_at_start
from bot.settings import load_settings
from sessions.clock import SystemClock
from sessions.paths import Paths
from sessions.store import Store, open_store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY = "910000000000010000"
ENTRY = {
    "sessionId": "652d4b8c-64d7-4b59-abcb-d829339d83dd",
    "threadId": KEY,
    "createdAt": "2026-03-01T10:00:46.250Z",
    "lastUsedAt": "2026-03-01T10:00:46.462Z",
    "turnCount": 10,
    "compactWarned": False,
}
FILE = json.dumps({"threads": {KEY: ENTRY}})


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data")
    made.create()
    return made


@pytest_asyncio.fixture
async def store(paths: Paths) -> AsyncGenerator[Store]:
    opened = await open_store(paths.root, SystemClock())
    yield opened
    await opened.close()


async def start(paths: Paths, store: Store, **variables: str) -> None:
    environ = {"ROOMKEY_DATA_DIR": str(paths.root), **variables}
    settings = await asyncio.to_thread(load_settings, None, environ)
    await import_at_start(settings, store, paths, NOW)


async def test_a_file_left_in_the_data_directory_is_taken_over_once(paths: Paths, store: Store) -> None:
    file = paths.root / "sessions.json"
    file.write_text(FILE)
    await start(paths, store)
    await start(paths, store)
    [record] = await store.sessions()
    assert (record.key, record.agent_session_id) == (KEY, ENTRY["sessionId"])
    assert file.read_text() == FILE


async def test_the_directory_that_the_settings_name_is_taken_over(
    tmp_path: Path, paths: Paths, store: Store
) -> None:
    state = tmp_path / "project" / ".claude" / "claudeclaw"
    state.mkdir(parents=True)
    (state / "sessions.json").write_text(FILE)
    await start(paths, store, ROOMKEY_LEGACY_DIR=str(tmp_path / "project"))
    assert [record.key for record in await store.sessions()] == [KEY]


async def test_what_cannot_be_read_is_logged_and_stops_nothing(
    paths: Paths, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    (paths.root / "sessions.json").write_text(FILE[:-3])
    with caplog.at_level(logging.INFO):
        await start(paths, store)
    assert await store.sessions() == []
    assert "corrupt" in str([vars(record) for record in caplog.records])


async def test_a_directory_that_is_not_there_is_logged_and_stops_nothing(
    tmp_path: Path, paths: Paths, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await start(paths, store, ROOMKEY_LEGACY_DIR=str(tmp_path / "nowhere"))
    assert "nothing was imported" in caplog.messages


async def test_without_either_nothing_happens(
    paths: Paths, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await start(paths, store)
    assert caplog.messages == []

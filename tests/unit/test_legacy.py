"""An import of claudeclaw as a whole: from its directory into the real store."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.agents.claude_transcript import transcript_path
from sessions.clock import SystemClock
from sessions.errors import StateError
from sessions.keys import DEFAULT_KEY, SessionKey, session_key
from sessions.legacy import ImportFailed, Plan, apply_import, plan_import
from sessions.legacy_export import export_text
from sessions.legacy_files import NotClaudeclaw
from sessions.legacy_report import report_json
from sessions.paths import Paths
from sessions.records import SessionRecord
from sessions.store import Store, open_store
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
    fields,
    install,
    session_id,
    snapshot,
    text_of,
)

LEGACY_FILE = {"sessions.json": LEGACY}
ALL = {"sessions.json": LEGACY | CURRENT, "session.json": SINGLE}


class World:
    """A claudeclaw project, the conversations of its Claude Code, and a Roomkey with a real store."""

    def __init__(self, root: Path, store: Store) -> None:
        self.project, self.config = root / "p", root / "config"
        self.paths, self.store = Paths(root / "data"), store

    async def known(self) -> list[SessionKey]:
        return [record.key for record in await self.store.sessions()]

    async def plan(self, directory: Path | None = None, **more: bool) -> Plan:
        known = await self.known()
        return await asyncio.to_thread(
            plan_import,
            directory or self.project,
            paths=self.paths,
            claude_config=self.config,
            now=NOW,
            known=known,
            **more,
        )

    async def run(self, directory: Path | None = None, **more: bool) -> dict[str, list[object]]:
        report = await apply_import(await self.plan(directory, **more), store=self.store, paths=self.paths)
        return report_json(report)  # pyright: ignore[reportReturnType]

    async def record(self, key: str) -> SessionRecord:
        record = await self.store.session(session_key(key))
        assert record is not None
        return record

    def converse(self, workdir: Path, agent_session_id: str) -> None:
        file = transcript_path(self.config, workdir, agent_session_id)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"said in {agent_session_id}\n")

    def conversation(self, record: SessionRecord) -> str:
        """Return the conversation as the room's own Claude Code will find it."""
        home = self.paths.room(record.key).home
        return transcript_path(home / "claude", record.workdir, record.agent_session_id).read_text()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store = await open_store(tmp_path / "data", SystemClock())
    yield World(tmp_path, store)
    await store.close()


async def test_all_samples_are_imported_field_by_field(world: World) -> None:
    install(world.project, ALL)
    said = await world.run()
    thread, default, room = [await world.record(key) for key in (THREAD_KEY, "default", ROOM_KEY)]
    assert (thread.agent_session_id, thread.turn_count, thread.origin_key) == (THREAD_ID, 10, THREAD_KEY)
    assert (default.agent_session_id, default.turn_count) == (DEFAULT_ID, 3)
    assert (room.agent_session_id, room.vendor, room.generation) == (ROOM_ID, "claude", 0)
    assert (thread.created.isoformat(), thread.last_used.isoformat()) == (
        "2026-03-01T10:00:46.250000+00:00",
        "2026-03-01T10:00:46.462000+00:00",
    )
    assert {one.memory_dir for one in (thread, default, room)} == {
        world.paths.room(one.key).memory_dir for one in (thread, default, room)
    }
    (former,) = await world.store.former_sessions(DEFAULT_KEY)
    assert (former.agent_session_id, former.reason, former.turn_count) == (OLD_DEFAULT_ID, "import", 9)
    assert len(said["imported"]) == 3
    assert len(said["restorable"]) == 1


async def test_looking_writes_nothing_anywhere(world: World, tmp_path: Path) -> None:
    install(world.project, ALL | {"settings.json": {"model": "opus"}, "sessions/default/notes": b"x"})
    world.converse(world.project, DEFAULT_ID)
    before = {name: snapshot(tmp_path / name) for name in ("p", "config")}
    plan = await world.plan()
    assert {name: snapshot(tmp_path / name) for name in ("p", "config")} == before
    assert not world.paths.imports.exists()
    assert not (world.paths.root / "sessions").exists()
    assert await world.known() == []
    assert len(plan.records) == 3


async def test_the_original_is_never_changed(world: World, tmp_path: Path) -> None:
    state = install(world.project, ALL | {"session_1.backup": SINGLE, "agents/bob/session.json": fields(5)})
    (state / "sessions" / ROOM_KEY / "memory").mkdir(parents=True)
    (state / "sessions" / ROOM_KEY / "memory" / "note.md").write_text("remember")
    world.converse(state / "sessions" / ROOM_KEY, ROOM_ID)
    before = {name: snapshot(tmp_path / name) for name in ("p", "config")}
    await world.run()
    assert {name: snapshot(tmp_path / name) for name in ("p", "config")} == before


async def test_an_import_from_a_tree_without_the_right_to_write_works(world: World) -> None:
    state = install(world.project, ALL)
    for path in (state / "sessions.json", state, world.project):
        path.chmod(path.stat().st_mode & 0o555)
    try:
        assert len((await world.run())["imported"]) == 3
    finally:
        for path in (world.project, state):
            path.chmod(0o755)


async def test_a_second_import_changes_nothing(world: World) -> None:
    install(world.project, ALL)
    await world.run()
    before, kept = await world.store.sessions(), snapshot(world.paths.imports)
    said = await world.run()
    assert said["exists"] == [THREAD_KEY, "default", ROOM_KEY]
    assert (said["imported"], said["restorable"]) == ([], [])
    assert await world.store.sessions() == before
    assert len(await world.store.former_sessions(DEFAULT_KEY)) == 1
    assert snapshot(world.paths.imports) == kept


async def test_a_key_used_in_roomkey_is_never_overwritten(world: World) -> None:
    install(world.project, ALL)
    plan = await world.plan()
    ours = SessionRecord(
        key=DEFAULT_KEY,
        vendor="claude",
        agent_session_id=session_id(99),
        workdir=world.paths.room(DEFAULT_KEY).workdir,
        memory_dir=world.paths.room(DEFAULT_KEY).memory_dir,
        created=NOW,
        last_used=NOW,
    )
    await world.store.ensure_session(ours)
    report = await apply_import(plan, store=world.store, paths=world.paths)
    assert report.exists == ("default",)
    assert [one.entry.key for one in report.imported] == [THREAD_KEY, ROOM_KEY]
    assert await world.record("default") == ours


async def test_a_project_is_found_from_its_state_directory_as_well(world: World) -> None:
    state = install(world.project, ALL)
    world.converse(world.project, OLD_DEFAULT_ID)
    assert (await world.plan(state)).report == (await world.plan()).report


async def test_what_was_read_is_kept_once(world: World) -> None:
    state = install(world.project, ALL | {"agents/bob/session.json": b"{"})
    (state / "settings.json").mkdir()
    await world.run()
    (kept,) = world.paths.imports.iterdir()
    assert kept.name.endswith("-claudeclaw")
    assert {str(path.relative_to(kept)) for path in kept.rglob("*.json")} == {*ALL, "agents/bob/session.json"}
    assert (kept / "sessions.json").read_text() == text_of(ALL["sessions.json"])
    assert (kept / "sessions.json").stat().st_mode & 0o777 == 0o600
    await world.run()
    assert list(world.paths.imports.iterdir()) == [kept]


@pytest.mark.parametrize(
    "bad", [b"", b" ", b"{", b"\xff", b"[[", b'{"threads": NaN}', b"null", b"7", b'"x"', b"{}", b"[]"]
)
async def test_a_file_that_gives_nothing_does_not_stop_the_others(world: World, bad: bytes) -> None:
    state = install(world.project, {"sessions.json": bad, "session.json": SINGLE})
    said = await world.run()
    assert [one["key"] for one in said["imported"]] == ["default"]  # pyright: ignore[reportIndexIssue]
    assert (state / "sessions.json").read_bytes() == bad


async def test_nothing_of_claudeclaw_is_refused(world: World) -> None:
    world.project.mkdir()
    with pytest.raises(NotClaudeclaw):
        await world.plan()


async def test_a_conversation_goes_on_in_the_projects_room_of_its_own(world: World) -> None:
    install(world.project, {"session.json": SINGLE})
    world.converse(world.project, OLD_DEFAULT_ID)
    said = await world.run()
    record = await world.record("default")
    assert record.resumable
    assert record.workdir == world.paths.room(DEFAULT_KEY).workdir
    assert world.conversation(record) == f"said in {OLD_DEFAULT_ID}\n"
    assert said["warnings"] == [
        {"code": "project-not-bound", "source": "session.json", "origin_key": "default"}
    ]


async def test_a_conversation_goes_on_in_the_project_if_asked_for(world: World) -> None:
    install(world.project, {"session.json": SINGLE})
    world.converse(world.project, OLD_DEFAULT_ID)
    said = await world.run(bind_project=True)
    record = await world.record("default")
    assert record.workdir == world.project
    assert world.conversation(record) == f"said in {OLD_DEFAULT_ID}\n"
    assert said["warnings"] == []


async def test_a_conversation_only_elsewhere_is_found(world: World) -> None:
    install(world.project, LEGACY_FILE)
    world.converse(Path("/moved"), THREAD_ID)
    await world.run()
    record = await world.record(THREAD_KEY)
    assert record.resumable
    assert world.conversation(record) == f"said in {THREAD_ID}\n"


async def test_without_its_conversation_a_room_starts_fresh(world: World) -> None:
    install(world.project, LEGACY_FILE)
    await world.run()
    assert not (await world.record(THREAD_KEY)).resumable


async def test_files_and_memory_below_claude_are_taken_along(world: World) -> None:
    state = install(world.project, {"sessions.json": CURRENT})
    old = state / "sessions" / ROOM_KEY
    (old / "src").mkdir(parents=True)
    (old / "src" / "a.py").write_text("print()")
    (old / "memory").mkdir()
    (old / "memory" / "note.md").write_text("remember")
    world.converse(old, ROOM_ID)
    plan = await world.plan()
    told: list[int] = []
    await apply_import(plan, store=world.store, paths=world.paths, progress=told.append)
    record = await world.record(ROOM_KEY)
    assert ".claude" not in record.workdir.parts
    assert (record.workdir / "src" / "a.py").read_text() == "print()"
    assert (record.memory_dir / "note.md").read_text() == "remember"
    assert not (record.workdir / "memory").exists()
    assert world.conversation(record) == f"said in {ROOM_ID}\n"
    assert sum(told) == plan.copy_bytes


async def test_a_restorable_conversation_is_taken_along(world: World) -> None:
    install(world.project, ALL)
    world.converse(world.project, OLD_DEFAULT_ID)
    await world.run()
    (former,) = await world.store.former_sessions(DEFAULT_KEY)
    home = world.paths.room(DEFAULT_KEY).home
    assert transcript_path(home / "claude", former.workdir, OLD_DEFAULT_ID).exists()


async def test_a_directory_that_two_conversations_share_is_copied_once(world: World) -> None:
    state = install(world.project, {"sessions.json": CURRENT, "session_1.backup": SINGLE})
    (state / "sessions" / "default" / "memory").mkdir(parents=True)
    (state / "sessions" / "default" / "memory" / "note.md").write_text("remember")
    plan = await world.plan()
    assert [copy.source.name for copy in plan.copies].count("memory") == 1
    assert plan.copy_bytes == len("remember")


async def test_a_copy_that_fails_stores_nothing_and_the_next_try_works(world: World) -> None:
    install(world.project, ALL)
    world.converse(world.project, DEFAULT_ID)
    world.paths.imports.write_text("in the way")
    with pytest.raises(ImportFailed, match="Nothing was taken over"):
        await world.run()
    assert await world.known() == []
    world.paths.imports.unlink()
    assert len((await world.run())["imported"]) == 3


async def test_a_store_that_refuses_is_told_and_the_next_try_works(world: World) -> None:
    install(world.project, ALL)
    world.converse(world.project, DEFAULT_ID)
    plan = await world.plan()
    await world.store.close()
    with pytest.raises(StateError):
        await apply_import(plan, store=world.store, paths=world.paths)
    world.store = await open_store(world.paths.root, SystemClock())
    assert len((await world.run())["imported"]) == 3
    assert (await world.record("default")).resumable
    await world.store.close()


async def test_an_export_imports_as_the_same_sessions(world: World, tmp_path: Path) -> None:
    odd = {
        "agent:bob": fields(1, mood="good"),
        "": fields(2, compactWarned=True),
        "x/y": fields(3, turnCount=4),
    }
    install(world.project, {"sessions.json": {"sessions": odd}, "session.json": SINGLE})
    await world.run()
    first = await world.store.sessions()
    exported = export_text(first)
    warned = {name: one["compactWarned"] for name, one in json.loads(exported)["sessions"].items()}
    assert warned == {"agent:bob": False, "": True, "x/y": False, "default": True}
    install(tmp_path / "again", {"sessions.json": exported.encode()})
    other = await open_store(tmp_path / "other", SystemClock())
    world.store, original = other, world.store
    await world.run(tmp_path / "again")
    world.store = original
    assert await other.sessions() == first
    await other.close()


async def test_settings_and_jobs_are_reported(world: World) -> None:
    files = {
        "settings.json": {"model": "opus", "web": {}},
        "jobs/daily.md": b"x",
        "permission-mode.json": {"mode": "plan"},
    }
    install(world.project, ALL | files)
    said = await world.run()
    assert said["settings"] == {"agent": {"model": "opus", "permission_mode": "plan"}}
    assert said["not_carried"] == ["web", "jobs/daily.md"]


async def test_broken_settings_carry_nothing_and_the_sessions_come(world: World) -> None:
    install(world.project, ALL | {"settings.json": b'{"discord": {'})
    said = await world.run()
    assert said["settings"] == {}
    assert {"code": "corrupt", "source": "settings.json", "origin_key": None} in said["warnings"]
    assert len(said["imported"]) == 3


async def test_a_listen_channel_with_its_own_thread_entry_is_named(world: World) -> None:
    install(
        world.project, LEGACY_FILE | {"settings.json": {"discord": {"listenChannels": [int(THREAD_KEY)]}}}
    )
    said = await world.run()
    assert {
        "code": "own-session-in-listen-channel",
        "source": "settings.json",
        "origin_key": THREAD_KEY,
    } in said["warnings"]


async def test_a_sessions_file_in_the_data_directory_is_imported(world: World) -> None:
    (world.paths.root / "sessions.json").write_text(text_of(LEGACY | CURRENT))
    said = await world.run(world.paths.root)
    assert len(said["imported"]) == 3
    assert (await world.record("default")).workdir == world.paths.room(DEFAULT_KEY).workdir
    assert (await world.run(world.paths.root))["exists"] == [THREAD_KEY, "default", ROOM_KEY]


async def test_no_link_below_the_directory_is_followed(world: World, tmp_path: Path) -> None:
    state = install(world.project, {"sessions.json": CURRENT})
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret")
    old = state / "sessions" / ROOM_KEY
    old.mkdir(parents=True)
    (old / "out").symlink_to(secret)
    (state / "sessions" / "default").symlink_to(secret)
    await world.run()
    below = [name for _, _, files in os.walk(world.paths.root / "sessions") for name in files]
    assert "key" not in below


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "sessions.json",
                "session.json",
                "session_1.backup",
                "session_fallback.json",
                "fallback-sessions/%ff.json",
                "agents/a/session.json",
                "settings.json",
                "permission-mode.json",
            ]
        ),
        st.binary(max_size=20)
        | st.sampled_from([text_of(one).encode() for one in (LEGACY, CURRENT, SINGLE, {}, [], 7)]),
        min_size=1,
    )
)
def test_no_files_make_it_raise(tmp_path: Path, files: dict[str, bytes]) -> None:
    project = tmp_path / f"p{len(list(tmp_path.iterdir()))}"
    install(project, files)
    plan = plan_import(project, paths=Paths(tmp_path / "data"), claude_config=tmp_path / "none", now=NOW)
    json.dumps(report_json(plan.report))
    assert len({record.key for record in plan.records}) == len(plan.records)
    ids = [one.agent_session_id for one in (*plan.records, *plan.former)]
    assert len(ids) == len(set(ids)) or any(note.code == "shared-session-id" for note in plan.report.warnings)

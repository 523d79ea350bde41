"""Where a session worked and where it goes on."""

from dataclasses import replace
from pathlib import Path

import pytest

from sessions.agents.claude_transcript import transcript_path
from sessions.legacy_copy import Copy
from sessions.legacy_files import locate
from sessions.legacy_places import Placed, Surroundings, place
from sessions.paths import Paths
from tests.support.claudeclaw import THREAD_KEY, fields, install, read, session_id

ID = session_id(1)


class World:
    """A project of claudeclaw, Claude's configuration beside it, and an empty data directory of ours."""

    def __init__(self, root: Path) -> None:
        self.project, self.config, self.paths = root / "p", root / "config", Paths(root / "data")
        self.state = install(self.project, {"sessions.json": {}})

    def directory(self, name: str) -> Path:
        """Make a directory below the project, or below the state for `sessions/...`."""
        made = (self.state if name.startswith("sessions/") else self.project) / name
        made.mkdir(parents=True)
        return made

    def converse(self, workdir: Path) -> Path:
        """Put the conversation where Claude Code puts it for a workdir."""
        file = transcript_path(self.config, workdir, ID)
        file.parent.mkdir(parents=True)
        file.write_text("{}\n")
        return file

    def place(
        self, raw_key: str, container: str = "threads", *, bind_project: bool = False, **more: object
    ) -> Placed:
        (entry,), _ = (
            read({container: {raw_key: fields(1)}}) if not more else read(fields(1), raw_key=raw_key, **more)
        )
        around = Surroundings(
            installation=locate(self.project),
            claude_config=self.config,
            paths=self.paths,
            bind_project=bind_project,
        )
        return place(entry, around)

    def room(self, key: str) -> Path:
        return self.paths.root / "sessions" / key / "work"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_threads_own_directory_is_used_on_as_it_is(world: World) -> None:
    own = world.directory(f"agents/fix-it-{THREAD_KEY}")
    transcript = world.converse(own)
    placed = world.place(THREAD_KEY)
    target = transcript_path(world.room(THREAD_KEY).parent / "home" / "claude", own, ID)
    assert (placed.old_workdir, placed.workdir, placed.transcript) == (own, own, transcript)
    assert placed.copies == (Copy(source=transcript, target=target),)


def test_the_first_of_several_directories_of_a_thread_counts(world: World) -> None:
    second, first = world.directory(f"agents/b-{THREAD_KEY}"), world.directory(f"agents/a-{THREAD_KEY}")
    assert world.place(THREAD_KEY).old_workdir == first
    world.converse(second)
    assert world.place(THREAD_KEY).old_workdir == second


def test_a_directory_with_the_conversation_beats_an_earlier_one_without(world: World) -> None:
    world.directory(f"agents/fix-it-{THREAD_KEY}")
    transcript = world.converse(world.project)
    placed = world.place(THREAD_KEY)
    assert (placed.old_workdir, placed.transcript) == (world.project, transcript)
    assert placed.workdir == world.room(THREAD_KEY)


def test_a_workdir_below_claude_is_copied_with_its_memory_apart(world: World) -> None:
    own = world.directory(f"sessions/{THREAD_KEY}")
    (own / "memory").mkdir()
    world.converse(own)
    placed = world.place(THREAD_KEY, "sessions")
    room = world.paths.room(placed.entry.key)
    assert (placed.old_workdir, placed.workdir) == (own, room.workdir)
    assert placed.copies[:2] == (
        Copy(source=own, target=room.workdir, leave_out=frozenset(("memory",))),
        Copy(source=own / "memory", target=room.memory_dir),
    )
    assert placed.copies[2].target == transcript_path(room.home / "claude", room.workdir, ID)


def test_the_current_format_looks_into_its_own_directory_first(world: World) -> None:
    own = world.directory("sessions/default")
    assert world.place("default", "sessions").old_workdir == own
    assert world.place("default", "threads").old_workdir == world.project


def test_the_legacy_format_looks_there_last(world: World) -> None:
    own = world.directory(f"sessions/{THREAD_KEY}")
    assert world.place(THREAD_KEY).old_workdir == world.project
    world.converse(own)
    assert world.place(THREAD_KEY).old_workdir == own


def test_the_project_is_used_on_only_if_asked_for(world: World) -> None:
    transcript = world.converse(world.project)
    alone, bound = world.place("job"), world.place("job", bind_project=True)
    assert (alone.workdir, bound.workdir) == (world.room("job"), world.project)
    assert {copy.source for copy in (*alone.copies, *bound.copies)} == {transcript}
    assert alone.copies != bound.copies


def test_a_named_agents_session_worked_in_its_directory(world: World) -> None:
    bob = world.directory("agents/bob")
    assert world.place("agent:bob", role="agent", agent="bob").old_workdir == bob
    assert world.place("bob/weekly").old_workdir == bob
    assert world.place("carol/weekly").old_workdir == world.project
    assert world.place("bob").old_workdir == world.project


def test_another_agents_directory_is_not_taken_for_a_names_end(world: World) -> None:
    world.directory("agents/fix-weekly")
    assert world.place("weekly", "sessions").old_workdir == world.project


@pytest.mark.parametrize(
    "raw_key", ["", ".", "..", "../..", "a/b", "a\\b", "a\0b", "x" * 300, "../../agents"]
)
def test_a_key_that_is_no_name_leads_nowhere(world: World, raw_key: str) -> None:
    for name in ("agents/b", "sessions/a/b", "sessions/memory"):
        world.directory(name)
    placed = world.place(raw_key, "sessions")
    assert placed.old_workdir == world.project
    assert placed.copies == ()


def test_a_conversation_elsewhere_is_found_if_there_is_just_one(world: World) -> None:
    elsewhere = world.converse(Path("/moved/away"))
    placed = world.place(THREAD_KEY)
    assert (placed.old_workdir, placed.transcript) == (world.project, elsewhere)
    assert len(placed.copies) == 1
    world.converse(Path("/moved/again"))
    assert world.place(THREAD_KEY).transcript is None


def test_without_a_conversation_it_starts_fresh(world: World) -> None:
    placed = world.place(THREAD_KEY)
    assert (placed.transcript, placed.copies) == (None, ())


def test_a_conversation_remembered_for_a_directory_that_is_gone_is_found(world: World) -> None:
    gone = world.project / "agents" / f"fix-{THREAD_KEY}"
    gone.mkdir(parents=True)
    transcript = world.converse(gone)
    gone.rmdir()
    placed = world.place(THREAD_KEY)
    assert (placed.transcript, placed.workdir) == (transcript, world.room(THREAD_KEY))


def test_links_out_of_the_directory_are_not_followed(world: World, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (world.project / "agents").mkdir()
    (world.project / "agents" / f"fix-{THREAD_KEY}").symlink_to(tmp_path / "outside")
    (world.state / "sessions").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "default" / "memory").mkdir(parents=True)
    assert world.place(THREAD_KEY).old_workdir == world.project
    assert world.place("default", "sessions").copies == ()


def test_a_link_inside_the_directory_is_its_target(world: World) -> None:
    real = world.directory("agents/real")
    (world.project / "agents" / f"fix-{THREAD_KEY}").symlink_to(real)
    assert world.place(THREAD_KEY).workdir == real


def test_a_room_whose_conversation_is_anothers_takes_no_copy_of_it(world: World) -> None:
    world.converse(world.project)
    (entry,), _ = read({"sessions": {"room": fields(1)}})
    around = Surroundings(installation=locate(world.project), claude_config=world.config, paths=world.paths)
    assert place(entry, around).transcript is not None
    assert place(replace(entry, resumable=False), around).transcript is None


def test_a_conversation_that_is_a_link_is_not_taken(world: World, tmp_path: Path) -> None:
    transcript = world.converse(world.project)
    transcript.rename(tmp_path / "elsewhere")
    transcript.symlink_to(tmp_path / "elsewhere")
    assert world.place(THREAD_KEY).transcript is None


def test_our_own_directories_are_never_taken_for_claudeclaws(tmp_path: Path) -> None:
    """A sessions.json in the data directory is imported: `sessions/` beside it is ours."""
    paths = Paths(tmp_path)
    (tmp_path / "sessions" / "room" / "memory").mkdir(parents=True)
    (tmp_path / "sessions.json").touch()
    (entry,), _ = read({"sessions": {"room": fields(1)}})
    around = Surroundings(installation=locate(tmp_path), claude_config=tmp_path / "none", paths=paths)
    placed = place(entry, around)
    assert (placed.old_workdir, placed.workdir, placed.copies) == (None, paths.room(entry.key).workdir, ())

"""Transcripts as conversations; rows as CLI 2.1.327 writes them, shortened, or as an agent may."""

import json
import os
from pathlib import Path
from uuid import UUID

import pytest

from sessions.agents.claude_conversations import ClaudeConversations
from sessions.agents.claude_transcript import config_dir, transcript_path
from sessions.agents.conversations import Cut, Kept
from sessions.errors import SessionNotFound

FIRST, SECOND = UUID(int=1), UUID(int=2)
IT = ClaudeConversations()


def user(uuid: UUID, text: object, **more: object) -> dict[str, object]:
    message = {"role": "user", "content": text}
    return {"type": "user", "uuid": str(uuid), "sessionId": "old", "message": message, **more}


ANSWER: dict[str, object] = {
    "type": "assistant",
    "uuid": "a",
    "sessionId": "old",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "I see"}]},
}


def kept(home: Path, name: str = "old") -> Kept:
    return Kept(home=home, agent_session_id=name, workdir=Path("/srv/work"))


def write(home: Path, *rows: dict[str, object], name: str = "old", tail: str = "") -> Path:
    path = transcript_path(config_dir(home), Path("/srv/work"), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + tail)
    return path


def rows_of(home: Path, name: str) -> list[dict[str, object]]:
    path = transcript_path(config_dir(home), Path("/srv/work"), name)
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_copy_bears_its_own_id_and_neither_costs_nor_prompts_once_more(tmp_path: Path) -> None:
    queued: dict[str, object] = {"type": "queue-operation", "content": "later", "sessionId": "old"}
    cost: dict[str, object] = {"type": "cost-state", "totalCostUSD": 3, "sessionId": "old"}
    write(tmp_path, user(FIRST, "hi"), ANSWER, queued, user(SECOND, "later"), cost, tail='{"type":"us')
    assert IT.copy(kept(tmp_path), kept(tmp_path, "new")) == 2
    made = rows_of(tmp_path, "new")
    assert [row["type"] for row in made] == ["user", "assistant", "user"]
    assert {row["sessionId"] for row in made} == {"new"}
    assert IT.copy(kept(tmp_path), kept(tmp_path, "cut"), Cut(prompt=SECOND)) == 1
    assert "later" not in json.dumps(rows_of(tmp_path, "cut"))


def test_a_copy_that_is_there_already_is_kept_and_counted(tmp_path: Path) -> None:
    write(tmp_path, user(FIRST, "hi"), ANSWER, user(SECOND, "bye"))
    for _ in range(2):
        assert IT.copy(kept(tmp_path), kept(tmp_path, "new"), Cut(prompt=SECOND)) == 1
    write(tmp_path, user(FIRST, "other"))
    assert IT.copy(kept(tmp_path), kept(tmp_path, "new")) == 1
    assert "hi" in str(rows_of(tmp_path, "new"))


@pytest.mark.parametrize("cut", [None, Cut(prompt=FIRST, keep=True), Cut(prompt=SECOND)])
def test_what_is_too_long_to_be_copied_whole_is_refused_in_words(tmp_path: Path, cut: Cut | None) -> None:
    """Issue 5: what lay behind 256 MiB was left out of the copy, and nobody heard of it."""
    long_file = write(tmp_path, user(FIRST, "hi"), ANSWER)
    os.truncate(long_file, 300 * 1024**2)
    with pytest.raises(OSError, match=r"too long \(more than 256 MiB\)"):
        IT.copy(kept(tmp_path), kept(tmp_path, "new"), cut)
    with pytest.raises(OSError, match="too long"):
        IT.take_over(config_dir(tmp_path), "old", kept(tmp_path / "home", "old"))
    assert IT.text(kept(tmp_path)).endswith(
        "(What comes behind this cannot be read: this conversation is too long (more than 256 MiB).)"
    )
    long_line = write(tmp_path, user(FIRST, "hi"), user(SECOND, "w" * 16 * 1024**2), ANSWER, name="line")
    with pytest.raises(OSError, match="one of its lines is too long"):
        IT.copy(kept(tmp_path, "line"), kept(tmp_path, "new"))
    assert {one.name for one in long_line.parent.iterdir()} == {"old.jsonl", "line.jsonl"}
    assert not [one for one in (tmp_path / "home").rglob("*") if one.is_file()]


def test_what_the_program_says_for_itself_is_no_prompt(tmp_path: Path) -> None:
    result = [{"type": "tool_result", "tool_use_id": "t", "content": "42"}]
    write(
        tmp_path,
        user(FIRST, "hi"),
        user(UUID(int=3), result),
        user(UUID(int=4), "caveat", isMeta=True),
        user(UUID(int=5), "<command-name>/compact</command-name>"),
        user(UUID(int=6), "<local-command-stdout>Compacted</local-command-stdout>"),
        user(UUID(int=7), "summary", isCompactSummary=True),
        user(UUID(int=8), "in a sub-agent", isSidechain=True),
        user(SECOND, [{"type": "text", "text": "bye"}]),
    )
    assert IT.prompts(kept(tmp_path)) == [FIRST, SECOND]
    assert IT.copy(kept(tmp_path), kept(tmp_path, "new"), Cut(prompt=FIRST, keep=True)) == 1


def test_no_link_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_text(json.dumps(user(FIRST, "a secret")) + "\n")
    home = tmp_path / "home"
    path = write(home)
    path.unlink()
    path.symlink_to(secret)
    assert not IT.exists(kept(home))
    assert IT.text(kept(home)) == ""
    with pytest.raises(OSError, match=r"\S"):
        IT.copy(kept(home), kept(home, "new"))
    IT.delete(kept(home))
    assert secret.exists()
    path.parent.rmdir()
    path.parent.symlink_to(tmp_path)
    with pytest.raises((OSError, SessionNotFound)):
        IT.copy(kept(home, "secret"), kept(home, "new"))


def test_a_target_below_a_link_is_not_written(tmp_path: Path) -> None:
    write(tmp_path / "a", user(FIRST, "hi"))
    outside = tmp_path / "outside"
    outside.mkdir()
    projects = config_dir(tmp_path / "b") / "projects"
    projects.parent.mkdir(parents=True)
    projects.symlink_to(outside)
    with pytest.raises(OSError, match=r"\S"):
        IT.copy(kept(tmp_path / "a"), kept(tmp_path / "b", "new"))
    assert list(outside.iterdir()) == []


def test_everything_of_a_deleted_session_goes(tmp_path: Path) -> None:
    path = write(tmp_path, user(FIRST, "hi"))
    sidechains = path.with_suffix("") / "subagents"
    sidechains.mkdir(parents=True)
    (sidechains / "agent.jsonl").write_text("{}")
    history = config_dir(tmp_path) / "file-history" / "old"
    history.mkdir(parents=True)
    other = write(tmp_path, user(FIRST, "hi"), name="other")
    IT.delete(kept(tmp_path))
    assert [*tmp_path.rglob("*old*")] == []
    assert other.exists()


def test_terminals_sessions_are_found_by_their_directory_and_their_processes(tmp_path: Path) -> None:
    own = tmp_path / "claude"
    write(tmp_path, user(FIRST, "  the word\n is plum "), ANSWER, user(SECOND, "more"), name="one")
    write(tmp_path, user(FIRST, "hello"), name="two")
    write(tmp_path, ANSWER, name="empty")
    registry = own / "sessions"
    registry.mkdir()
    began = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    for name, pid, start in (
        ("one", os.getpid(), began),
        ("two", os.getpid(), "1"),
        ("three", 2**22 + 1, ""),
    ):
        said = {"pid": pid, "sessionId": name, "procStart": start}
        (registry / f"{name}.json").write_text(json.dumps(said))
    (registry / "odd.json").write_text("[" * 5000)
    found = {one.agent_session_id: one for one in IT.foreign(own, Path("/srv/work"))}
    assert {name: (one.title, one.turn_count, one.in_use) for name, one in found.items()} == {
        "one": ("the word is plum", 2, True),
        "two": ("hello", 1, False),
    }
    assert list(IT.foreign(own, Path("/srv/elsewhere"))) == []
    assert list(IT.foreign(tmp_path / "nowhere", Path("/srv/work"))) == []


def test_what_was_held_in_a_directory_of_a_like_name_is_not_listed(tmp_path: Path) -> None:
    write(tmp_path, user(FIRST, "hi", cwd="/srv/work"), name="one")
    write(tmp_path, user(FIRST, "not yours", cwd="/srv-work"), name="two")
    found = IT.foreign(config_dir(tmp_path), Path("/srv/work"))
    assert [one.agent_session_id for one in found] == ["one"]


def test_a_terminals_session_is_copied_as_it_is(tmp_path: Path) -> None:
    source = write(tmp_path / "own", user(FIRST, "hi"), name="one")
    home = tmp_path / "home"
    IT.take_over(config_dir(tmp_path / "own"), "one", kept(home, "one"))
    made = transcript_path(config_dir(home), Path("/srv/work"), "one")
    assert made.read_bytes() == source.read_bytes()
    for name in ("two", "../one", "a/b"):
        with pytest.raises(SessionNotFound):
            IT.take_over(config_dir(tmp_path / "own"), name, kept(home, name))

"""What Claude Code's own record says; rows as CLI 2.1.327 writes them, shortened."""

import json
import os
from pathlib import Path
from uuid import UUID

import pytest

from sessions.agents.claude_transcript import (
    Answer,
    find_answer,
    find_transcript,
    holds_conversation,
    may_have_acted,
    rows,
    set_aside,
    transcript_path,
)

FIRST, SECOND = UUID(int=1), UUID(int=2)


def user(uuid: UUID, text: str) -> dict[str, object]:
    return {"type": "user", "uuid": str(uuid), "message": {"role": "user", "content": text}}


def assistant(*blocks: dict[str, object]) -> dict[str, object]:
    return {"type": "assistant", "uuid": "x", "message": {"role": "assistant", "content": list(blocks)}}


def text(words: str) -> dict[str, object]:
    return {"type": "text", "text": words}


CALL: dict[str, object] = {"type": "tool_use", "id": "t", "name": "Bash", "input": {}}
RESULT: dict[str, object] = {
    "type": "user",
    "uuid": "r",
    "message": {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "42"}]},
}
ATTACHMENT: dict[str, object] = {"type": "attachment", "uuid": "a", "attachment": {}}


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_transcript_is_found_whatever_directory_it_was_started_in(tmp_path: Path) -> None:
    path = write(transcript_path(tmp_path, Path("/srv/it is.here"), "id"))
    assert path == tmp_path / "projects" / "-srv-it-is-here" / "id.jsonl"
    assert find_transcript(tmp_path, "id") == path
    assert find_transcript(tmp_path, "other") is None


def test_a_file_without_words_is_no_conversation(tmp_path: Path) -> None:
    assert not holds_conversation(write(tmp_path / "a"))
    assert not holds_conversation(write(tmp_path / "b", {"type": "queue-operation", "content": "hi"}))
    assert holds_conversation(write(tmp_path / "c", {"type": "queue-operation"}, user(FIRST, "hi")))


def test_an_answer_ends_where_the_next_prompt_begins(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t",
        user(FIRST, "one"),
        ATTACHMENT,
        assistant(text("a"), CALL),
        RESULT,
        assistant(text("b")),
        user(SECOND, "two"),
        assistant(text("c")),
    )
    assert find_answer(path, FIRST) == Answer(("a", "b"), finished=True)
    assert find_answer(path, SECOND) == Answer(("c",), finished=True)


def test_an_unknown_or_unanswered_prompt_has_no_answer(tmp_path: Path) -> None:
    path = write(tmp_path / "t", user(FIRST, "one"), ATTACHMENT)
    assert find_answer(path, FIRST) is None
    assert find_answer(path, SECOND) is None


def test_an_answer_cut_off_in_a_tool_is_not_finished(tmp_path: Path) -> None:
    assert find_answer(write(tmp_path / "a", user(FIRST, "one"), assistant(text("a"), CALL)), FIRST) == (
        Answer(("a",), finished=False)
    )
    path = write(tmp_path / "b", user(FIRST, "one"), assistant(CALL), RESULT)
    assert find_answer(path, FIRST) == Answer((), finished=False)


def test_the_words_of_a_subagent_are_not_the_answer(tmp_path: Path) -> None:
    aside = assistant(text("aside")) | {"isSidechain": True}
    path = write(tmp_path / "t", user(FIRST, "one"), aside, assistant(text("a")))
    assert find_answer(path, FIRST) == Answer(("a",), finished=True)


def test_a_line_cut_off_by_a_kill_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "t", user(FIRST, "one"), assistant(text("a")))
    path.write_text(path.read_text() + '{"type": "assis')
    assert find_answer(path, FIRST) == Answer(("a",), finished=True)


def test_a_prompt_has_done_nothing_while_no_answer_to_it_is_written_down(tmp_path: Path) -> None:
    path = transcript_path(tmp_path, Path("/w"), "id")
    assert not may_have_acted(tmp_path, "id", FIRST, expect_history=False)
    write(path, user(FIRST, "one"), assistant(text("a"), CALL), RESULT)
    assert may_have_acted(tmp_path, "id", FIRST, expect_history=True)
    assert not may_have_acted(tmp_path, "id", SECOND, expect_history=True)
    write(path, user(FIRST, "one"), assistant(text("a")), user(SECOND, "two"), ATTACHMENT)
    assert not may_have_acted(tmp_path, "id", SECOND, expect_history=True)


def test_work_of_a_subagent_counts_as_done(tmp_path: Path) -> None:
    row = assistant(text("a")) | {"isSidechain": True}
    write(transcript_path(tmp_path, Path("/w"), "id"), user(FIRST, "one"), row)
    assert may_have_acted(tmp_path, "id", FIRST, expect_history=True)


def test_a_record_that_is_gone_or_unreadable_leaves_it_open(tmp_path: Path) -> None:
    assert may_have_acted(tmp_path, "id", FIRST, expect_history=True)
    transcript_path(tmp_path, Path("/w"), "id").mkdir(parents=True)
    assert may_have_acted(tmp_path, "id", FIRST, expect_history=False)


def test_the_line_that_a_killed_process_did_not_finish_may_be_anything(tmp_path: Path) -> None:
    path = write(transcript_path(tmp_path, Path("/w"), "id"), user(FIRST, "one"))
    with path.open("a") as record:
        record.write(json.dumps(assistant(CALL))[:-9])
    assert may_have_acted(tmp_path, "id", FIRST, expect_history=True)


# -- the agent can write these files --------------------------------------------------------------


def test_a_link_in_the_place_of_a_transcript_is_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "x", user(FIRST, "one"), assistant(text("secret")))
    path = transcript_path(tmp_path / "config", Path("/w"), "id")
    path.parent.mkdir(parents=True)
    path.symlink_to(outside)
    assert find_transcript(tmp_path / "config", "id") == path
    assert not holds_conversation(path)
    assert find_answer(path, FIRST) is None
    assert may_have_acted(tmp_path / "config", "id", FIRST, expect_history=False)
    set_aside(path)
    assert find_transcript(tmp_path / "config", "id") is None
    assert outside.exists()


def test_a_link_in_the_place_of_a_directory_is_not_followed(tmp_path: Path) -> None:
    write(
        transcript_path(tmp_path / "outside", Path("/w"), "id"), user(FIRST, "one"), assistant(text("secret"))
    )
    config = tmp_path / "config"
    config.mkdir()
    (config / "projects").symlink_to(tmp_path / "outside" / "projects")
    assert find_transcript(config, "id") is None
    (config / "projects").unlink()
    (config / "projects").mkdir()
    (config / "projects" / "-w").symlink_to(tmp_path / "outside" / "projects" / "-w")
    assert find_transcript(config, "id") is None
    assert find_answer(transcript_path(config, Path("/w"), "id"), FIRST) is None


def test_a_pipe_in_the_place_of_a_transcript_holds_nobody_up(tmp_path: Path) -> None:
    path = transcript_path(tmp_path, Path("/w"), "id")
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert not holds_conversation(path)
    assert may_have_acted(tmp_path, "id", FIRST, expect_history=False)


def test_rows_that_are_no_rows_are_passed_over(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    path = write(transcript_path(tmp_path, Path("/w"), "id"), user(FIRST, "one"))
    with path.open("a") as file:
        file.write(f'{deep}\n"text"\n\x00\n{{"type": 5, "message": 7}}\n')
        file.write(json.dumps(assistant(text("a"))) + "\n")
    assert find_answer(path, FIRST) == Answer(("a",), finished=True)


def test_an_endless_line_is_one_unreadable_row(tmp_path: Path) -> None:
    path = write(transcript_path(tmp_path, Path("/w"), "id"), user(FIRST, "one"))
    with path.open("ab") as file:
        file.truncate(file.tell() + 80 * 1024**2)  # nothing but NULs, and no room on the disk
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + json.dumps(assistant(text("a"))).encode() + b"\n")
    assert find_answer(path, FIRST) == Answer(("a",), finished=True)
    assert may_have_acted(tmp_path, "id", FIRST, expect_history=True)


def test_an_endless_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = write(transcript_path(tmp_path, Path("/w"), "id"))
    os.truncate(path, 1024**4)
    assert not holds_conversation(path)


def test_what_stands_behind_all_that_is_read_may_be_anything(tmp_path: Path) -> None:
    """Issue 5: behind 256 MiB a prompt counted as one for which nothing was done."""
    path = write(transcript_path(tmp_path, Path("/w"), "id"), assistant(text("a")))
    os.truncate(path, 256 * 1024**2)
    assert not may_have_acted(tmp_path, "id", FIRST, expect_history=True)
    os.truncate(path, 300 * 1024**2)
    assert may_have_acted(tmp_path, "id", FIRST, expect_history=True)
    with pytest.raises(OSError, match="too long"):
        next(rows(path, whole=True))

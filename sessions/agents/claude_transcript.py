"""Claude Code's own record of a session on disk: where it is and what was answered in it. Blocking."""

import errno
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast
from uuid import UUID

from sessions.beneath import exists_beneath, list_beneath, open_beneath, rename_beneath

Row = dict[str, object]
PROJECTS: Final = "projects"
_LINE_BYTES: Final = 16 * 1024**2
_FILE_BYTES: Final = 256 * 1024**2
"""The agent can write these files: a longer line counts as unreadable, and so does what is behind so much."""
_TOO_LONG: Final = "this conversation is too long (more than 256 MiB)"

_SPOKEN: Final = frozenset({"user", "assistant"})


def config_dir(home: Path) -> Path:
    """Return the directory that is Claude Code's `CLAUDE_CONFIG_DIR` for a session with this home."""
    return home / "claude"


def transcript_path(config: Path, workdir: Path, session_id: str) -> Path:
    """Return where Claude Code writes the transcript of a session started in `workdir`.

    Source: CLI 2.1.327; it shortens the directory's name for a very long `workdir`, this does not.
    """
    return config / PROJECTS / re.sub(r"[^A-Za-z0-9]", "-", str(workdir)) / f"{session_id}.jsonl"


def find_transcript(config: Path, session_id: str) -> Path | None:
    """Return the session's transcript, whatever directory it was started in; it may turn out unreadable."""
    name = f"{session_id}.jsonl"
    try:
        projects = sorted(one.name for one in list_beneath(config, PROJECTS) if not one.is_file)
        found = [one for one in projects if exists_beneath(config, PROJECTS, one, name)]
    except (OSError, ValueError):
        return None
    return config / PROJECTS / found[0] / name if found else None


def set_aside(transcript: Path) -> None:
    """Take a transcript out of the agent's sight. Raises OSError."""
    rename_beneath(*parts_of(transcript), to=f"{transcript.stem}.empty")


def holds_conversation(transcript: Path) -> bool:
    """Whether anything was said in it.

    A process killed at its start leaves a file without that. Claude Code 2.1.327 then refuses both
    ways: "already in use" for a new session, "no conversation found" for a resumed one.
    """
    try:
        return any(row.get("type") in _SPOKEN for row in rows(transcript))
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a session answered to a prompt: its text blocks, and whether it came to an end."""

    blocks: tuple[str, ...]
    finished: bool


def find_answer(transcript: Path, prompt: UUID) -> Answer | None:
    """Return the answer to the prompt with this uuid; None if nothing was answered, or cannot be read."""
    try:
        return _find_answer(rows(transcript), prompt)
    except OSError:
        return None


def _find_answer(said: Iterator[Row], prompt: UUID) -> Answer | None:
    blocks: list[str] = []
    last: Row | None = None
    found = False
    for row in said:
        if row.get("isSidechain"):
            continue
        if row.get("uuid") == str(prompt):
            found = True
        elif found and row.get("type") == "user" and not holds(row, "tool_result"):
            break
        elif found and row.get("type") in _SPOKEN:
            last = row
            if row["type"] == "assistant":
                blocks += [str(block["text"]) for block in content(row) if block.get("type") == "text"]
    if last is None:
        return None
    finished = last["type"] == "assistant" and not holds(last, "tool_use")
    return Answer(tuple(blocks), finished)


def may_have_acted(config: Path, session_id: str, prompt: UUID, expect_history: bool) -> bool:
    """Whether anything was done for a prompt; True also if there is a record that cannot be read.

    Claude Code writes the prompt down before it acts, and each step of its answer up to 100 ms late
    (2.1.327). What a tool has done just now may be missing; so the store is told of tools first. A session
    that has a history and no record of it has lost the record.
    """
    transcript = find_transcript(config, session_id)
    if transcript is None:
        return expect_history
    found = False
    try:
        for row in rows(transcript):
            found = found or row.get("uuid") == str(prompt)
            if found and (not row or row.get("type") == "assistant"):
                return True
    except OSError:
        return True
    return False


def holds(row: Row, kind: Literal["tool_use", "tool_result"]) -> bool:
    """Whether a row's message has a block of that kind."""
    return any(block.get("type") == kind for block in content(row))


def content(row: Row) -> list[Row]:
    """Return the blocks of a row's message; none for one that is plain text."""
    message = row.get("message")
    content = cast("Row", message).get("content") if isinstance(message, dict) else None
    blocks = cast("list[object]", content) if isinstance(content, list) else []
    return [cast("Row", block) for block in blocks if isinstance(block, dict)]


def rows(transcript: Path, mark: bytes = b"", *, whole: bool = False) -> Iterator[Row]:
    """Yield the rows in order; an empty one for each line that is none, as a killed process leaves it.

    Lines without `mark` are passed over unread. With `whole`, it raises before the first row if the file is
    too long, and at a line that is.

    Raises OSError: for a file that is too long, once all that can be read of it was yielded; and for what is
    no plain file, as no link is followed.
    """
    with open_beneath(*parts_of(transcript)) as file:
        if whole:
            require_short(file.fileno())
        while file.tell() < _FILE_BYTES and (line := file.readline(_LINE_BYTES)):
            complete = True
            while len(line) == _LINE_BYTES and not line.endswith(b"\n") and file.tell() < _FILE_BYTES:
                complete, line = False, file.readline(_LINE_BYTES)
            if whole and not complete:
                raise OSError(errno.EFBIG, "one of its lines is too long (more than 16 MiB)")
            if not mark or mark in line:
                yield _row(line) if complete else {}
        if file.tell() >= _FILE_BYTES and file.read(1):
            raise OSError(errno.EFBIG, _TOO_LONG)


def require_short(descriptor: int) -> None:
    """Raise OSError if an open transcript is longer than what is read of one."""
    if os.fstat(descriptor).st_size > _FILE_BYTES:
        raise OSError(errno.EFBIG, _TOO_LONG)


def _row(line: bytes) -> Row:
    try:
        row: object = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return cast("Row", row) if isinstance(row, dict) else {}


def parts_of(transcript: Path) -> tuple[Path, str, str, str]:
    """Return the agent's directory, which is ours, and the names below it, which it may swap."""
    *_, projects, directory, name = transcript.parts
    return transcript.parents[2], projects, directory, name

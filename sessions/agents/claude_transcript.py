"""Claude Code's own record of a session on disk: where it is and what was answered in it. Blocking."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast
from uuid import UUID

_Row = dict[str, object]
_SPOKEN: Final = frozenset({"user", "assistant"})


def config_dir(home: Path) -> Path:
    """Return the directory that is Claude Code's `CLAUDE_CONFIG_DIR` for a session with this home."""
    return home / "claude"


def transcript_path(config: Path, workdir: Path, session_id: str) -> Path:
    """Return where Claude Code writes the transcript of a session started in `workdir`.

    Source: CLI 2.1.327; it shortens the directory's name for a very long `workdir`, this does not.
    """
    return config / "projects" / re.sub(r"[^A-Za-z0-9]", "-", str(workdir)) / f"{session_id}.jsonl"


def find_transcript(config: Path, session_id: str) -> Path | None:
    """Return the session's transcript, whatever directory it was started in."""
    return next(iter(sorted(config.glob(f"projects/*/{session_id}.jsonl"))), None)


def holds_conversation(transcript: Path) -> bool:
    """Whether anything was said in it.

    A process killed at its start leaves a file without that. Claude Code 2.1.327 then refuses both
    ways: "already in use" for a new session, "no conversation found" for a resumed one.
    """
    return any(row.get("type") in _SPOKEN for row in _rows(transcript))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a session answered to a prompt: its text blocks, and whether it came to an end."""

    blocks: tuple[str, ...]
    finished: bool


def find_answer(transcript: Path, prompt: UUID) -> Answer | None:
    """Return the answer to the prompt with this uuid; None if nothing was answered."""
    blocks: list[str] = []
    last: _Row | None = None
    found = False
    for row in _rows(transcript):
        if row.get("isSidechain"):
            continue
        if row.get("uuid") == str(prompt):
            found = True
        elif found and row.get("type") == "user" and not _holds(row, "tool_result"):
            break
        elif found and row.get("type") in _SPOKEN:
            last = row
            if row["type"] == "assistant":
                blocks += [str(block["text"]) for block in _content(row) if block.get("type") == "text"]
    if last is None:
        return None
    finished = last["type"] == "assistant" and not _holds(last, "tool_use")
    return Answer(tuple(blocks), finished)


def may_have_acted(config: Path, session_id: str, prompt: UUID, expect_history: bool) -> bool:
    """Whether anything was done for a prompt; True also if there is a record that cannot be read.

    Claude Code writes the prompt down before it acts, and each step of its answer before the tools
    of that step run. A session that has a history and no record of it has lost the record.
    """
    transcript = find_transcript(config, session_id)
    if transcript is None:
        return expect_history
    found = False
    try:
        for row in _rows(transcript):
            found = found or row.get("uuid") == str(prompt)
            if found and (not row or row.get("type") == "assistant"):
                return True
    except OSError:
        return True
    return False


def _holds(row: _Row, kind: Literal["tool_use", "tool_result"]) -> bool:
    return any(block.get("type") == kind for block in _content(row))


def _content(row: _Row) -> list[_Row]:
    message = row.get("message")
    content = cast("_Row", message).get("content") if isinstance(message, dict) else None
    blocks = cast("list[object]", content) if isinstance(content, list) else []
    return [cast("_Row", block) for block in blocks if isinstance(block, dict)]


def _rows(transcript: Path) -> Iterator[_Row]:
    """Yield the rows in order; an empty one for the line that a killed process did not finish."""
    with transcript.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                row: object = json.loads(line)
            except ValueError:
                row = {}
            if isinstance(row, dict):
                yield cast("_Row", row)

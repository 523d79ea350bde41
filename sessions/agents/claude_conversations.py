"""Claude Code's transcripts as conversations: copied whole or in part, read, removed. Blocking."""

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sessions.agents.claude_fields import as_int, as_map, as_text
from sessions.agents.claude_transcript import (
    PROJECTS,
    Row,
    config_dir,
    content,
    find_transcript,
    holds,
    holds_conversation,
    parts_of,
    require_short,
    rows,
    transcript_path,
)
from sessions.agents.conversations import Cut, Foreign, Kept
from sessions.beneath import (
    create_beneath,
    list_beneath,
    open_beneath,
    remove_beneath,
    remove_tree_beneath,
    rename_beneath,
)
from sessions.errors import PromptNotFound, SessionNotFound

_VENDOR: Final = "claude"
_NAME_CHARS: Final = 200
"""A workdir's name as a directory: Claude Code finds a transcript in whichever (2.1.327)."""
_LEFT_OUT: Final = frozenset({"cost-state", "queue-operation"})
"""What a session cost, which a copy begins anew; and prompts once more, also those that a cut leaves out."""
_ASIDE: Final = ("file-history", "session-env", "tasks")
_USER: Final = b'"user"'
_TITLE_CHARS: Final = 4000
_MOST: Final = 50
_MOST_COPIES: Final = 100
_REGISTRY: Final = "sessions"


class ClaudeConversations:
    """What Claude Code keeps of its sessions."""

    reading_tools: frozenset[str] = frozenset({"Read", "Grep", "Glob", "LS", "ToolSearch"})

    def exists(self, kept: Kept) -> bool:
        """Whether anything was said in it that can be read."""
        transcript = _found(config_dir(kept.home), kept.agent_session_id)
        return transcript is not None and holds_conversation(transcript)

    def copy(self, source: Kept, target: Kept, cut: Cut | None = None) -> int:
        """Copy a conversation, also one that is under way; return how many prompts the copy holds."""
        transcript = _found(config_dir(source.home), source.agent_session_id)
        if transcript is None:
            raise SessionNotFound("That conversation is gone.", vendor=_VENDOR)
        if _found(config_dir(target.home), target.agent_session_id) is not None:
            return sum(map(_is_prompt, _rows_of_users(target)))
        end = None if cut is None else _end(transcript, cut)
        count = 0

        def kept() -> Iterator[Row]:
            nonlocal count
            for number, row in enumerate(rows(transcript, whole=True)):
                if number == end:
                    return
                if row and row.get("type") not in _LEFT_OUT:
                    count += _is_prompt(row)
                    yield {**row, "sessionId": target.agent_session_id} if "sessionId" in row else row

        _write(target, lambda: (json.dumps(row).encode() + b"\n" for row in kept()))
        return count

    def prompts(self, kept: Kept) -> Sequence[UUID]:
        """Return the ids of the prompts in it, in order; nothing if it cannot be read."""
        found: list[UUID] = []
        for row in filter(_is_prompt, _rows_of_users(kept)):
            with contextlib.suppress(ValueError):
                found.append(UUID(str(row.get("uuid"))))
        return found

    def text(self, kept: Kept) -> str:
        """Return what was said in it as Markdown, "" if nothing can be read."""
        transcript = _found(config_dir(kept.home), kept.agent_session_id)
        if transcript is None:
            return ""
        parts: list[str] = []
        try:
            for row in rows(transcript):
                if not row.get("isSidechain") and not row.get("isMeta"):
                    parts += _shown(row)
        except OSError as error:
            if parts:
                parts.append(f"(What comes behind this cannot be read: {error.strerror}.)")
        return "\n\n".join(parts)

    def delete(self, kept: Kept) -> None:
        """Remove it for good; returns also if it was gone."""
        config, name = config_dir(kept.home), kept.agent_session_id
        for _ in range(_MOST_COPIES):
            if (transcript := _found(config, name)) is None:
                break
            root, *above, file = parts_of(transcript)
            remove_tree_beneath(root, *above, name)
            remove_beneath(root, *above, file)
        else:  # an agent that lives makes it anew as fast as it goes
            raise OSError(errno.EBUSY, "it is there again each time that it is removed")
        for directory in _ASIDE:
            with contextlib.suppress(ValueError):
                remove_tree_beneath(config, directory, name)

    def foreign(self, own: Path, workdir: Path) -> Sequence[Foreign]:
        """Return what this machine's user held in terminals in `workdir`, the newest first, at most 50."""
        place = transcript_path(own, workdir, "x").parent.name
        try:
            files = [one for one in list_beneath(own, PROJECTS, place) if one.name.endswith(".jsonl")]
        except (OSError, ValueError):
            return ()
        files.sort(key=lambda one: one.changed_s, reverse=True)
        used = _in_use(own)
        found: list[Foreign] = []
        for file in files[:_MOST]:
            name = file.name.removesuffix(".jsonl")
            title, count, where = _summed_up(own / PROJECTS / place / file.name)
            # Another directory can have the same name there: `/a/b-c` and `/a/b/c`.
            if count and where in ("", str(workdir)):
                when = datetime.fromtimestamp(file.changed_s, UTC)
                one = Foreign(
                    agent_session_id=name, title=title, last_used=when, turn_count=count, in_use=name in used
                )
                found.append(one)
        return found

    def take_over(self, own: Path, agent_session_id: str, target: Kept) -> None:
        """Copy one of those, under its id; nothing there changes."""
        transcript = _found(own, agent_session_id)
        if transcript is None:
            raise SessionNotFound("That conversation is gone from the terminal.", vendor=_VENDOR)

        def chunks() -> Iterator[bytes]:
            with open_beneath(*parts_of(transcript)) as file:
                require_short(file.fileno())
                while chunk := file.read(1024 * 1024):
                    yield chunk

        _write(target, chunks)


def _rows_of_users(kept: Kept) -> Iterator[Row]:
    """Yield what can be read of the rows that a prompt may stand in."""
    transcript = _found(config_dir(kept.home), kept.agent_session_id)
    with contextlib.suppress(OSError):
        yield from rows(transcript, _USER) if transcript is not None else ()


def _found(config: Path, session_id: str) -> Path | None:
    return None if "/" in session_id or "\0" in session_id else find_transcript(config, session_id)


def _write(target: Kept, chunks: Callable[[], Iterator[bytes]]) -> None:
    """Write a transcript whole or not at all; one that is there already is kept."""
    config, name = config_dir(target.home), target.agent_session_id
    if _found(config, name) is not None:
        return
    config.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = transcript_path(config, target.workdir, name).parent.name[:_NAME_CHARS]
    part = f"{name}.part"
    try:
        remove_beneath(config, PROJECTS, place, part)  # of a copy that was cut short
        with os.fdopen(create_beneath(config, PROJECTS, place, part), "wb") as file:
            for chunk in chunks():
                file.write(chunk)
        rename_beneath(config, PROJECTS, place, part, to=f"{name}.jsonl")
    except ValueError as error:
        raise SessionNotFound("That is no id of a conversation.", vendor=_VENDOR) from error
    finally:
        with contextlib.suppress(OSError, ValueError):
            remove_beneath(config, PROJECTS, place, part)


def _end(transcript: Path, cut: Cut) -> int:
    """Return the number of the first row that is left out. Raises PromptNotFound, OSError."""
    found = False
    number = -1
    for number, row in enumerate(rows(transcript, whole=True)):
        if found and _is_prompt(row):
            return number
        if row.get("uuid") == str(cut.prompt):
            if not cut.keep:
                return number
            found = True
    if not found:
        raise PromptNotFound
    return number + 1


def _is_prompt(row: Row) -> bool:
    """Whether somebody said it: no result of a tool, no word of the program's own, no sub-agent's."""
    if row.get("type") != "user" or row.get("isSidechain") or row.get("isMeta"):
        return False
    if row.get("isCompactSummary") or holds(row, "tool_result"):
        return False
    return not _said(row).startswith(("<local-command-", "<command-"))


def _said(row: Row) -> str:
    message = as_map(row.get("message"))
    whole = message.get("content")
    if isinstance(whole, str):
        return whole
    return "\n".join(str(block.get("text", "")) for block in content(row) if block.get("type") == "text")


def _shown(row: Row) -> list[str]:
    match row.get("type"):
        case "user" if _is_prompt(row):
            return [f"## Prompt\n\n{_said(row)}"]
        case "assistant":
            tools = [f"`{block.get('name')}`" for block in content(row) if block.get("type") == "tool_use"]
            return [part for part in (_said(row), " ".join(tools)) if part]
        case _:
            return []


def _summed_up(transcript: Path) -> tuple[str, int, str]:
    """Return the first words in a transcript, how many prompts it holds, and where it began; "" unknown."""
    title, count, where = "", 0, ""
    with contextlib.suppress(OSError):
        for row in rows(transcript, _USER):
            if _is_prompt(row):
                count += 1
                title = title or " ".join(_said(row).split())[:_TITLE_CHARS]
                where = where or as_text(row.get("cwd"))
    return title, count, where


def _in_use(own: Path) -> frozenset[str]:
    """Return the sessions that a living process of Claude Code has open, by its own list of them."""
    used: set[str] = set()
    with contextlib.suppress(OSError, ValueError):
        for one in list_beneath(own, _REGISTRY):
            if one.name.endswith(".json"):
                with contextlib.suppress(OSError, ValueError, RecursionError):
                    with open_beneath(own, _REGISTRY, one.name) as file:
                        said = as_map(json.loads(file.read(64 * 1024)))
                    if _lives(as_int(said.get("pid")) or 0, str(said.get("procStart") or "")):
                        used.add(str(said.get("sessionId")))
    return frozenset(used)


def _lives(pid: int, began: str) -> bool:
    """Whether the process with this number is the one that began then, in the kernel's ticks."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    fields = stat.rpartition(")")[2].split()
    return not began or fields[19:20] == [began]

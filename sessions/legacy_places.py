"""Where a claudeclaw session worked, where its conversation lies, and where both are to go. Reads only."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sessions.agents.claude_transcript import config_dir, transcript_path
from sessions.legacy_copy import Copy
from sessions.legacy_entries import Entry
from sessions.legacy_files import Installation, is_directory, names
from sessions.paths import Paths

MEMORY: Final = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What decides about an entry's places: the installation, Claude's configuration, our directories.

    `bind_project` says that rooms which worked in the project itself go on there, together.
    """

    installation: Installation
    claude_config: Path
    paths: Paths
    bind_project: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An entry's places. `old_workdir` may not exist any more; no `transcript` means it starts fresh."""

    entry: Entry
    old_workdir: Path | None
    transcript: Path | None
    workdir: Path
    copies: tuple[Copy, ...]


def place(entry: Entry, around: Surroundings) -> Placed:
    """Find an entry's old places and choose the new ones. Blocks, changes nothing.

    A workdir outside every `.claude` directory is used on as it is, one inside is copied: agents
    may not edit files there. The project itself is used on only if `bind_project` says so.
    """
    possible = (_allowed(one, around) for one in _candidates(entry, around.installation))
    candidates = [one for one in possible if one is not None]
    old, transcript = _found(entry, candidates, around.claude_config)
    room = around.paths.room(entry.key)
    copies: list[Copy] = []
    workdir = room.workdir
    if old is not None and is_directory(old):
        if old == around.installation.project:
            workdir = old if around.bind_project else workdir
        elif ".claude" in old.parts:
            copies.append(Copy(source=old, target=workdir, leave_out=frozenset((MEMORY,))))
        else:
            workdir = old
    own = _own_directory(entry, around.installation)
    memory = None if own is None else _allowed(own / MEMORY, around)
    if memory is not None and is_directory(memory):
        copies.append(Copy(source=memory, target=room.memory_dir))
    if transcript is not None:
        target = transcript_path(config_dir(room.home), workdir, entry.agent_session_id)
        copies.append(Copy(source=transcript, target=target))
    return Placed(entry=entry, old_workdir=old, transcript=transcript, workdir=workdir, copies=tuple(copies))


def _candidates(entry: Entry, installation: Installation) -> Iterator[Path]:
    """Yield where the entry may have worked, the likeliest first; each need not exist."""
    project = installation.project
    own = _own_directory(entry, installation)
    if own is not None and entry.format == "sessions":
        yield own
    if project is not None:
        agents = project / "agents"
        if entry.agent is not None:
            yield agents / entry.agent
        elif entry.kind == "discord":
            yield from (agents / name for name in installation.agents if name.endswith(f"-{entry.raw_key}"))
        elif "/" in entry.raw_key and (agent := entry.raw_key.partition("/")[0]) in installation.agents:
            yield agents / agent
        yield project
    if own is not None and entry.format == "threads" and entry.kind == "discord":
        yield own


def _own_directory(entry: Entry, installation: Installation) -> Path | None:
    raw_key = entry.raw_key
    if not raw_key.strip(".") or any(sign in raw_key for sign in "/\\\0"):
        return None
    return installation.state / "sessions" / raw_key


def _allowed(candidate: Path, around: Surroundings) -> Path | None:
    """Return the real path; None if a link leads out of the installation, and for directories of ours."""
    try:
        real = candidate.resolve()
    except (OSError, RuntimeError, ValueError):
        return None
    roots = (around.installation.state, around.installation.project)
    is_inside = any(root is not None and real.is_relative_to(root) for root in roots)
    return real if is_inside and not real.is_relative_to(around.paths.root) else None


def _found(entry: Entry, candidates: list[Path], config: Path) -> tuple[Path | None, Path | None]:
    """Return the old workdir and the conversation; each may be None."""
    exists = next((one for one in candidates if is_directory(one)), None)
    if not entry.resumable:
        return exists, None
    for candidate in candidates:
        if _is_file(transcript := transcript_path(config, candidate, entry.agent_session_id)):
            return candidate, transcript
    projects, file = config / "projects", f"{entry.agent_session_id}.jsonl"
    anywhere = [one for name in names(projects) if _is_file(one := projects / name / file)]
    return exists, anywhere[0] if len(anywhere) == 1 else None


def _is_file(path: Path) -> bool:
    with suppress(OSError, ValueError):
        return stat.S_ISREG(os.lstat(path).st_mode)
    return False

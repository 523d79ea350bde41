"""claudeclaw's sessions: what an import would do (`plan_import`), and doing it (`apply_import`)."""

import asyncio
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sessions.errors import UserError
from sessions.keys import SessionKey
from sessions.legacy_choice import choose
from sessions.legacy_copy import Copy, Progress, make_private, run_copy, size_bytes
from sessions.legacy_entries import Findings, read_entries, read_root
from sessions.legacy_export import COMPACT_WARNED, VENDOR
from sessions.legacy_files import Role, SourceFile, job_names, locate, read_files
from sessions.legacy_places import Placed, Surroundings, place
from sessions.legacy_report import Report, Reported
from sessions.legacy_settings import Carried, carry_settings
from sessions.paths import Paths
from sessions.records import FormerSession, SessionRecord
from sessions.store import Store

ASK_ABOVE_BYTES: Final = 2 * 1024**3
"""Copying more than this wants a person's word first."""

_CURRENT: Final = ("sessions", "session", "agent")
_SPARE: Final = ("backup", "fallback")
_SESSIONS: Final = (*_CURRENT, *_SPARE)


class ImportFailed(UserError):
    """The import could not be made; nothing was taken over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import will do, decided and not begun.

    `copies` are made before anything is stored; `copy_bytes` is their size. `files` is all that was
    read; a copy of it is kept below `import/` in the data directory.
    """

    report: Report
    records: tuple[SessionRecord, ...]
    former: tuple[FormerSession, ...]
    copies: tuple[Copy, ...]
    copy_bytes: int
    files: tuple[SourceFile, ...]
    made: datetime


def plan_import(
    directory: Path,
    *,
    paths: Paths,
    claude_config: Path,
    now: datetime,
    known: Collection[SessionKey] = (),
    bind_project: bool = False,
) -> Plan:
    """Read a claudeclaw project or state directory and decide what becomes of it.

    Blocks; writes nothing anywhere. Whatever the files hold, they give a plan: what cannot be used
    is in its report. `known` keys are left alone. `claude_config` is where the old conversations
    are. With `bind_project`, rooms that worked in the project itself go on there, together.

    Raises:
        NotClaudeclaw: there is nothing of claudeclaw in it.
    """
    installation = locate(directory)
    files = read_files(installation)
    findings = Findings()
    entries = {file.name: read_entries(file, now, findings) for file in files if file.role in _SESSIONS}
    chosen = choose(
        [entry for file in files if file.role in _CURRENT for entry in entries[file.name]],
        [entry for file in files if file.role in _SPARE for entry in entries[file.name]],
        findings,
    )
    around = Surroundings(
        installation=installation, claude_config=claude_config, paths=paths, bind_project=bind_project
    )
    current = [place(entry, around) for entry in chosen.current if entry.key not in known]
    former = [place(entry, around) for entry in chosen.former if entry.key not in known]
    for placed in current:
        if placed.old_workdir == installation.project and placed.workdir != placed.old_workdir:
            findings.note("project-not-bound", placed.entry.source, placed.entry.raw_key)
    own_rooms = {one.raw_key for found in entries.values() for one in found if one.format == "threads"}
    carried = _settings(files, own_rooms, findings)
    copies = tuple(dict.fromkeys(copy for placed in (*current, *former) for copy in placed.copies))
    return Plan(
        report=Report(
            imported=tuple(_reported(placed) for placed in current),
            restorable=tuple(_reported(placed) for placed in former),
            exists=tuple(entry.key for entry in chosen.current if entry.key in known),
            skipped=tuple(findings.skipped),
            warnings=tuple(findings.notes),
            settings=carried.settings,
            not_carried=(*carried.not_carried, *job_names(installation)),
        ),
        records=tuple(_record(placed, paths) for placed in current),
        former=tuple(_former(placed) for placed in former),
        copies=copies,
        copy_bytes=sum(size_bytes(copy) for copy in copies),
        files=files,
        made=now,
    )


async def apply_import(
    plan: Plan, *, store: Store, paths: Paths, progress: Progress = lambda _: None
) -> Report:
    """Copy what is to be copied, then store the sessions, all or none; return what came of it.

    Nothing below the imported directory is written, and no key that the store has is changed: such
    a key is reported under `exists`. Doing it again changes nothing. After a failure the copies
    already made stay and are used by the next try.

    Raises:
        ImportFailed: a file could not be read or written; nothing was stored.
        StateError: the store refused; nothing was stored.
    """
    try:
        await asyncio.to_thread(_copy_all, plan, paths, progress)
    except OSError as error:
        place_of_failure = error.filename or paths.root
        raise ImportFailed(
            f"The import stopped at {place_of_failure}: {error.strerror or error}. "
            "Nothing was taken over; mend it and run it again."
        ) from error
    known = await store.import_sessions(plan.records, plan.former)
    return plan.report.without(known)


def _copy_all(plan: Plan, paths: Paths, progress: Progress) -> None:
    _keep(plan.files, paths.imports, plan.made)
    for record in plan.records:
        make_private(paths.room(record.key).workdir.parent)
    for copy in plan.copies:
        run_copy(copy, progress)
    if plan.copies:
        # The store must not point to what a power failure can still take away.
        os.sync()


def _keep(files: Sequence[SourceFile], imports: Path, made: datetime) -> None:
    """Keep what was read, each content once over all imports."""
    directory = imports / f"{made:%Y%m%dT%H%M%S.%fZ}-claudeclaw"
    for file in files:
        if file.problem is None and not any(
            _holds(kept / file.name, file.data) for kept in imports.glob("*-claudeclaw")
        ):
            target = directory / file.name
            make_private(target.parent)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
                opened.write(file.data)


def _holds(kept: Path, data: bytes) -> bool:
    try:
        return kept.read_bytes() == data
    except FileNotFoundError:
        return False


def _settings(files: Sequence[SourceFile], own_rooms: Collection[str], findings: Findings) -> Carried:
    roots: dict[Role, object] = {
        file.role: read_root(file, findings) for file in files if file.role in ("settings", "permission-mode")
    }
    return carry_settings(roots.get("settings"), roots.get("permission-mode"), own_rooms, findings)


def _reported(placed: Placed) -> Reported:
    return Reported(
        entry=placed.entry, old_workdir=placed.old_workdir, resumable=placed.transcript is not None
    )


def _record(placed: Placed, paths: Paths) -> SessionRecord:
    entry = placed.entry
    return SessionRecord(
        key=entry.key,
        vendor=VENDOR,
        agent_session_id=entry.agent_session_id,
        workdir=placed.workdir,
        memory_dir=paths.room(entry.key).memory_dir,
        created=entry.created,
        last_used=entry.last_used,
        turn_count=entry.turn_count,
        origin_key=entry.raw_key,
        resumable=placed.transcript is not None,
        extra=entry.extra | ({COMPACT_WARNED: True} if entry.compact_warned else {}),
    )


def _former(placed: Placed) -> FormerSession:
    entry = placed.entry
    return FormerSession(
        key=entry.key,
        vendor=VENDOR,
        agent_session_id=entry.agent_session_id,
        workdir=placed.workdir,
        created=entry.created,
        ended=entry.last_used,
        reason="import",
        turn_count=entry.turn_count,
    )

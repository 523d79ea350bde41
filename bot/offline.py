"""What the command line does with a data directory while no bot uses it: bind, import, export."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from bot.data_dir import hold_data_dir
from bot.settings import Settings, claude_config_dir
from sessions.agents import AGENTS
from sessions.clock import SystemClock
from sessions.engine import first_record
from sessions.errors import BadWorkdir, UserError
from sessions.keys import session_key
from sessions.legacy import ASK_ABOVE_BYTES, Plan, apply_import, plan_import
from sessions.legacy_export import write_export
from sessions.legacy_report import Report
from sessions.legacy_settings import write_config
from sessions.paths import Paths
from sessions.records import SessionRecord
from sessions.store import Store, open_store
from sessions.workdirs import checked_workdir

_CLOCK: Final = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What to import, and how far to go. `claude_config` None means this user's own."""

    directory: Path
    claude_config: Path | None = None
    dry_run: bool = False
    bind_project: bool = False
    write_config: bool = False
    copy_much: bool = False


def bind_room(settings: Settings, raw_key: str, directory: Path) -> SessionRecord:
    """Give a room a directory to work in, making its session if nobody has spoken there yet.

    Raises:
        UserError: no key, or no such directory as a room can have.
        StateError: the data directory is in use or damaged.
    """
    try:
        key = session_key(raw_key)
    except ValueError as error:
        raise BadWorkdir(f"That is {error}.") from error
    with hold_data_dir(settings.data_dir, settings.file) as (paths, _):
        workdir = checked_workdir(directory, paths)
        record = first_record(key, AGENTS[settings.agent.vendor], paths.room(key), _CLOCK.utc())

        async def bind() -> SessionRecord:
            async with _opened(paths) as store:
                await store.ensure_session(record)
                return await store.bind(key, workdir)

        return asyncio.run(bind())


def import_sessions(settings: Settings, order: ImportOrder, console: Console) -> Report:
    """Take over claudeclaw's sessions, or say what would be; progress is shown on `console`.

    Raises:
        UserError: nothing to import, too much to copy without a word, or a file in the way.
        StateError: the data directory is in use or damaged.
    """
    with hold_data_dir(settings.data_dir) as (paths, _):
        return asyncio.run(_import(paths, order, console))


def export_sessions(settings: Settings, file: Path) -> int:
    """Write every Claude session as claudeclaw's sessions.json and return how many there are.

    Raises:
        UserError: the file cannot be written.
        StateError: the data directory is in use or damaged.
    """

    async def read(paths: Paths) -> Sequence[SessionRecord]:
        async with _opened(paths) as store:
            return await store.sessions()

    with hold_data_dir(settings.data_dir) as (paths, _):
        records = asyncio.run(read(paths))
    try:
        write_export(file.absolute(), records)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.") from error
    return len(records)


async def _import(paths: Paths, order: ImportOrder, console: Console) -> Report:
    async with _opened(paths) as store:
        plan = await asyncio.to_thread(
            plan_import,
            order.directory,
            paths=paths,
            claude_config=order.claude_config or claude_config_dir(),
            now=_CLOCK.utc(),
            known=[record.key for record in await store.sessions()],
            bind_project=order.bind_project,
        )
        if order.dry_run:
            return plan.report
        if plan.copy_bytes > ASK_ABOVE_BYTES and not order.copy_much:
            raise UserError(f"That would copy {plan.copy_bytes / 1024**3:.1f} GiB. Say so with --yes.")
        report = await _apply(plan, store, paths, console)
    if order.write_config:
        await asyncio.to_thread(write_config, paths.root / "roomkey.toml", plan.report.settings)
    return report


async def _apply(plan: Plan, store: Store, paths: Paths, console: Console) -> Report:
    columns = (TextColumn("copying"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True, disable=not plan.copies) as shown:
        task = shown.add_task("copying", total=plan.copy_bytes)
        return await apply_import(
            plan, store=store, paths=paths, progress=lambda size_bytes: shown.advance(task, size_bytes)
        )


@asynccontextmanager
async def _opened(paths: Paths) -> AsyncGenerator[Store]:
    store = await open_store(paths.root, _CLOCK)
    try:
        yield store
    finally:
        await store.close()

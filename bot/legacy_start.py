"""At each start: claudeclaw's sessions are taken over from where the settings, or a file left there, say."""

import asyncio
import logging
from datetime import datetime
from pathlib import Path

from bot.settings import Settings, claude_config_dir
from sessions.errors import UserError
from sessions.legacy import ASK_ABOVE_BYTES, apply_import, plan_import
from sessions.paths import Paths
from sessions.store import Store

log = logging.getLogger(__name__)

_LEFT_HERE = "sessions.json"


async def import_at_start(settings: Settings, store: Store, paths: Paths, now: datetime) -> None:
    """Import what is new in `legacy_dir`, or beside a `sessions.json` in the data directory.

    What cannot be used is logged, and the bot starts: nothing is overwritten and nothing is lost.
    Raises StateError if the store refuses.
    """
    directory = settings.legacy_dir or await asyncio.to_thread(_left_in, paths.root)
    if directory is None:
        return
    try:
        plan = await asyncio.to_thread(
            plan_import,
            directory,
            paths=paths,
            claude_config=claude_config_dir(),
            now=now,
            known=[record.key for record in await store.sessions()],
        )
        if plan.copy_bytes > ASK_ABOVE_BYTES:
            raise UserError(f"That would copy very much. Run: roomkey import claudeclaw {directory} --yes")
        report = await apply_import(plan, store=store, paths=paths)
    except UserError as error:
        log.warning("nothing was imported", extra={"directory": str(directory), "reason": str(error)})
        return
    if report.imported or report.skipped or report.warnings:
        log.info(
            "sessions of claudeclaw were imported",
            extra={
                "directory": str(directory),
                "imported": [one.entry.key for one in report.imported],
                "skipped": [f"{one.source} {one.origin_key}: {one.reason}" for one in report.skipped],
                "warnings": [f"{one.source} {one.origin_key}: {one.code}" for one in report.warnings],
            },
        )


def _left_in(root: Path) -> Path | None:
    return root if (root / _LEFT_HERE).is_file() else None

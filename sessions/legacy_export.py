"""Roomkey's sessions as claudeclaw's sessions.json, in its current format; importing it gives them back."""

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sessions.legacy_report import iso
from sessions.records import SessionRecord

VENDOR: Final = "claude"
"""The only vendor that claudeclaw knows."""

COMPACT_WARNED: Final = "compactWarned"
"""Where a record's `extra` keeps the one field of claudeclaw that Roomkey has no use for."""


def export_text(records: Iterable[SessionRecord]) -> str:
    """Return the content of a sessions.json; sessions of other vendors are left out."""
    sessions = {_name(record): _fields(record) for record in records if record.vendor == VENDOR}
    return json.dumps({"sessions": sessions}, indent=2) + "\n"


def write_export(file: Path, records: Iterable[SessionRecord]) -> None:
    """Write a sessions.json, whole or not at all; an older file of that name is replaced. Blocks.

    Raises OSError.
    """
    text = export_text(records)
    descriptor, part = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(descriptor)
        Path(part).replace(file)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _name(record: SessionRecord) -> str:
    return record.key if record.origin_key is None else record.origin_key


def _fields(record: SessionRecord) -> dict[str, object]:
    extra = {name: value for name, value in record.extra.items() if name != COMPACT_WARNED}
    return {
        "sessionId": record.agent_session_id,
        "key": _name(record),
        "createdAt": iso(record.created),
        "lastUsedAt": iso(record.last_used),
        "turnCount": record.turn_count,
        COMPACT_WARNED: bool(record.extra.get(COMPACT_WARNED)),
        **extra,
    }

"""Rows to values and back: what stands in the columns of the store. Pure.

Foreign text stands in JSON, which carries NUL and lone surrogates that a column would refuse.
"""

import json
import sqlite3
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sessions.errors import BadWorkdir
from sessions.keys import TurnId, session_key
from sessions.records import FormerSession, SessionRecord
from sessions.store.said import Asker
from sessions.store.values import (
    Attachment,
    Button,
    ChatAddress,
    Fate,
    Inbound,
    Interrupted,
    Kind,
    Origin,
    OutboxRow,
    Piece,
    PieceFile,
    Prompt,
    Quote,
    Receipt,
    Turn,
    TurnState,
)

Columns = dict[str, str | int | float | None]
"""Column names and their values, ready to be bound by name."""


def time_text(moment: datetime) -> str:
    """Return an aware time in UTC with a fixed width, so that texts compare as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def plain_text(text: str) -> str:
    """Return foreign text for a column of its own; what UTF-8 cannot say becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def path_text(path: Path) -> str:
    """Return a path as text. Raises BadWorkdir for a name that is not UTF-8."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadWorkdir("That directory's name is not valid UTF-8; rename it first.") from error
    return text


def inbound_columns(row: Inbound) -> tuple[str | int | None, ...]:
    """Return what an accepted message puts into its turn: source, msg_id, key and so on, to prompt."""
    address = row.address
    return (
        row.source,
        row.msg_id,
        row.key,
        row.kind.value,
        row.origin.value,
        address.platform,
        address.channel_id,
        address.message_id,
        prompt_text(row.prompt),
    )


def prompt_text(prompt: Prompt) -> str:
    """Return a prompt for its column; equal prompts give equal texts."""
    # By hand for the one value on the hot path: `asdict` copies deeply.
    columns: dict[str, object] = {
        "text": prompt.text,
        "author_id": prompt.author_id,
        "author_name": prompt.author_name,
        "attachments": [_attachment_columns(attachment) for attachment in prompt.attachments],
    }
    if prompt.quote is not None:
        columns["quote"] = asdict(prompt.quote)
    if prompt.by_bot:
        columns["by_bot"] = True
    if prompt.about is not None:
        columns["about"] = prompt.about
    if prompt.asker is not None:
        asker = prompt.asker
        columns["asker"] = {
            "role_ids": asker.role_ids,
            "guild_id": asker.guild_id,
            "parent_id": asker.parent_id,
        }
    return json.dumps(columns)


def turn_of(row: sqlite3.Row) -> Turn:
    """Return a row of `turn`."""
    said: dict[str, Any] = json.loads(row["prompt"])
    attachments = tuple(Attachment(**attachment) for attachment in said.pop("attachments"))
    quote = Quote(**said.pop("quote")) if "quote" in said else None
    asker = _asker_of(said.pop("asker")) if "asker" in said else None
    key, channel_id, message_id = session_key(row["key"]), row["channel_id"], row["message_id"]
    in_own_thread = key == message_id != channel_id
    return Turn(
        id=TurnId(row["seq"]),
        key=key,
        kind=Kind(row["kind"]),
        origin=Origin(row["origin"]),
        state=TurnState(row["state"]),
        attempt=row["attempt"],
        generation=row["generation"],
        address=ChatAddress(
            platform=row["platform"],
            channel_id=key if in_own_thread else channel_id,
            message_id=None if in_own_thread else message_id,
        ),
        prompt=Prompt(**said, attachments=attachments, quote=quote, asker=asker),
        created=datetime.fromisoformat(row["created"]),
        epoch=row["epoch"],
        resumption=row["resumption"],
        follows_cut=row["follows"] is not None,
        said_in=channel_id if in_own_thread else "",
    )


def interrupted_of(row: sqlite3.Row) -> Interrupted:
    """Return a row of `turn` with what is known of how far it got."""
    return Interrupted(
        turn=turn_of(row),
        shown=bool(row["shown"]),
        tools=row["tools"],
        last_tool=row["last_tool"],
        live_message_id=row["live_message_id"],
        live_nonce=row["live_nonce"],
        started=_time_of(row["started"]),
        ended=datetime.fromisoformat(row["ended"]),
    )


def turn_fate(row: sqlite3.Row, ahead: int) -> Fate:
    """Return a row of `turn` as what became of its message."""
    return Fate(
        channel_id=row["channel_id"],
        decided=datetime.fromisoformat(row["created"]),
        turn=turn_of(row),
        ahead=ahead,
        ended=_time_of(row["ended"]),
        summary=row["summary"],
    )


def declined_fate(row: sqlite3.Row) -> Fate:
    """Return a row of `declined`."""
    return Fate(channel_id=row["channel"], decided=datetime.fromisoformat(row["at"]), reason=row["reason"])


def receipt_of(row: sqlite3.Row) -> Receipt:
    """Return a row of `turn` as what its message is to show."""
    return Receipt(
        turn=TurnId(row["seq"]),
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        state=TurnState(row["state"]),
        shown=row["receipt"],
    )


def piece_text(piece: Piece) -> str:
    """Return a piece for its column."""
    columns = asdict(piece)
    if not piece.files:
        del columns["files"]
    return json.dumps(columns)


def outbox_of(row: sqlite3.Row) -> OutboxRow:
    """Return a row of `outbox` and, as `after_id`, the message that its turn answers."""
    said: dict[str, Any] = json.loads(row["piece"])
    buttons = tuple(Button(**button) for button in said.pop("buttons", ()))
    files = tuple(PieceFile(**file) for file in said.pop("files", ()))
    return OutboxRow(
        id=row["id"],
        turn=TurnId(row["turn"]),
        part=row["part"],
        platform=row["platform"],
        piece=Piece(**said, buttons=buttons, files=files),
        nonce=row["nonce"],
        tries=row["tries"],
        first_try=_time_of(row["first_try"]),
        after_id=row["after_id"],
    )


def session_columns(record: SessionRecord) -> Columns:
    """Return a session for its row. Raises BadWorkdir."""
    return {
        "key": record.key,
        "vendor": record.vendor,
        "agent_session_id": record.agent_session_id,
        "workdir": path_text(record.workdir),
        "memory_dir": path_text(record.memory_dir),
        "created": time_text(record.created),
        "last_used": time_text(record.last_used),
        "generation": record.generation,
        "turn_count": record.turn_count,
        "cost_usd": record.cost_usd,
        "context_tokens": record.context_tokens,
        "context_window": record.context_window,
        "origin_key": None if record.origin_key is None else json.dumps(record.origin_key),
        "resumable": record.resumable,
        "extra": json.dumps(record.extra),
    }


def session_of(row: sqlite3.Row) -> SessionRecord:
    """Return a row of `session`."""
    return SessionRecord(
        key=session_key(row["key"]),
        vendor=row["vendor"],
        agent_session_id=row["agent_session_id"],
        workdir=Path(row["workdir"]),
        memory_dir=Path(row["memory_dir"]),
        created=datetime.fromisoformat(row["created"]),
        last_used=datetime.fromisoformat(row["last_used"]),
        generation=row["generation"],
        turn_count=row["turn_count"],
        cost_usd=row["cost_usd"],
        context_tokens=row["context_tokens"],
        context_window=row["context_window"],
        origin_key=None if row["origin_key"] is None else json.loads(row["origin_key"]),
        resumable=bool(row["resumable"]),
        extra=json.loads(row["extra"]),
    )


def former_columns(former: FormerSession) -> Columns:
    """Return a former session for its row. Raises BadWorkdir."""
    return {
        "key": former.key,
        "vendor": former.vendor,
        "agent_session_id": former.agent_session_id,
        "workdir": path_text(former.workdir),
        "created": time_text(former.created),
        "ended": time_text(former.ended),
        "reason": former.reason,
        "turn_count": former.turn_count,
    }


def former_of(row: sqlite3.Row) -> FormerSession:
    """Return a row of `former_session`."""
    return FormerSession(
        key=session_key(row["key"]),
        vendor=row["vendor"],
        agent_session_id=row["agent_session_id"],
        workdir=Path(row["workdir"]),
        created=datetime.fromisoformat(row["created"]),
        ended=datetime.fromisoformat(row["ended"]),
        reason=row["reason"],
        turn_count=row["turn_count"],
    )


def _attachment_columns(attachment: Attachment) -> dict[str, object]:
    columns = asdict(attachment)
    if not attachment.voice:  # a prompt that was stored before there were any must look the same
        del columns["voice"]
    return columns


def _asker_of(said: dict[str, Any]) -> Asker:
    fields: dict[str, Any] = {**said, "role_ids": tuple(said["role_ids"])}
    return Asker(**fields)


def _time_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

"""claudeclaw's session entries, read one by one: a bad one is left out alone, a bad field mended. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sessions.keys import SessionKey, foreign_key
from sessions.legacy_files import SourceFile
from sessions.legacy_json import JsonObject, as_object, decode

Kind = Literal["default", "discord", "agent", "slack", "telegram", "other"]
Format = Literal["threads", "sessions", "single"]
SkipReason = Literal["bad-key", "bad-session-id", "not-an-object"]
NoteCode = Literal[
    "bad-container",
    "bad-date",
    "bad-flag",
    "bad-id",
    "bad-root",
    "bad-turn-count",
    "bypass-not-carried",
    "conflict",
    "corrupt",
    "duplicate-key",
    "guilds-alone",
    "key-mismatch",
    "nobody-allowed",
    "own-session-in-listen-channel",
    "project-not-bound",
    "shared-session-id",
    "token-present",
    "too-large",
    "tools-not-restricted",
    "unrestricted-not-carried",
]

_SESSION_ID: Final = re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_DISCORD_ID: Final = re.compile(r"[0-9]{17,20}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*", re.DOTALL)
_KINDS: Final[dict[str, Kind]] = {"agent:": "agent", "slk:": "slack", "tg:": "telegram"}
_KNOWN: Final = frozenset(
    ("sessionId", "threadId", "key", "createdAt", "lastUsedAt", "turnCount", "compactWarned")
)
_EXACT_UP_TO: Final = 2**53
_EPOCH_MS_FROM: Final = 10**11
_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One conversation of claudeclaw. `raw_key` is its name there, `key` ours; times are in UTC.

    `agent` is the directory below `agents/` in which its file lies. `resumable` is False if another
    entry holds the same agent session id.
    """

    raw_key: str
    key: SessionKey
    kind: Kind
    agent_session_id: str
    created: datetime
    last_used: datetime
    turn_count: int
    compact_warned: bool
    extra: JsonObject
    source: str
    format: Format
    agent: str | None = None
    resumable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An entry that could not be taken over, and why."""

    source: str
    origin_key: str
    reason: SkipReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something a person should know: a code, where, and of what (None: of the whole file)."""

    code: NoteCode
    source: str
    origin_key: str | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What was left out and what was mended so far; grows while files are read."""

    skipped: list[Skipped] = field(default_factory=list["Skipped"])
    notes: list[Note] = field(default_factory=list["Note"])

    def skip(self, source: str, origin_key: str, reason: SkipReason) -> None:
        """Note an entry that is left out."""
        self.skipped.append(Skipped(source=source, origin_key=origin_key, reason=reason))

    def note(self, code: NoteCode, source: str, origin_key: str | None = None) -> None:
        """Note something to be told."""
        self.notes.append(Note(code=code, source=source, origin_key=origin_key))


def read_root(file: SourceFile, findings: Findings) -> object:
    """Return the value in a file; None, with a note, if nothing can be made of it."""
    if file.problem is not None:
        findings.note(file.problem, file.name)
        return None
    decoded = decode(file.data)
    if decoded is None:
        findings.note("corrupt", file.name)
        return None
    for name in decoded.duplicates:
        findings.note("duplicate-key", file.name, name)
    if decoded.root != [] and as_object(decoded.root) is None:
        findings.note("bad-root", file.name)
        return None
    return decoded.root


def read_entries(file: SourceFile, now: datetime, findings: Findings) -> list[Entry]:
    """Return the entries of a session file in their order; what is wrong goes into `findings`. Total."""
    root = as_object(read_root(file, findings))
    if not root:
        return []
    if file.role != "sessions":
        made = _entry(file, file.raw_key, root, "single", now, findings)
        return [] if made is None else [made]
    if "threads" not in root and "sessions" not in root:
        findings.note("bad-root", file.name)
    return [
        made
        for form, raw_key, value in _contained(file, root, findings)
        if (made := _entry(file, raw_key, value, form, now, findings)) is not None
    ]


def kind_of(raw_key: str) -> Kind:
    """Return which door of claudeclaw a key belongs to."""
    if raw_key == "default":
        return "default"
    if _DISCORD_ID.fullmatch(raw_key):
        return "discord"
    for prefix, kind in _KINDS.items():
        if raw_key.startswith(prefix):
            return kind
    return "other"


def _contained(
    file: SourceFile, root: JsonObject, findings: Findings
) -> Iterator[tuple[Format, str, object]]:
    forms: tuple[Format, ...] = ("threads", "sessions")
    for name, container in root.items():
        for form in forms:
            if name == form:
                entries = as_object(container)
                if entries is None:
                    findings.note("bad-container", file.name, name)
                for raw_key, value in (entries or {}).items():
                    yield form, raw_key, value


def _entry(
    file: SourceFile, raw_key: str, value: object, form: Format, now: datetime, findings: Findings
) -> Entry | None:
    source = file.name
    fields = as_object(value)
    if fields is None:
        findings.skip(source, raw_key, "not-an-object")
        return None
    if not _is_text(raw_key):
        findings.skip(source, raw_key, "bad-key")
        return None
    session_id = fields.get("sessionId")
    if not isinstance(session_id, str) or not _SESSION_ID.fullmatch(session_id.strip()):
        findings.skip(source, raw_key, "bad-session-id")
        return None
    if any(not _same_key(fields[name], raw_key) for name in ("key", "threadId") if name in fields):
        findings.note("key-mismatch", source, raw_key)
    created, last_used, dates_are_good = _dates(fields, file.modified, now)
    turn_count = _count(fields.get("turnCount", 0))
    warned = fields.get("compactWarned", False)
    if not dates_are_good:
        findings.note("bad-date", source, raw_key)
    if turn_count is None:
        findings.note("bad-turn-count", source, raw_key)
    if not isinstance(warned, bool):
        findings.note("bad-flag", source, raw_key)
    return Entry(
        raw_key=raw_key,
        key=foreign_key(raw_key),
        kind=kind_of(raw_key),
        agent_session_id=session_id.strip(),
        created=created,
        last_used=last_used,
        turn_count=turn_count or 0,
        compact_warned=warned is True,
        extra={name: value for name, value in fields.items() if name not in _KNOWN},
        source=source,
        format=form,
        agent=file.agent,
    )


def _is_text(raw_key: str) -> bool:
    """Say whether it can be written as UTF-8: a lone surrogate cannot, so no file could hold it."""
    try:
        raw_key.encode()
    except UnicodeEncodeError:
        return False
    return True


def _same_key(inside: object, raw_key: str) -> bool:
    is_number = isinstance(inside, int) and not isinstance(inside, bool)
    return inside == raw_key or (is_number and str(inside) == raw_key)


def _dates(fields: JsonObject, modified: datetime, now: datetime) -> tuple[datetime, datetime, bool]:
    """Return both times, each mended by the other or by the file's own, and whether all given were good."""
    given = [name for name in ("createdAt", "lastUsedAt") if name in fields]
    created, last_used = (_date(fields.get(name), now) for name in ("createdAt", "lastUsedAt"))
    fallback = min(modified, now)
    are_good = sum(date is not None for date in (created, last_used)) == len(given)
    return _millis(created or last_used or fallback), _millis(last_used or created or fallback), are_good


def _date(value: object, now: datetime) -> datetime | None:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            date = datetime.fromisoformat(value)
            date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool) and value >= _EPOCH_MS_FROM:
            date = datetime.fromtimestamp(value / 1000, UTC)
        else:
            return None
        return date if date <= now + _AHEAD else None
    except (ValueError, OverflowError, OSError):
        return None


def _millis(date: datetime) -> datetime:
    return date.replace(microsecond=date.microsecond // 1000 * 1000)


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _EXACT_UP_TO:
        return None
    return int(value) if value == int(value) else None

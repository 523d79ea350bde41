"""What an import of claudeclaw found, took and left: as values, as JSON and as text. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sessions.keys import SessionKey
from sessions.legacy_entries import Entry, Note, NoteCode, Skipped, SkipReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One conversation in a report, and whether it goes on where it was."""

    entry: Entry
    old_workdir: Path | None
    resumable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of an import, or of looking at what one would do.

    `settings` are Roomkey's names and values, by table; `not_carried` names what has none.
    """

    imported: tuple[Reported, ...]
    restorable: tuple[Reported, ...]
    exists: tuple[SessionKey, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[Note, ...]
    settings: Mapping[str, Mapping[str, object]]
    not_carried: tuple[str, ...]

    def without(self, keys: Collection[SessionKey]) -> "Report":
        """Return the report with these keys as existing already instead of imported."""
        imported = tuple(one for one in self.imported if one.entry.key not in keys)
        return replace(self, imported=imported, exists=tuple(dict.fromkeys((*self.exists, *keys))))


MEANINGS: Final[Mapping[NoteCode | SkipReason, str]] = {
    "bad-container": "is not a table of sessions and was left out",
    "bad-date": "had a date that cannot be; another one was taken",
    "bad-flag": "had a flag that is neither true nor false; false was taken",
    "bad-id": "holds something that is not an id; it was left out",
    "bad-key": "has a name that is not text",
    "bad-root": "holds no sessions",
    "bad-session-id": "has no agent session id",
    "bad-turn-count": "had a count of turns that cannot be; 0 was taken",
    "bypass-not-carried": "let the agent do everything unasked; here it asks",
    "conflict": "has a conversation that was used more lately; this one can be restored",
    "corrupt": "cannot be read as JSON; nothing of it was taken",
    "duplicate-key": "stands twice; the last one counts",
    "guilds-alone": "names guilds but no people; that would admit everybody there, so it was left out",
    "key-mismatch": "is called otherwise inside; the outer name counts",
    "nobody-allowed": "names nobody who is answered, so Roomkey answers nobody: set discord.allowed_users",
    "not-an-object": "is not a session",
    "own-session-in-listen-channel": "is a listen channel with a conversation of its own; see /sessions",
    "project-not-bound": "worked in the project itself; here it gets a directory of its own "
    "(--bind-project keeps the project)",
    "shared-session-id": "shares its conversation with another room, which keeps it; this one starts fresh",
    "token-present": "holds a bot token, which is never copied: set DISCORD_BOT_TOKEN",
    "too-large": "is larger than 64 MiB; nothing of it was taken",
    "tools-not-restricted": "restricted the agent's tools; here it asks before it uses one",
    "unrestricted-not-carried": "let the agent do everything unasked; here it asks",
}
"""What each code says of the thing it stands beside."""


def report_json(report: Report) -> dict[str, object]:
    """Return a report as what `--json` prints."""
    return {
        "imported": [_reported_json(one) for one in report.imported],
        "restorable": [_reported_json(one) for one in report.restorable],
        "exists": list(report.exists),
        "skipped": [
            {"source": one.source, "origin_key": one.origin_key, "reason": one.reason}
            for one in report.skipped
        ],
        "warnings": [
            {"code": one.code, "source": one.source, "origin_key": one.origin_key} for one in report.warnings
        ],
        "settings": {table: dict(values) for table, values in report.settings.items()},
        "not_carried": list(report.not_carried),
    }


def render_report(report: Report) -> str:
    """Return a report as text: one line for each entry, the sums last."""
    return "\n".join(_lines(report))


def iso(date: datetime) -> str:
    """Return a time as claudeclaw writes it: UTC, milliseconds, `Z`."""
    return date.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reported_json(one: Reported) -> dict[str, object]:
    entry = one.entry
    return {
        "key": entry.key,
        "origin_key": entry.raw_key,
        "kind": entry.kind,
        "agent_session_id": entry.agent_session_id,
        "created_at": iso(entry.created),
        "last_used_at": iso(entry.last_used),
        "turn_count": entry.turn_count,
        "compact_warned": entry.compact_warned,
        "extra": entry.extra,
        "old_workdir": None if one.old_workdir is None else str(one.old_workdir),
        "resumable": one.resumable,
        "source": entry.source,
    }


def _lines(report: Report) -> Iterator[str]:
    for word, group in (("imported", report.imported), ("restorable", report.restorable)):
        for one in group:
            entry = one.entry
            origin = "" if entry.raw_key == entry.key else f" (was {_plain(entry.raw_key)})"
            end = "goes on" if one.resumable else "starts fresh"
            yield f"{word}  {entry.key}{origin}  {entry.agent_session_id}  {_plain(entry.source)}  {end}"
    for key in report.exists:
        yield f"exists  {key}  is in Roomkey already and was not touched"
    for skipped in report.skipped:
        yield f"skipped  {_plain(skipped.source)}  {_plain(skipped.origin_key)}  {MEANINGS[skipped.reason]}"
    for note in report.warnings:
        what = "" if note.origin_key is None else f"  {_plain(note.origin_key)}"
        yield f"warning  {_plain(note.source)}{what}  {MEANINGS[note.code]}"
    for table, values in report.settings.items():
        for name, value in values.items():
            yield f"setting  {table}.{name} = {value}"
    for name in report.not_carried:
        yield f"not carried  {_plain(name)}"
    yield (
        f"{len(report.imported)} imported, {len(report.restorable)} restorable, "
        f"{len(report.exists)} existing, {len(report.skipped)} skipped, {len(report.warnings)} warnings"
    )


def _plain(text: str) -> str:
    """Return foreign text so that it cannot move a terminal's cursor or break the line."""
    return text if text.isascii() and text.isprintable() else text.encode("unicode_escape").decode()

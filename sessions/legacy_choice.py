"""Which of claudeclaw's conversations each key goes on with; the others stay restorable. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sessions.legacy_entries import Entry, Findings, Format

_PREFERENCE: Final[dict[Format, int]] = {"sessions": 0, "single": 1, "threads": 2}
"""Decides between conversations of one key that were used at the very same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """At most one entry for each key in `current`; `former` has the rest, each conversation once."""

    current: tuple[Entry, ...]
    former: tuple[Entry, ...]


def choose(entries: Sequence[Entry], spare: Iterable[Entry], findings: Findings) -> Chosen:
    """Choose for each key the entry used last; `spare` ones (backups) are never current.

    Of several keys with one agent session id the one used last keeps it; the others stay, not
    resumable, because two processes on one id lose turns. `entries` are in the order of their files.
    """
    rivals: dict[str, list[Entry]] = {}
    for entry in entries:
        rivals.setdefault(entry.key, []).append(entry)
    current: list[Entry] = []
    losers: list[Entry] = []
    for of_one_key in rivals.values():
        winner = max(of_one_key, key=lambda entry: (entry.last_used, -_PREFERENCE[entry.format]))
        current.append(winner)
        for entry in of_one_key:
            if _id(entry) != _id(winner):
                losers.append(entry)
                findings.note("conflict", entry.source, entry.raw_key)
    return Chosen(
        current=tuple(_each_id_once(current, findings)),
        former=tuple(_not_among(current, [*losers, *spare])),
    )


def _each_id_once(current: Sequence[Entry], findings: Findings) -> Iterable[Entry]:
    keepers: dict[str, Entry] = {}
    for entry in current:
        keeper = keepers.get(_id(entry))
        if keeper is None or entry.last_used > keeper.last_used:
            keepers[_id(entry)] = entry
    for entry in current:
        if keepers[_id(entry)] is entry:
            yield entry
        else:
            findings.note("shared-session-id", entry.source, entry.raw_key)
            yield replace(entry, resumable=False)


def _not_among(current: Sequence[Entry], entries: Iterable[Entry]) -> Iterable[Entry]:
    taken = {_id(entry) for entry in current}
    for entry in entries:
        if _id(entry) not in taken:
            taken.add(_id(entry))
            yield entry


def _id(entry: Entry) -> str:
    return entry.agent_session_id.lower()

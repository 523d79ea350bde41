"""What a campaign counts: added up over batches, kept in a file between runs, printed as a table."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.table import Table

from benchmarks.figures import percentile
from tests.campaign.oracle import Verdict

FAULTS = ("lost", "doubled", "disordered", "mixed", "stuck", "orphans")
"""What has to be 0."""

_LABELS = {"disordered": "out of order", "mixed": "mixed between rooms", "orphans": "orphan processes"}


@dataclass(slots=True, kw_only=True)
class Tally:
    """The sum of some batches. `points` counts the kills at each named point, `missed` where none came."""

    kills: int = 0
    stops: int = 0
    freezes: int = 0
    gaps: int = 0
    accepted: int = 0
    answered: int = 0
    told: int = 0
    clicked: int = 0
    deleted: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    mixed: int = 0
    stuck: int = 0
    orphans: int = 0
    took_s: float = 0.0
    points: Counter[str] = field(default_factory=Counter[str])
    missed: Counter[str] = field(default_factory=Counter[str])
    recovery_s: list[float] = field(default_factory=list[float])
    findings: list[str] = field(default_factory=list[str])

    @property
    def is_clean(self) -> bool:
        """Whether everything that has to be 0 is."""
        return not any(getattr(self, name) for name in FAULTS)

    def judged(self, verdict: Verdict) -> None:
        """Take in what became of a batch's messages."""
        self.accepted += verdict.said
        self.answered += verdict.answered
        self.told += verdict.told
        self.clicked += verdict.clicked
        self.deleted += verdict.deleted
        self.lost += verdict.lost
        self.doubled += verdict.doubled
        self.disordered += verdict.disordered
        self.mixed += verdict.mixed
        self.stuck += verdict.stuck
        self.findings += verdict.findings

    def fields(self) -> dict[str, object]:
        """Return everything by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def add(self, other: Self) -> None:
        """Take in another tally."""
        for name, number in other.fields().items():
            setattr(self, name, getattr(self, name) + number)


@dataclass(slots=True)
class Progress:
    """Which batches of a campaign are done, in a file that survives a stop of the campaign itself."""

    seed: str
    done: dict[str, Tally] = field(default_factory=dict[str, Tally])

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what an earlier run has done."""
        known = json.loads(file.read_text(encoding="utf-8"))
        return cls(known["seed"], {name: _tally(one) for name, one in known["done"].items()})

    def write(self, file: Path) -> None:
        """Write it whole or not at all."""
        document = {"seed": self.seed, "done": {name: one.fields() for name, one in self.done.items()}}
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(document), encoding="utf-8")
        draft.replace(file)

    def by_part(self, batches: Iterable[str]) -> dict[str, Tally]:
        """Return the sum of these batches for each part."""
        parts: dict[str, Tally] = {}
        for name in batches:
            parts.setdefault(name.partition("/")[0], Tally()).add(self.done[name])
        return parts


def show(parts: Mapping[str, Tally], console: Console, *, seed: str) -> bool:
    """Print the report of a campaign; return whether everything that has to be 0 is."""
    total = Tally()
    for one in parts.values():
        total.add(one)
    shown = {**parts, "all": total}
    table = Table("", *shown, title=f"Crash campaign, seed {seed}")
    plain = ("kills", "stops", "freezes", "gaps", "accepted", "answered", "told", "clicked", "deleted")
    for name in (*plain, *FAULTS):
        is_bad = name in FAULTS and getattr(total, name)
        numbers = [f"{getattr(one, name):,}" for one in shown.values()]
        table.add_row(_LABELS.get(name, name), *numbers, style="red" if is_bad else None)
    for percent in (50, 95, 100):
        row = [
            f"{percentile(one.recovery_s, percent):.2f} s" if one.recovery_s else "" for one in shown.values()
        ]
        table.add_row(f"recovery, p{percent}", *row)
    table.add_row("kills a minute", *[_rate(one) for one in shown.values()])
    console.print(table)
    if total.points or total.missed:
        console.print(_points(total))
    for finding in total.findings:
        console.print(finding, markup=False, highlight=False)
    never = sorted(total.missed.keys() - total.points.keys())
    if never:
        console.print(f"never reached: {', '.join(never)}", highlight=False)
    return total.is_clean and not never


def _rate(tally: Tally) -> str:
    return f"{60 * tally.kills / tally.took_s:.0f}" if tally.took_s else ""


def _points(total: Tally) -> Table:
    table = Table("point", "kills there", "not reached", title="Kills at named points")
    for name in sorted({*total.points, *total.missed}):
        table.add_row(name, str(total.points[name]), str(total.missed[name] or ""))
    return table


def _tally(known: dict[str, object]) -> Tally:
    tally = Tally(**known)  # pyright: ignore[reportArgumentType] - written by `Progress.write`
    tally.points, tally.missed = Counter(tally.points), Counter(tally.missed)
    return tally

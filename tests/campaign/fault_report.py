"""The fault catalogue as a table: a pytest plugin that lists each test marked `fault` and how it went.

    python -m pytest -p tests.campaign.fault_report -m fault --fault-report faults.json

A test names its row, what it injects and what has to come of it:
`@pytest.mark.fault("F13", "429 on a route", "sent again with the same nonce")`.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class FaultTest:
    """One test of one row, and how it went: `passed`, `failed` or `skipped`."""

    row: str
    injected: str
    expected: str
    test: str
    outcome: str


class FaultReport:
    """Collects what the marked tests came to, and writes it as JSON at the end."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._marked: dict[str, tuple[str, str, str]] = {}
        self._outcomes: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember which tests are about which row."""
        for item in session.items:
            for mark in item.iter_markers("fault"):
                self._marked[item.nodeid] = _row(*mark.args, **mark.kwargs)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the worst of set-up, call and tear-down."""
        if report.nodeid in self._marked and self._outcomes.get(report.nodeid, "passed") == "passed":
            self._outcomes[report.nodeid] = report.outcome

    def pytest_sessionfinish(self) -> None:
        """Write all of it."""
        tests = [
            FaultTest(*row, test=test, outcome=self._outcomes.get(test, "not run"))
            for test, row in self._marked.items()
        ]
        self._file.write_text(json.dumps([asdict(one) for one in tests]), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the file be named."""
    parser.addoption("--fault-report", type=Path, default=None, help="Write how the fault tests went here.")


def pytest_configure(config: pytest.Config) -> None:
    """Collect only if somebody wants to know."""
    file: Path | None = config.getoption("--fault-report")
    if file is not None:
        config.pluginmanager.register(FaultReport(file))


def run(tests: Sequence[str] = ("tests",)) -> list[FaultTest]:
    """Run every marked test in a process of its own and return how they went, by row."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "faults.json"
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "fault"),
                *("-p", "tests.campaign.fault_report"),
                *("--fault-report", str(file), *tests),
            ],
            check=False,
        )
        found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return sorted((FaultTest(**one) for one in found), key=lambda one: (_number(one.row), one.test))


def show(tests: Sequence[FaultTest], console: Console) -> bool:
    """Print the table; return whether every test passed and there was one."""
    table = Table("row", "injected", "expected", "outcome", title="Fault catalogue")
    for one in tests:
        table.add_row(
            one.row,
            one.injected,
            one.expected,
            one.outcome,
            style=None if one.outcome == "passed" else "red",
        )
    console.print(table)
    missing = [row for row in _catalogue() if row not in {one.row for one in tests}]
    if missing:
        console.print(f"rows without a test: {', '.join(missing)}")
    return bool(tests) and all(one.outcome == "passed" for one in tests)


def _catalogue() -> Iterator[str]:
    return (f"F{number}" for number in range(1, 31))


def _number(row: str) -> int:
    return int(row.removeprefix("F"))


def _row(row: str, injected: str, expected: str) -> tuple[str, str, str]:
    return row, injected, expected

"""What the doctor found, for people and for scripts. Pure but for printing."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape

from bot.doctor import Result, State, failed

_SIGNS: Final[Mapping[State, str]] = {
    "ok": "[green]ok[/]  ",
    "warn": "[yellow]warn[/]",
    "fail": "[bold red]fail[/]",
    "skipped": "[dim]--[/]  ",
}
_DETAILS: Final = 8
_NAME_CHARS: Final = 12


def report_json(results: Sequence[Result]) -> Mapping[str, object]:
    """Return the results as a JSON document: `ok`, and for each of `checks` what is printed of it."""
    checks = [
        {
            "name": result.name,
            "state": result.finding.state,
            "text": result.finding.text,
            "remedy": result.finding.remedy,
            "details": list(result.finding.details),
            "mended": list(result.mended),
        }
        for result in results
    ]
    return {"ok": not failed(results), "checks": checks}


def print_report(results: Sequence[Result], console: Console) -> None:
    """Print a line for each check; what is wrong is followed by what mends it."""
    for result in results:
        finding = result.finding
        console.print(f"{_SIGNS[finding.state]} {result.name:<{_NAME_CHARS}} {escape(finding.text)}")
        for done in result.mended:
            _beneath(console, f"[green]mended:[/] {escape(done)}")
        for detail in finding.details[:_DETAILS]:
            _beneath(console, f"- {escape(detail)}")
        if len(finding.details) > _DETAILS:
            _beneath(console, f"- and {len(finding.details) - _DETAILS} more; --json lists them")
        if finding.remedy:
            _beneath(console, f"[bold]->[/] {escape(finding.remedy)}")


def _beneath(console: Console, text: str) -> None:
    console.print(f"{' ' * (_NAME_CHARS + 6)}{text}")

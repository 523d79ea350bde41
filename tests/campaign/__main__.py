"""Runs the campaigns at full size: `python -m tests.campaign`, which is what `make soak` does.

Exit code 1 if anything is not as it has to be.
"""

import asyncio
import secrets
import signal
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from tests.campaign import crash, fault_report, guards, tally
from tests.campaign.tally import Progress

GUARDS: Final = "guards"
FAULTS: Final = "faults"
_TOLD_TO_STOP: Final = 128 + signal.SIGTERM
PARTS: Final = (*crash.FULL, GUARDS, FAULTS)

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def main(
    part: Annotated[list[str] | None, typer.Option(help=f"Run these alone: {', '.join(PARTS)}.")] = None,
    seed: Annotated[str, typer.Option(help="Repeat the campaign that printed this seed.")] = "",
    cycles: Annotated[
        int | None, typer.Option(help="So many cycles of each part, not the full number.")
    ] = None,
    state: Annotated[Path, typer.Option(help="Where the campaign notes what is done.")] = Path(".soak.json"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the last run was stopped.")] = False,
) -> None:
    """Kill the bot at every step, take its guards out, and run the fault catalogue."""
    console = Console()
    chosen = part or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        raise typer.BadParameter(f"there is no part {', '.join(sorted(unknown))}", param_hint="--part")
    if resume and not state.is_file():
        raise typer.BadParameter(f"there is nothing to go on with in {state}", param_hint="--resume")
    progress = Progress.read(state) if resume else Progress(seed or secrets.token_hex(4))
    wanted = {name: cycles or count for name, count in crash.FULL.items() if name in chosen}
    is_good = [_crash(progress, wanted, state, console)] if wanted else []
    if GUARDS in chosen:
        is_good.append(guards.show(console))
    if FAULTS in chosen:
        is_good.append(fault_report.show(fault_report.run(), console))
    if not all(is_good):
        raise typer.Exit(1)


def _crash(progress: Progress, cycles: dict[str, int], state: Path, console: Console) -> bool:
    console.print(f"Seed {progress.seed}. When this is stopped, --resume goes on where it was.")
    progress.write(state)
    work = crash.batches(progress.seed, cycles)
    try:
        asyncio.run(crash.run(progress, work, file=state, tell=console.print))
    except asyncio.CancelledError:
        raise typer.Exit(_TOLD_TO_STOP) from None
    return tally.show(progress.by_part(batch.name for batch in work), console, seed=progress.seed)


app()

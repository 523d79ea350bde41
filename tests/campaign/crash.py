"""The crash campaign: its batches, run side by side, seeded, and gone on with after a stop."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.campaign.parts import Batch, run_batch
from tests.campaign.tally import Progress

BATCH: Final = 20
FULL: Final = {"points": 620, "random": 500, "stop": 120, "cont": 80, "gap": 200, "real": 40}
"""How many cycles of each part the full campaign has."""

SIDE_BY_SIDE: Final = 4
"""How many benches run at once: a bot that starts mostly waits for its guild."""


def batches(seed: str, cycles: dict[str, int], batch: int = BATCH) -> Sequence[Batch]:
    """Return the work of a campaign, always the same for the same seed."""
    return [
        Batch(part, number, min(batch, count - number * batch), seed)
        for part, count in cycles.items()
        for number in range(-(-count // batch))
    ]


async def run(progress: Progress, work: Sequence[Batch], *, file: Path, tell: Callable[[str], None]) -> None:
    """Run what is not done yet; after each batch the file knows of it. SIGTERM ends it as Ctrl-C does."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    left = [batch for batch in reversed(work) if batch.name not in progress.done]

    async def take() -> None:
        while left:
            batch = left.pop()
            tally = await run_batch(batch)
            progress.done[batch.name] = tally
            await asyncio.to_thread(progress.write, file)
            state = "clean" if tally.is_clean else "NOT CLEAN"
            tell(
                f"{batch.name}: {tally.kills} kills, {tally.accepted} messages, {tally.took_s:.0f} s, {state}"
            )

    async with asyncio.TaskGroup() as tasks:
        for _ in range(SIDE_BY_SIDE):
            tasks.create_task(take())

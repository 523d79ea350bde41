"""The crash campaign at a size of seconds: every named point once, and a little of each other part.

`make soak` is the same at full size. What is judged is in tests/campaign/oracle.py.
"""

import asyncio

import pytest

from sessions.crash_points import POINTS
from tests.campaign.crash import SIDE_BY_SIDE
from tests.campaign.parts import Batch, run_batch
from tests.campaign.tally import Tally

SEED = "every day"
CYCLES = 3
BATCHES = -(-len(POINTS) // CYCLES)

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy


@pytest.mark.fault("F1", "kill -9 at every named point", "all answered once, in order, in their own rooms")
@pytest.mark.parametrize("first", range(0, BATCHES, SIDE_BY_SIDE))
async def test_nothing_is_lost_doubled_or_mixed_wherever_the_bot_is_killed(first: int) -> None:
    numbers = range(first, min(first + SIDE_BY_SIDE, BATCHES))
    tally = await _run(CYCLES, *(("points", number) for number in numbers))
    assert tally.findings == []
    assert not tally.missed
    assert tally.is_clean


@pytest.mark.fault("F1", "kill -9, SIGTERM, SIGSTOP and gaps at any moment", "all answered once, in order")
async def test_nothing_is_lost_doubled_or_mixed_under_load_stops_freezes_and_gaps() -> None:
    tally = await _run(2, ("random", 0), ("stop", 0), ("cont", 0), ("gap", 0))
    assert tally.findings == []
    assert tally.is_clean


@pytest.mark.fault("F1", "kill -9 at any moment with the real agent", "all answered once; no process is left")
async def test_nothing_is_lost_doubled_or_orphaned_with_the_real_agent() -> None:
    tally = await _run(2, ("real", 0))
    assert tally.findings == []
    assert tally.is_clean


async def _run(cycles: int, *batches: tuple[str, int]) -> Tally:
    """Run these batches side by side and return their sum."""
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(run_batch(Batch(part, number, cycles, SEED))) for part, number in batches
        ]
    total = Tally()
    for task in running:
        total.add(task.result())
    return total

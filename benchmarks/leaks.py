"""10,000 turns through the real bot: what is left of each in memory, file descriptors and tasks."""

import asyncio
import statistics
from collections.abc import Sequence

from benchmarks.crowd import Crowd, crowd
from benchmarks.figures import Figure
from benchmarks.probe import Pulse, Sample

TURNS = 10_000
ROOMS = 20
_EDGE = 0.1
"""The first and the last tenth are compared; what the first turns load once is no leak."""


def run() -> list[Figure]:
    """Run for some minutes."""
    pulse = asyncio.run(soak(TURNS))
    return figures(f"leaks over {TURNS:,} turns", pulse)


def figures(what: str, pulse: Pulse) -> list[Figure]:
    """Return how much more of each there is at the end."""
    settled = pulse.samples[int(len(pulse.samples) * _EDGE) :]
    first, last = _edges(settled)
    slope = statistics.linear_regression(
        [sample.accepted / 1000 for sample in settled], [sample.rss_mib for sample in settled]
    ).slope
    return [
        Figure(name=f"{what}, memory", value=slope * 1.048576, unit="MB/1,000", bound=1),
        Figure(name=f"{what}, descriptors", value=_more(first, last, "descriptors"), unit="more", bound=5),
        Figure(name=f"{what}, tasks", value=_more(first, last, "tasks"), unit="more", bound=5),
    ]


async def soak(turns: int) -> Pulse:
    """Let every room of a small guild go on speaking, one thing after the other."""
    async with crowd(ROOMS) as here, asyncio.TaskGroup() as tasks:
        for number in range(ROOMS):
            tasks.create_task(_speak(here, number, turns // ROOMS))
    return here.pulse


async def _speak(here: Crowd, room: int, turns: int) -> None:
    place = here.guild.channel(f"room-{room}")
    for _ in range(turns):
        answered = await here.say(place)
        await answered.wait()


def _edges(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    size = max(1, int(len(samples) * _EDGE))
    return samples[:size], samples[-size:]


def _more(first: Sequence[Sample], last: Sequence[Sample], what: str) -> float:
    def typical(samples: Sequence[Sample]) -> float:
        return statistics.median(getattr(sample, what) for sample in samples)

    return typical(last) - typical(first)

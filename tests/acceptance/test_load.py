"""The real bot under more than it is used to, at a size of seconds; `make bench` is the same at full size."""

import statistics
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.crowd import Crowd, crowd
from benchmarks.probe import Sample
from benchmarks.streaming import PART, stream

pytestmark = pytest.mark.timeout(240)  # a real process on a machine that may be busy

MOST_MIB = 286
"""300 MB."""


@pytest.mark.fault("F21", "something is said in 60 channels at once", "each is answered; memory stays small")
async def test_many_rooms_at_once_are_all_answered(tmp_path: Path) -> None:
    async with crowd(60, below=tmp_path) as here:
        for number in range(60):
            await here.say(here.guild.channel(f"room-{number}"))
        await here.everything_answered()
    assert max(sample.rss_mib for sample in here.pulse.samples) < MOST_MIB


@pytest.mark.fault("F22", "300 messages in one channel", "each is answered, in order; memory stays small")
async def test_a_flooded_channel_is_answered_in_order(tmp_path: Path) -> None:
    async with crowd(1, below=tmp_path, queue_limit=400) as here:
        place = here.guild.channel("room-0")
        for _ in range(300):
            await here.say(place)
        await here.everything_answered()
        assert _order(here) == sorted(_order(here))
        assert len(_order(here)) == here.said
    assert max(sample.rss_mib for sample in here.pulse.samples) < MOST_MIB


async def test_rooms_that_write_at_once_are_all_answered_and_edited_once_a_second(tmp_path: Path) -> None:
    seen = await stream(PART, 4, 4.0, below=tmp_path)
    assert len(seen.last_text_s) == 4
    assert all(later - sooner >= 1.0 for edits in seen.edits_at for sooner, later in pairwise(edits))


@pytest.mark.fault(
    "F30", "300 turns one after the other", "no more descriptors and tasks than after the first 30"
)
async def test_turns_leave_nothing_behind(tmp_path: Path) -> None:
    async with crowd(1, below=tmp_path) as here:
        place = here.guild.channel("room-0")
        for _ in range(300):
            await (await here.say(place)).wait()
    samples = here.pulse.samples[len(here.pulse.samples) // 10 :]
    first, last = samples[: len(samples) // 3], samples[-len(samples) // 3 :]
    for what in ("descriptors", "tasks"):
        assert _typical(last, what) <= _typical(first, what) + 5


def _order(here: Crowd) -> list[int]:
    """Return the numbers of the prompts in the order in which they were answered."""
    bot = here.guild.bot.id
    texts = [m.content for m in here.guild.channel("room-0").messages() if m.author_id == bot]
    return [int(text.rstrip(".").rsplit(" ", 1)[-1]) for text in texts if text.endswith(".")]


def _typical(samples: list[Sample], what: str) -> float:
    return statistics.median(getattr(sample, what) for sample in samples)

"""One channel with 10,000 messages, then 1,000 rooms at once: what the real bot's event loop feels of it."""

import asyncio

from benchmarks.crowd import Crowd, crowd
from benchmarks.figures import Figure, percentile
from benchmarks.probe import Pulse

MESSAGES = 10_000
ROOMS = 1000
BREATH = 50
"""So many messages are said before the guild's own loop gets to send them."""


def run() -> list[Figure]:
    """Flood a bot that nobody told to refuse: the bound on waiting prompts is out of the way."""
    return [
        *_figures(f"flood: {MESSAGES:,} in one channel", asyncio.run(one_channel(MESSAGES))),
        *_figures(f"flood: {ROOMS:,} rooms at once", asyncio.run(many_rooms(ROOMS))),
    ]


async def one_channel(messages: int) -> Pulse:
    """Say everything in one channel and wait for every answer."""
    async with crowd(1, queue_limit=messages) as here:
        await _say(here, [here.guild.channel("room-0").id] * messages)
        await here.everything_answered()
    return here.pulse


async def many_rooms(rooms: int) -> Pulse:
    """Say one thing in each of many channels and wait for every answer."""
    async with crowd(rooms) as here:
        await _say(here, [here.guild.channel(f"room-{number}").id for number in range(rooms)])
        await here.everything_answered()
    return here.pulse


async def _say(here: Crowd, channel_ids: list[str]) -> None:
    for number, channel_id in enumerate(channel_ids):
        await here.say(here.guild.place(channel_id))
        if number % BREATH == 0:
            await asyncio.sleep(0)


def _figures(what: str, pulse: Pulse) -> list[Figure]:
    peak_mib = max(sample.rss_mib for sample in pulse.samples)
    return [
        Figure(name=f"{what}, loop lag, p99", value=percentile(pulse.lags_s, 99) * 1e3, unit="ms", bound=100),
        Figure(name=f"{what}, accept, p99", value=percentile(pulse.accepts_s, 99) * 1e3, unit="ms", bound=50),
        Figure(name=f"{what}, memory", value=peak_mib, unit="MiB", bound=286),  # 300 MB
    ]

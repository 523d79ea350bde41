"""20 rooms whose agents write at once: what the bot's loop feels of it, and what the guild sees of it."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks.crowd import crowd
from benchmarks.figures import Figure, percentile
from benchmarks.probe import Pulse
from bot.demo.guild import OfflineGuild, RateLimits

ROOMS: Final = 20
LASTS_S: Final = 25.0
LATER_S: Final = 0.3
"""Each room begins so much later than the one before: Discord takes 50 requests in a second."""
LAG_BOUND_MS: Final = 50
LAST_TEXT_BOUND_S: Final = 1.0
EDIT_BOUND_S: Final = 1.0
MIB_BOUND: Final = 286
"""300 MB."""

_PROSE: Final = (
    "The **parser** keeps `state` per line, so that no line is read twice, see <b>below</b>. " * 12
)
_CODE: Final = "```py\n" + "    value = compute(first, second)  # one line of code\n" * 10 + "```"
_LIST: Final = "".join(f"- [ ] step {number} of the plan\n" for number in range(8))
_TABLE: Final = "| name | size |\n|---|--:|\n" + "".join(
    f"| row {number} | {number} |\n" for number in range(8)
)
PART: Final = f"#### What I see\n\n{_PROSE}\n\n{_CODE}\n\n{_LIST}\n\n{_TABLE}"
_FIRST: Final = '[[turn]]\nmatch = "prompt 1."\n[[turn.step]]\ntext = "{prompt}"\n'
"""For what a crowd says by itself, to find out that its bot works."""
_LINE: Final = "_".join(["long"] * 100) + "\n"
_BOOK: Final = _LINE * (1_000_000 // len(_LINE) // 4)
"""A quarter of 1 MB, in words so long that each is a delta."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run gave: the bot's pulse, and what the guild saw.

    `edits_at` are the times of the edits of each message; `last_text_s` is how long after the end of
    each turn its last text was there.
    """

    pulse: Pulse
    edits_at: Sequence[Sequence[float]]
    last_text_s: Sequence[float]


def run() -> list[Figure]:
    """Stream answers of some messages with tools between their parts, and then answers of 1 MB."""
    return [
        *_figures(f"streaming: {ROOMS} rooms", asyncio.run(stream(PART, ROOMS))),
        *_figures(f"streaming: {ROOMS} rooms, 1 MB", asyncio.run(stream(_BOOK, ROOMS))),
    ]


async def stream(part: str, rooms: int, lasts_s: float = LASTS_S, *, below: Path | None = None) -> Seen:
    """Let every room write four times the same part at once, and wait for every answer.

    Prints what the guild's rate limits, which are Discord's, made the bot wait.
    """
    script = _FIRST + _script(part, lasts_s)
    opened = crowd(rooms + 1, below=below, script=script, rate_limits=RateLimits(), max_running=rooms)
    async with opened as here:
        places = [here.guild.channel(f"room-{room + 1}") for room in range(rooms)]
        for place in places:
            await here.say(place)
            await asyncio.sleep(LATER_S)
        await here.everything_answered()
    print(here.guild.buckets.summary())
    ended_at = here.pulse.ended_at
    last_text_s = [here.answered_at[place.id] - ended_at[place.id] for place in places]
    return Seen(here.pulse, _edits_at(here.guild), last_text_s)


def _script(part: str, lasts_s: float) -> str:
    """Return what every turn plays: four parts, with a tool before each that says much."""
    steps: list[str] = []
    for number in range(4):
        steps.append(
            f'tool = "Bash"\ntitle = "grep -rn state src{number}"\noutput = {json.dumps("x " * 5000)}'
        )
        text = part if number < 3 else f"{part}\n{{prompt}}"
        steps.append(f"text = {json.dumps(text)}\nover_s = {lasts_s / 4}")
    return "".join(["[[turn]]\n", *(f"[[turn.step]]\n{step}\n" for step in steps)])


def _edits_at(guild: OfflineGuild) -> Sequence[Sequence[float]]:
    edits: defaultdict[str, list[float]] = defaultdict(list)
    for entry in guild.ledger.requests("PATCH", r"/messages/\d+$"):
        edits[entry.path].append(entry.at)
    return list(edits.values())


def _figures(what: str, seen: Seen) -> Iterator[Figure]:
    pulse = seen.pulse
    for name, lags_s in (("loop lag", pulse.lags_s), ("loop lag, its own work", pulse.worked_s)):
        lag_ms = percentile(lags_s, 99) * 1e3
        yield Figure(name=f"{what}, {name}, p99", value=lag_ms, unit="ms", bound=LAG_BOUND_MS)
    gaps_s = [later - sooner for edits in seen.edits_at for sooner, later in pairwise(edits)]
    yield Figure(name=f"{what}, edits", value=sum(map(len, seen.edits_at)), unit="edits")
    yield Figure(
        name=f"{what}, from edit to edit, least",
        value=min(gaps_s),
        unit="s",
        bound=EDIT_BOUND_S,
        more_is_better=True,
    )
    last_s = max(seen.last_text_s)
    yield Figure(
        name=f"{what}, last text after the end, most", value=last_s, unit="s", bound=LAST_TEXT_BOUND_S
    )
    peak_mib = max(sample.rss_mib for sample in pulse.samples)
    yield Figure(name=f"{what}, memory", value=peak_mib, unit="MiB", bound=MIB_BOUND)

"""The guild's time: real unless a test says otherwise, and ids made from it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000
"""The first moment a Discord id can name: 2015-01-01, in milliseconds of Unix time."""


class GuildClock:
    """Seconds of Unix time that flow as `source` does and can be moved forward.

    The default source is the machine's clock. A constant source makes every id and every time of a world
    the same in each run.
    """

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._ahead_s = 0.0

    def now(self) -> float:
        """Return Unix time in seconds."""
        return self._source() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move the guild's time forward. Limits that depend on time (3 s, 15 min, buckets) see it at once."""
        self._ahead_s += seconds


class Snowflakes:
    """Discord ids from a clock: ascending, no two alike, the same for the same clock."""

    def __init__(self, clock: GuildClock) -> None:
        self._clock = clock
        self._last = 0

    def new(self) -> str:
        """Return the next id, as the text that Discord sends."""
        from_time = (int(self._clock.now() * 1000) - EPOCH_MS) << 22
        self._last = max(from_time, self._last + 1)
        return str(self._last)


def made_at(snowflake: str) -> float:
    """Return the Unix time in seconds at which an id was made."""
    return ((int(snowflake) >> 22) + EPOCH_MS) / 1000


def iso(moment_s: float) -> str:
    """Return Unix time as Discord writes it: ISO 8601, UTC."""
    return datetime.fromtimestamp(moment_s, UTC).isoformat()

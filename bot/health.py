"""How the running bot does, for /health and /metrics: what works, what runs and waits, and since when."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from bot.metrics import Metrics
from sessions.clock import Clock
from sessions.errors import StateError
from sessions.store.upkeep import Figures, UpkeepStore

log = logging.getLogger(__name__)

_LIMIT_S: Final = 5.0
_AGAIN_S: Final = 5.0
_TRIED: Final = ("roomkey", "health")


class Storage(Protocol):
    """What is tried of the store."""

    @property
    def upkeep(self) -> UpkeepStore:
        """What counts."""
        ...

    def set_fact(self, scope: str, name: str, text: str) -> Awaitable[None]:
        """Store a small text. Raises StateError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is looked at, each a question that is answered at once. `starts` counts those of the bot."""

    is_connected: Callable[[], bool]
    chat_lives: Callable[[], bool]
    caught_up: Callable[[], datetime | None]
    running: Callable[[], int]
    rooms: Callable[[], int]
    agents: Callable[[], int]
    agent_starts: Callable[[], int]
    dropped: Callable[[], int]
    starts: int
    isolation: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the bot does. It is `ok` if people are heard, and what they say and said meanwhile is stored."""

    connected: bool
    store_ok: bool
    caught_up: datetime | None
    running: int
    waiting: int
    isolation: str
    version: str

    @property
    def ok(self) -> bool:
        """Whether the bot works."""
        return self.connected and self.store_ok and self.caught_up is not None

    def body(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "ok": self.ok,
            "connected": self.connected,
            "store": "ok" if self.store_ok else "trouble",
            "last_catch_up": None if self.caught_up is None else self.caught_up.isoformat(timespec="seconds"),
            "running": self.running,
            "waiting": self.waiting,
            "isolation": self.isolation,
            "version": self.version,
        }


class Examiner:
    """Looks at the bot when it is asked; the store is written to at most once in five seconds."""

    def __init__(self, store: Storage, clock: Clock, metrics: Metrics, seen: Seen) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._seen = seen
        self._figures: Figures | None = None
        self._store_ok = False
        self._tried_s = -_AGAIN_S
        self._looking = asyncio.Lock()

    async def health(self) -> Health:
        """Return how the bot does. Never raises."""
        async with self._looking:
            await self._look()
        seen, figures = self._seen, self._figures
        return Health(
            connected=seen.is_connected() and seen.chat_lives(),
            store_ok=self._store_ok,
            caught_up=seen.caught_up(),
            running=seen.running(),
            waiting=0 if figures is None else figures.queued,
            isolation=seen.isolation,
            version=seen.version,
        )

    async def scrape(self) -> bytes:
        """Return all metrics as Prometheus reads them. Never raises."""
        health, seen, figures = await self.health(), self._seen, self._figures
        oldest = None if figures is None else figures.oldest_due
        return self._metrics.text(
            figures=figures,
            oldest_s=0.0 if oldest is None else max(0.0, (self._clock.utc() - oldest).total_seconds()),
            rooms=seen.rooms(),
            agents=seen.agents(),
            agent_starts=seen.agent_starts(),
            dropped=seen.dropped(),
            starts=seen.starts,
            connected=health.connected,
            healthy=health.ok,
        )

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(_LIMIT_S):
                self._figures = await self._store.upkeep.figures()
                if self._clock.monotonic_s() - self._tried_s >= _AGAIN_S:
                    self._tried_s = self._clock.monotonic_s()
                    await self._store.set_fact(*_TRIED, self._clock.utc().isoformat(timespec="seconds"))
                    self._store_ok = True
        except (TimeoutError, StateError) as error:
            self._store_ok = False
            log.debug("the store is in trouble", extra={"reason": str(error)})

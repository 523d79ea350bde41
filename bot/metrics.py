"""What is measured of the running bot, in Prometheus's words: counters and times that others note down.

An object that is handed to those who measure, with a registry of its own. No label holds an id, nor
anything that a person wrote: each takes one of a few known values.
"""

import sys
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from sessions.store.upkeep import Figures

_QUICK_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_FIRST_WORD_S: Final = (0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120)
_TURN_S: Final = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 14_400)
_BATCH: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_NO_ANSWER: Final = "none"


class Metrics:
    """All that is counted and timed. Notes are taken from any thread; none ever raises or blocks."""

    def __init__(self, version: str = "") -> None:
        """`version` is the program's."""
        self._registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"roomkey_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"roomkey_{name}", text, registry=registry)

        def times(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"roomkey_{name}", text, buckets=buckets, registry=registry)

        self._turns = counter("turns", "Turns that ended, by how.", "outcome")
        self._problems = counter("turn_problems", "Turns that the agent failed, by cause.", "problem")
        self._turn_s = times("turn_seconds", "From the start of a turn to its end.", _TURN_S)
        self._first_word_s = times(
            "first_word_seconds", "From a turn's start to its first word.", _FIRST_WORD_S
        )
        self._accept_s = times("accept_seconds", "From a message's arrival until it is stored.", _QUICK_S)
        self._commit_s = times("commit_seconds", "How long the store takes to commit.", _QUICK_S)
        self._batch = times("commit_changes", "How many changes are committed at once.", _BATCH)
        self._lag_s = times(
            "loop_lag_seconds", "How much later than it should the event loop turns.", _QUICK_S
        )
        self._requests = counter("discord_requests", "Requests to Discord's REST API, by status.", "status")
        self._limited = counter("discord_rate_limited", "Requests that Discord answered with 429.")
        self._gateway = counter("discord_gateway_connects", "Connections made to Discord's gateway.")
        self._agents = counter("agent_starts", "Agent processes that were started.")
        self._agents_counted = 0
        self._dropped = gauge("outbox_dropped", "Answers that could never be delivered, since the start.")
        self._starts = gauge("starts", "How often this data directory was taken into use by a bot.")
        self._connected = gauge("discord_connected", "1 while Discord's gateway is heard.")
        self._healthy = gauge("healthy", "1 while /health answers 200.")
        self._rooms = gauge("rooms_live", "Rooms that are awake.")
        self._live = gauge("agents_live", "Agent processes that live.")
        self._running = gauge("turns_running", "Turns that run now.")
        self._queued = gauge("turns_queued", "Prompts that wait.")
        self._interrupted = gauge("turns_interrupted", "Turns that wait for somebody's decision.")
        self._waiting = gauge("rooms_waiting", "Rooms in which something waits.")
        self._sessions = gauge("sessions", "Rooms in which somebody has spoken.")
        self._due = gauge("outbox_due", "Pieces of answers that are not sent yet.")
        self._oldest_s = gauge(
            "outbox_oldest_seconds", "How long the oldest of them has waited; 0 without one."
        )
        build = Info("roomkey_build", "Which program this is.", registry=registry)
        build.info({"version": version, "python": ".".join(map(str, sys.version_info[:3]))})

    def turn_ended(self, outcome: str, problem: str | None, took_s: float) -> None:
        """A turn ended: `ok`, `failed`, `stopped`, `interrupted` or `broken`; why, if the agent failed."""
        self._turns.labels(outcome).inc()
        if problem is not None:
            self._problems.labels(problem).inc()
        self._turn_s.observe(took_s)

    def first_word(self, took_s: float) -> None:
        """A turn showed the first word of its answer."""
        self._first_word_s.observe(took_s)

    def accepted(self, took_s: float) -> None:
        """A message is stored."""
        self._accept_s.observe(took_s)

    def committed(self, took_s: float, changes: int) -> None:
        """The store has committed so many changes."""
        self._commit_s.observe(took_s)
        self._batch.observe(changes)

    def loop_lagged(self, late_s: float) -> None:
        """The event loop turned that much later than it should."""
        self._lag_s.observe(max(0.0, late_s))

    def discord_answered(self, status: int | None) -> None:
        """Discord answered a request with this status, or not at all; 101 opens the gateway."""
        if status == 101:
            self._gateway.inc()
            return
        self._requests.labels(_NO_ANSWER if status is None else str(status)).inc()
        if status == 429:
            self._limited.inc()

    def text(
        self,
        *,
        figures: Figures | None,
        oldest_s: float,
        rooms: int,
        agents: int,
        agent_starts: int,
        dropped: int,
        starts: int,
        connected: bool,
        healthy: bool,
    ) -> bytes:
        """Return everything as a scrape sees it; without `figures` those of the last one stay."""
        if figures is not None:
            self._running.set(figures.running)
            self._queued.set(figures.queued)
            self._interrupted.set(figures.interrupted)
            self._waiting.set(figures.waiting_rooms)
            self._sessions.set(figures.sessions)
            self._due.set(figures.outbox_due)
            self._oldest_s.set(oldest_s)
        self._rooms.set(rooms)
        self._live.set(agents)
        self._agents.inc(agent_starts - self._agents_counted)
        self._agents_counted = agent_starts
        self._dropped.set(dropped)
        self._starts.set(starts)
        self._connected.set(connected)
        self._healthy.set(healthy)
        return generate_latest(self._registry)

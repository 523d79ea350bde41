"""Rate limit buckets: how many requests fit into which time, and how long a client has to wait.

Discord does not publish its sizes; these are the rules of thumb that its headers show. A client that believes
the headers never sees a refusal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from bot.demo.guild.clock import GuildClock


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds."""

    requests: int
    per_s: float


DISCORD: dict[tuple[str, str], Limit] = {
    ("POST", "/channels/{channel_id}/messages"): Limit(5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): Limit(5, 5.0),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): Limit(5, 1.0),
    ("POST", "/channels/{channel_id}/typing"): Limit(5, 5.0),
    ("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"): Limit(1, 0.25),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"): Limit(1, 0.25),
    ("PATCH", "/channels/{channel_id}"): Limit(2, 600.0),
    ("POST", "/webhooks/{webhook_id}/{token}"): Limit(5, 5.0),
    ("PATCH", "/webhooks/{webhook_id}/{token}/messages/{message_id}"): Limit(5, 5.0),
}
"""Limits of routes, by method and route; every other route has the general one."""

NO_LIMIT = Limit(1_000_000_000, 1.0)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Sizes of all buckets: by route, for every other route, and over all of one bot's requests."""

    by_route: Mapping[tuple[str, str], Limit] = field(default_factory=lambda: DISCORD)
    other: Limit = Limit(50, 1.0)
    overall: Limit = Limit(50, 1.0)

    @classmethod
    def off(cls) -> Self:
        """Return sizes that nobody reaches, for benchmarks and tests of other things."""
        return cls({}, NO_LIMIT, NO_LIMIT)


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer of a bucket: headers for the response and, when it is full, how long to wait."""

    headers: dict[str, str]
    retry_after_s: float | None = None
    is_global: bool = False


@dataclass(slots=True)
class Waiting:
    """The waiting that the buckets of one route cause in a client that believes the headers.

    `used_up` counts the requests that took the last of a window: discord.py rests for what is left of it.
    `refused` counts those that came too soon and are told how long to wait. `waited_s` is both together,
    `longest_s` the longest of them.
    """

    route: str
    requests: int = 0
    used_up: int = 0
    refused: int = 0
    waited_s: float = 0.0
    longest_s: float = 0.0

    def wait(self, seconds: float) -> None:
        """Count one wait."""
        self.waited_s += seconds
        self.longest_s = max(self.longest_s, seconds)

    def __str__(self) -> str:
        return (
            f"{self.waited_s:.1f} s for {self.route}: {self.requests} requests, {self.used_up} took the last"
            f" of their window, {self.refused} refused, longest wait {self.longest_s:.1f} s"
        )


_MENTIONED_S = 0.05
EVERY_ROUTE = "every route together"
"""What the limit over all of a bot's requests is called."""


@dataclass(slots=True)
class _Window:
    ends_at: float = 0.0
    used: int = 0


class Buckets:
    """All buckets of a guild, and the waiting that they cause."""

    def __init__(self, clock: GuildClock, limits: RateLimits) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._clock = clock
        self._limits = limits
        self._windows: dict[tuple[str, str, str], _Window] = {}

    @property
    def waited_s(self) -> float:
        """How long all that waiting is, over all channels: some of it at the same time."""
        return sum(one.waited_s for one in self._waiting.values())

    @property
    def refusals(self) -> int:
        """How many requests were refused because they came too soon."""
        return sum(one.refused for one in self._waiting.values())

    def waiting(self) -> Sequence[Waiting]:
        """Return the waiting of each route that was asked for, the longest first."""
        return sorted(self._waiting.values(), key=lambda one: -one.waited_s)

    def summary(self) -> str:
        """Return what they made a client wait, for people: one line, and one for each route with a wait."""
        waits = [str(one) for one in self.waiting() if one.waited_s >= _MENTIONED_S]
        if not waits:
            return "The guild's rate limits made nobody wait."
        return "\n- ".join([f"The guild's rate limits made bots wait {self.waited_s:.1f} s:", *waits])

    def take(self, bot_id: str, method: str, route: str, major: str) -> Grant:
        """Count one request of a bot to a route; `major` is the channel, guild or webhook in its path."""
        now = self._clock.now()
        self._waiting_for(EVERY_ROUTE).requests += 1
        overall, until_s = self._count(("", bot_id, ""), self._limits.overall, now)
        if overall < 0:
            return self._refuse(EVERY_ROUTE, {}, until_s, is_global=True)
        waiting = self._waiting_for(f"{method} {route}")
        waiting.requests += 1
        limit = self._limits.by_route.get((method, route), self._limits.other)
        left, until_s = self._count((f"{method} {route}", bot_id, major), limit, now)
        headers = {
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": f"{now + until_s:.3f}",
            "X-RateLimit-Reset-After": f"{until_s:.3f}",
            "X-RateLimit-Bucket": f"{method} {route}",
        }
        if left < 0:
            return self._refuse(f"{method} {route}", headers, until_s, is_global=False)
        if left == 0:
            waiting.used_up += 1
            waiting.wait(until_s)
        return Grant(headers)

    def _count(self, key: tuple[str, str, str], limit: Limit, now: float) -> tuple[int, float]:
        window = self._windows.setdefault(key, _Window())
        if now >= window.ends_at:
            window.ends_at, window.used = now + limit.per_s, 0
        window.used += 1
        return limit.requests - window.used, window.ends_at - now

    def _waiting_for(self, route: str) -> Waiting:
        return self._waiting.setdefault(route, Waiting(route))

    def _refuse(self, route: str, headers: dict[str, str], retry_after_s: float, *, is_global: bool) -> Grant:
        waiting = self._waiting_for(route)
        waiting.refused += 1
        waiting.wait(retry_after_s)
        scope = {
            "X-RateLimit-Scope": "global" if is_global else "user",
            "Retry-After": f"{retry_after_s:.3f}",
        }
        if is_global:
            scope["X-RateLimit-Global"] = "true"
        return Grant(headers | scope, round(retry_after_s, 3), is_global)

"""Rate limit buckets: how many requests fit into which time, and how long a client has to wait.

Discord does not publish its sizes; these are the rules of thumb that its headers show. A client that believes
the headers never sees a refusal.
"""

from collections.abc import Mapping
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
class _Window:
    ends_at: float = 0.0
    used: int = 0


class Buckets:
    """All buckets of a guild.

    `waited_s` adds up the waiting that they cause in a client that believes the headers: the rest of the
    window whenever a bucket is used up, and the time named in each refusal. `refusals` counts those.
    """

    def __init__(self, clock: GuildClock, limits: RateLimits) -> None:
        self.waited_s = 0.0
        self.refusals = 0
        self._clock = clock
        self._limits = limits
        self._windows: dict[tuple[str, str, str], _Window] = {}

    def take(self, bot_id: str, method: str, route: str, major: str) -> Grant:
        """Count one request of a bot to a route; `major` is the channel, guild or webhook in its path."""
        now = self._clock.now()
        overall, until_s = self._count(("", bot_id, ""), self._limits.overall, now)
        if overall < 0:
            return self._refuse({}, until_s, is_global=True)
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
            return self._refuse(headers, until_s, is_global=False)
        if left == 0:
            self.waited_s += until_s
        return Grant(headers)

    def _count(self, key: tuple[str, str, str], limit: Limit, now: float) -> tuple[int, float]:
        window = self._windows.setdefault(key, _Window())
        if now >= window.ends_at:
            window.ends_at, window.used = now + limit.per_s, 0
        window.used += 1
        return limit.requests - window.used, window.ends_at - now

    def _refuse(self, headers: dict[str, str], retry_after_s: float, *, is_global: bool) -> Grant:
        self.refusals += 1
        self.waited_s += retry_after_s
        scope = {
            "X-RateLimit-Scope": "global" if is_global else "user",
            "Retry-After": f"{retry_after_s:.3f}",
        }
        if is_global:
            scope["X-RateLimit-Global"] = "true"
        return Grant(headers | scope, round(retry_after_s, 3), is_global)

"""Rate limit buckets: what fits, what the headers say, what waiting they cause."""

from bot.demo.guild.buckets import Buckets, Limit, RateLimits
from bot.demo.guild.clock import GuildClock
from tests.support.worlds import NOON

ROUTE = "/channels/{channel_id}/messages"


def buckets(limits: RateLimits | None = None) -> tuple[Buckets, GuildClock]:
    clock = GuildClock(lambda: NOON)
    return Buckets(clock, limits or RateLimits()), clock


def test_five_messages_fit_into_five_seconds_and_the_headers_count_down():
    some, clock = buckets()
    grants = [some.take("bot", "POST", ROUTE, "1") for _ in range(6)]
    assert [grant.headers["X-RateLimit-Remaining"] for grant in grants] == ["4", "3", "2", "1", "0", "0"]
    assert [grant.retry_after_s for grant in grants] == [None] * 5 + [5.0]
    assert grants[0].headers["X-RateLimit-Reset-After"] == "5.000"
    clock.advance(5)
    assert some.take("bot", "POST", ROUTE, "1").retry_after_s is None


def test_each_channel_route_and_bot_has_a_bucket_of_its_own():
    some, _ = buckets()
    for _ in range(5):
        some.take("bot", "POST", ROUTE, "1")
    assert some.take("bot", "POST", ROUTE, "2").retry_after_s is None
    assert some.take("bot", "GET", ROUTE, "1").retry_after_s is None
    assert some.take("other", "POST", ROUTE, "1").retry_after_s is None
    assert some.take("bot", "POST", ROUTE, "1").retry_after_s == 5.0


def test_all_requests_of_a_bot_together_have_a_limit():
    some, _ = buckets(RateLimits(other=Limit(1000, 1.0), overall=Limit(3, 2.0)))
    grants = [some.take("bot", "GET", f"/{number}", "") for number in range(4)]
    assert [grant.is_global for grant in grants] == [False, False, False, True]
    assert grants[3].retry_after_s == 2.0
    assert grants[3].headers["X-RateLimit-Global"] == "true"


def test_the_waiting_they_cause_is_added_up():
    some, clock = buckets()
    for _ in range(4):
        some.take("bot", "POST", ROUTE, "1")
    clock.advance(2)
    some.take("bot", "POST", ROUTE, "1")
    assert (some.waited_s, some.refusals) == (3.0, 0)
    some.take("bot", "POST", ROUTE, "1")
    assert (some.waited_s, some.refusals) == (6.0, 1)


def test_switched_off_nobody_ever_waits():
    some, _ = buckets(RateLimits.off())
    assert all(some.take("bot", "POST", ROUTE, "1").retry_after_s is None for _ in range(1000))
    assert some.waited_s == 0.0

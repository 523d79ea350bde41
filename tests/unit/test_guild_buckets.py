"""Rate limit buckets: what fits, what the headers say, what waiting they cause."""

from bot.demo.guild.buckets import EVERY_ROUTE, Buckets, Limit, RateLimits
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


def test_the_waiting_is_told_by_route_the_longest_first():
    some, clock = buckets()
    assert some.summary() == "The guild's rate limits made nobody wait."
    for _ in range(5):
        some.take("bot", "POST", ROUTE, "1")
    clock.advance(2)
    some.take("bot", "POST", ROUTE, "1")
    for _ in range(2):
        some.take("bot", "PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me", "1")
    assert [(one.route.split()[0], one.requests, one.used_up, one.refused) for one in some.waiting()] == [
        ("POST", 6, 1, 1),
        ("PUT", 2, 1, 1),
        ("every", 8, 0, 0),
    ]
    assert [one.waited_s for one in some.waiting()] == [8.0, 0.5, 0.0]
    headline, posts, marks = some.summary().splitlines()
    assert headline == "The guild's rate limits made bots wait 8.5 s:"
    assert posts == (
        "- 8.0 s for POST /channels/{channel_id}/messages: 6 requests, 1 took the last of their window,"
        " 1 refused, longest wait 5.0 s"
    )
    assert marks.startswith("- 0.5 s for PUT /channels/")


def test_what_the_limit_over_all_requests_refuses_is_counted_as_such():
    some, _ = buckets(RateLimits(other=Limit(1000, 1.0), overall=Limit(3, 2.0)))
    for number in range(4):
        some.take("bot", "GET", f"/{number}", "")
    first = some.waiting()[0]
    assert (first.route, first.requests, first.refused, first.waited_s) == (EVERY_ROUTE, 4, 1, 2.0)


def test_switched_off_nobody_ever_waits():
    some, _ = buckets(RateLimits.off())
    assert all(some.take("bot", "POST", ROUTE, "1").retry_after_s is None for _ in range(1000))
    assert some.waited_s == 0.0

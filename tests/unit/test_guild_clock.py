"""The guild's clock and the ids made from it."""

from bot.demo.guild.clock import GuildClock, Snowflakes, iso, made_at
from tests.support.worlds import NOON


def test_time_moves_only_when_told_to_if_its_source_stands_still():
    clock = GuildClock(lambda: NOON)
    clock.advance(2.5)
    assert clock.now() == NOON + 2.5


def test_ids_ascend_even_within_one_millisecond_and_tell_when_they_were_made():
    clock = GuildClock(lambda: NOON)
    ids = Snowflakes(clock)
    made = [ids.new() for _ in range(3)]
    clock.advance(1)
    made.append(ids.new())
    assert [int(one) for one in made] == sorted({int(one) for one in made})
    assert [made_at(one) for one in made] == [NOON, NOON, NOON, NOON + 1]


def test_ids_never_go_back_when_time_does():
    times = iter([NOON, NOON - 60])
    ids = Snowflakes(GuildClock(lambda: next(times)))
    assert int(ids.new()) < int(ids.new())


def test_times_are_written_in_utc():
    assert iso(0.5) == "1970-01-01T00:00:00.500000+00:00"

"""Which channels are looked into after a gap."""

from bot.chat_discord.behind import Listed, behind

MINUTE = 60_000 << 22
OLDEST = 1000 * MINUTE
OVERALL = 1050 * MINUTE


def test_a_room_is_behind_if_something_was_said_after_its_cursor() -> None:
    listed = {1: Listed(OVERALL, 0), 2: Listed(OVERALL + 1, 0)}
    found = behind({1: OVERALL, 2: OVERALL}, listed, overall=OVERALL, oldest=OLDEST)
    assert found == ({2: OVERALL}, 0)


def test_a_room_that_is_not_listed_is_asked_for_the_newest_five_hundred() -> None:
    cursors = {n: OVERALL - n for n in range(510)}
    found = behind(cursors, {}, overall=OVERALL, oldest=OLDEST)
    assert found == ({n: OVERALL - n for n in range(500)}, 10)


def test_a_channel_without_a_cursor_is_read_from_the_cursor_of_all() -> None:
    listed = {1: Listed(OVERALL + MINUTE, 0), 2: Listed(OVERALL - 2 * MINUTE, 0)}
    found = behind({}, listed, overall=OVERALL, oldest=OLDEST)
    assert found == ({1: OVERALL - MINUTE}, 0)


def test_what_is_old_is_of_no_interest_where_the_bot_never_took_part() -> None:
    listed = {1: Listed(OLDEST - 1, 0), 2: Listed(OLDEST + 1, 0)}
    assert behind({}, listed, overall=1, oldest=OLDEST) == ({2: OLDEST}, 0)


def test_what_was_said_before_the_bot_joined_is_none_of_its_business() -> None:
    joined = OVERALL + 5
    listed = {1: Listed(OVERALL + 4, joined), 2: Listed(OVERALL + 6, joined)}
    assert behind({}, listed, overall=OVERALL, oldest=OLDEST) == ({2: joined}, 0)


def test_channels_without_a_cursor_are_not_read_without_end() -> None:
    listed = {n: Listed(OVERALL + n, 0) for n in range(1, 300)}
    found, left_out = behind({}, listed, overall=OVERALL, oldest=OLDEST)
    assert set(found) == set(range(100, 300))
    assert left_out == 99


def test_with_doubt_every_room_is_looked_into() -> None:
    listed = {1: Listed(5, 0), 2: Listed(5, 0)}
    assert behind({1: 5, 2: 9}, listed, overall=9, oldest=OLDEST, doubt=True) == ({1: 5, 2: 9}, 0)

"""What becomes of missed messages, and what a channel is told about them."""

from datetime import UTC, datetime, timedelta

from bot.backlog import TOO_MANY, TOO_OLD, Backlog, Missed, notice, sort_out
from bot.chat import Incoming, Person, Place

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR_AGO = NOW - timedelta(hours=1)


def missed(number: int, *, minutes: float, text: str = "hi", name: str = "ann") -> Missed:
    """Return a message that was said so many minutes ago."""
    place = Place(platform="chat", channel_id="20", guild_id="1")
    message = Incoming(place=place, person=Person(id="7", name=name), message_id=number, text=text)
    return Missed(message=message, said=NOW - timedelta(minutes=minutes), link=f"https://chat/{number}")


def ids(part: object) -> list[int]:
    assert isinstance(part, list)
    return [one.message.message_id for one in part]


def test_what_is_young_enough_is_answered_up_to_the_limit() -> None:
    found = [missed(n, minutes=62 - n) for n in range(1, 6)]
    backlog = sort_out(found, HOUR_AGO, 3)
    assert ids(backlog.too_old) == [1]
    assert ids(backlog.answered) == [2, 3, 4]
    assert ids(backlog.too_many) == [5]
    assert backlog.reasons() == {1: TOO_OLD, 5: TOO_MANY}


def test_nothing_missed_is_not_worth_a_word() -> None:
    assert notice(Backlog(too_old=[], answered=[], too_many=[]), NOW) == ""


def test_what_is_answered_is_said_with_how_far_it_goes_back() -> None:
    backlog = sort_out([missed(1, minutes=11.2), missed(2, minutes=1), missed(3, minutes=0.1)], HOUR_AGO, 9)
    assert notice(backlog, NOW) == "-# Answering 3 messages from the last 12 min."
    assert notice(sort_out([missed(3, minutes=0.1)], HOUR_AGO, 9), NOW) == (
        "-# Answering 1 message from the last 6 s."
    )


def test_what_is_not_answered_is_listed_with_its_link_and_first_words() -> None:
    backlog = sort_out([missed(1, minutes=90, text="*what*\nis the time?")], HOUR_AGO, 9)
    assert notice(backlog, NOW) == (
        "I was away and do not answer 1 message. Send again what still matters:\n"
        "- https://chat/1 ann: \\*what\\* is the time?"
    )


def test_a_long_list_shows_the_newest_and_stays_a_message() -> None:
    text, name = "@everyone `" * 90, "[_*" * 20
    backlog = sort_out([missed(n, minutes=90, text=text, name=name) for n in range(1, 200)], HOUR_AGO, 9)
    told = notice(backlog, NOW)
    assert "https://chat/199 " in told
    assert told.endswith("-# and 193 before these")
    assert len(told) < 1500


def test_a_file_without_words_is_called_a_file() -> None:
    assert notice(sort_out([missed(1, minutes=90, text="")], HOUR_AGO, 9), NOW).endswith(" ann: a file")

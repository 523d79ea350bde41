"""The budget of bots: three turns in a row for each channel, whatever happens in between but a person."""

from hypothesis import given
from hypothesis import strategies as st

from bot.loops import IN_A_ROW, BotsTalk, LoopBudget


def test_bots_have_three_turns_until_a_person_speaks() -> None:
    budget = LoopBudget()
    assert [budget.bot_speaks("1", number) for number in range(5)] == [True, True, True, False, False]
    assert budget.bot_speaks("2", 9)
    assert budget.person_speaks("1")
    assert budget.bot_speaks("1", 10)


def test_a_message_that_comes_again_is_counted_once_and_stays_taken() -> None:
    budget = LoopBudget()
    for number in (1, 1, 2, 2, 3, 3, 1):
        assert budget.bot_speaks("1", number)
    assert not budget.bot_speaks("1", 4)


def test_it_is_said_once_and_about_the_same_message_after_a_restart() -> None:
    budget = LoopBudget()
    for number in range(4):
        budget.bot_speaks("1", number)
    told = budget.refusal("1")
    assert isinstance(told, BotsTalk)
    assert told.since == 2
    assert budget.refusal("1") is None
    again = LoopBudget.read(budget.text)
    assert not again.bot_speaks("1", 7)
    repeated = again.refusal("1")
    assert repeated is not None
    assert (repeated.since, str(repeated)) == (2, str(told))


def test_a_person_makes_it_news_again() -> None:
    budget = LoopBudget({"1": [1, 2, 3]})
    assert budget.refusal("1") is not None
    budget.person_speaks("1")
    for number in range(4, 8):
        budget.bot_speaks("1", number)
    assert budget.refusal("1") is not None


def test_nothing_is_given_back_where_nothing_was_spent() -> None:
    assert not LoopBudget().person_speaks("1")


def test_it_does_not_grow_for_ever() -> None:
    budget = LoopBudget()
    for channel in range(2000):
        budget.bot_speaks(str(channel), 1)
    assert budget.text.count(":") == 1000


@given(st.text() | st.sampled_from(["[]", "null", '{"1": 2}', '{"1": ["a", 2]}', "[" * 100_000]))
def test_any_text_can_be_read_and_gives_a_budget(text: str) -> None:
    budget = LoopBudget.read(text)
    assert LoopBudget.read(budget.text).text == budget.text


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("12"), st.integers(0, 9))))
def test_never_more_than_three_different_messages_between_two_people(
    acts: list[tuple[bool, str, int]],
) -> None:
    budget, taken = LoopBudget(), dict[str, set[int]]()
    for is_person, channel, number in acts:
        budget = LoopBudget.read(budget.text)  # a restart at any moment
        if is_person:
            budget.person_speaks(channel)
            taken.pop(channel, None)
        elif budget.bot_speaks(channel, number):
            taken.setdefault(channel, set()).add(number)
    assert all(len(one) <= IN_A_ROW for one in taken.values())

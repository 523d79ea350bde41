"""The pace of a live message."""

from bot.live_plan import Edit, LivePlan, Send, WakeAt


def test_the_first_body_is_sent_at_once() -> None:
    assert LivePlan(1.0).step(0.0, "a") == Send("a")


def test_an_edit_waits_for_the_interval_and_takes_the_newest() -> None:
    plan = LivePlan(1.0)
    plan.step(0.0, "a")
    assert plan.step(0.2, "ab") == WakeAt(1.0)
    assert plan.step(1.0, "abc") == Edit("abc")
    assert plan.step(1.1, "abcd") == WakeAt(2.0)


def test_a_request_that_was_held_up_may_have_arrived_late_so_the_next_waits_for_it() -> None:
    plan = LivePlan(1.0)
    plan.step(0.0, "a")
    plan.over(0.1)
    assert plan.step(0.5, "ab") == WakeAt(1.0)
    plan.over(0.9)
    assert plan.step(1.0, "ab") == WakeAt(1.75)


def test_nothing_new_asks_for_nothing() -> None:
    plan = LivePlan(1.0)
    plan.step(0.0, "a")
    assert plan.step(5.0, "a") is None


def test_a_lost_message_is_sent_again() -> None:
    plan = LivePlan(1.0)
    plan.step(0.0, "a")
    plan.lost()
    assert plan.step(1.0, "a") == Send("a")


def test_a_refused_edit_is_repeated_when_the_chat_allows() -> None:
    plan = LivePlan(1.0)
    plan.step(0.0, "a")
    plan.step(1.0, "ab")
    plan.failed(9.0)
    assert plan.step(2.0, "ab") == WakeAt(9.0)
    assert plan.step(9.0, "ab") == Edit("ab")

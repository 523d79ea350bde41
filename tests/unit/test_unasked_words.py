"""What an agent does when nobody asked."""

from sessions.events import BackgroundTasks, Compacted, Idle, TextFinal, ToolStart
from sessions.unasked_words import Unasked

RUNS = BackgroundTasks(count=1, names=("make",))
OVER = BackgroundTasks(count=0)
LS = ToolStart(id="1", name="Bash", title="ls")


def test_the_words_come_with_what_led_to_them() -> None:
    unasked = Unasked()
    for event in (RUNS, OVER, LS, Idle(), TextFinal(text="one"), TextFinal(text="two")):
        unasked.take(event)
    assert unasked.done() == ("one\n\ntwo", (RUNS, OVER, LS))
    assert unasked.done() == ("", (OVER,))


def test_what_ended_before_a_turn_of_ours_was_told_in_it() -> None:
    unasked = Unasked()
    for event in (RUNS, OVER, RUNS):
        unasked.take(event)
    unasked.asked()
    assert unasked.done() == ("", (RUNS,))


def test_a_loss_of_context_is_never_silent() -> None:
    unasked = Unasked()
    unasked.take(Compacted(before=9, after=1))
    text, events = unasked.done()
    assert text.startswith("My conversation had grown too long")
    assert events == (Compacted(before=9, after=1),)


def test_a_thousand_tools_are_not_all_kept() -> None:
    unasked = Unasked()
    for _ in range(1000):
        unasked.take(LS)
    assert len(unasked.done()[1]) == 200

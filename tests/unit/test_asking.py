"""Which asks of a turn are open, until when, and for how long the turn's own time stands still."""

from sessions.asking import Asking
from sessions.events import PermissionAsk, PlanAsk, Question, QuestionAsk
from sessions.turn import Limits

LIMITS = Limits(silence_s=1, turn_s=10, ask_s=5, question_s=100)
BASH = PermissionAsk(id="p", tool="Bash", title="ls")
WHICH = QuestionAsk(id="q", questions=(Question(text="Which?"),))
PLAN = PlanAsk(id="r", plan="x")


def asking() -> tuple[Asking, list[bool]]:
    told: list[bool] = []
    return Asking(LIMITS, lambda: told.append(True), lambda: told.append(False)), told


def test_it_is_told_when_people_are_waited_for_and_when_no_more() -> None:
    it, told = asking()
    it.open(BASH, 0)
    it.open(WHICH, 1)
    assert told == [True]
    assert it.close("p", 2)
    assert not it.close("p", 2)
    assert (told, it.is_open) == ([True], True)
    assert it.close("q", 3)
    assert (told, it.is_open) == ([True, False], False)


def test_a_question_and_a_plan_stay_open_longer_than_a_permission() -> None:
    it, _ = asking()
    for ask in (BASH, WHICH, PLAN):
        it.open(ask, 0)
    assert it.expired(4.9) == []
    assert it.expired(5) == [("p", 5)]
    assert it.expired(100) == [("p", 5), ("q", 100), ("r", 100)]


def test_what_questions_and_plans_wait_is_not_the_turns_time() -> None:
    it, _ = asking()
    it.open(BASH, 0)
    it.close("p", 3)
    assert (it.waited_s, it.is_patient) == (0, False)
    it.open(WHICH, 10)
    it.open(PLAN, 12)
    assert it.is_patient
    it.close("q", 15)
    assert it.is_patient
    it.close("r", 20)
    assert (it.waited_s, it.is_patient) == (10, False)

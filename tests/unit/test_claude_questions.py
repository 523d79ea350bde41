"""Claude's questions and plans as ours, whatever its JSON is like; answers as it reads them."""

import pytest

from sessions.agents.claude_questions import answered, ask_of
from sessions.ask_events import Option, PermissionAsk, PlanAsk, Question, QuestionAsk
from sessions.keys import TurnId
from sessions.permission_rules import fingerprint

TURN = TurnId(5)
WHICH = {
    "question": "Which?",
    "header": "DB",
    "multiSelect": True,
    "options": [{"label": "A", "description": "x"}],
}


def test_questions_are_read_with_their_options() -> None:
    assert ask_of("1", "AskUserQuestion", {"questions": [WHICH]}, TURN, "/w") == QuestionAsk(
        id="1",
        questions=(
            Question(text="Which?", header="DB", options=(Option(label="A", detail="x"),), is_multiple=True),
        ),
        turn=TURN,
    )


@pytest.mark.parametrize(
    "arguments",
    [{}, {"questions": 5}, {"questions": []}, {"questions": [5, {}, {"question": ""}, {"question": 5}]}],
)
def test_questions_without_a_question_are_none(arguments: dict[str, object]) -> None:
    assert ask_of("1", "AskUserQuestion", arguments, TURN, "/w") is None


def test_odd_options_are_read_as_far_as_they_go() -> None:
    odd = {"question": "Which?", "options": [5, {"label": 5}, {"label": "A"}], "multiSelect": "yes"}
    ask = ask_of("1", "AskUserQuestion", {"questions": [odd]}, TURN, "/w")
    assert isinstance(ask, QuestionAsk)
    assert [option.label for option in ask.questions[0].options] == ["", "", "A"]
    assert not ask.questions[0].is_multiple


def test_answers_are_told_by_their_question() -> None:
    arguments = {"questions": [WHICH, {"question": ""}, {"question": "Why?"}], "more": 1}
    assert answered(arguments, ["A", "because"]) == {
        **arguments,
        "answers": {"Which?": "A", "Why?": "because"},
    }


def test_a_plan_and_a_permission_have_a_fingerprint() -> None:
    plan = ask_of("1", "ExitPlanMode", {"plan": "x"}, TURN, "/w")
    assert plan == PlanAsk(
        id="1", plan="x", fingerprint=fingerprint("ExitPlanMode", {"plan": "x"}), turn=TURN
    )
    ask = ask_of("1", "Bash", {"command": "make -j"}, TURN, "/w")
    assert isinstance(ask, PermissionAsk)
    assert (ask.rule, ask.title) == ("Bash(make -j)", "make -j")
    assert ask.fingerprint == fingerprint("Bash", {"command": "make -j"})

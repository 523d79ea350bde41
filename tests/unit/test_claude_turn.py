"""One turn of several prompts: when it is over, and how."""

from uuid import UUID

from sessions.agents.base import TurnInput
from sessions.agents.claude_turn import OpenTurn
from sessions.events import TurnDone, Usage
from sessions.keys import TurnId

FIRST, SECOND, THIRD = (TurnInput(turn=TurnId(1), uuid=UUID(int=n), text="said") for n in (1, 2, 3))
OVERLOADED = TurnDone(status="failed", agent_session_id="s", text="It is overloaded.", problem="overloaded")
STOPPED = TurnDone(status="stopped", agent_session_id="s")


def ok(text: str, **usage: float) -> TurnDone:
    return TurnDone(status="ok", agent_session_id="s", text=text, usage=Usage(**usage))  # type: ignore[arg-type]


def named(*prompts: TurnInput) -> list[str]:
    return [str(prompt.uuid) for prompt in prompts]


def opened(*further: TurnInput) -> OpenTurn:
    turn = OpenTurn(FIRST)
    for prompt in further:
        turn.steer(prompt)
    return turn


def test_a_turn_of_one_prompt_ends_with_its_result() -> None:
    assert opened().close(ok("a"), named(FIRST)) == ok("a")


def test_one_result_may_answer_all_prompts() -> None:
    assert opened(SECOND).close(ok("a"), named(FIRST, SECOND)) == ok("a")


def test_a_turn_ends_when_its_last_prompt_is_answered_with_the_texts_in_order() -> None:
    turn = opened(SECOND, THIRD)
    assert turn.close(ok("a"), named(FIRST)) is None
    assert turn.is_named_in(named(THIRD))
    assert not turn.is_named_in(named(FIRST))
    whole = turn.close(ok("b"), named(SECOND, THIRD))
    assert whole is not None
    assert whole.text == "a\n\nb"


def test_figures_add_up_but_for_what_is_a_running_total() -> None:
    turn = opened(SECOND)
    turn.close(ok("a", input_tokens=1, output_tokens=2, context_tokens=10, cost_usd=0.1), named(FIRST))
    whole = turn.close(
        ok("b", input_tokens=3, output_tokens=4, context_tokens=20, cost_usd=0.3), named(SECOND)
    )
    assert whole is not None
    assert whole.usage == Usage(input_tokens=4, output_tokens=6, context_tokens=20, cost_usd=0.3)


def test_the_first_part_that_is_not_well_decides() -> None:
    turn = opened(SECOND)
    turn.close(OVERLOADED, named(FIRST))
    whole = turn.close(ok("b"), named(SECOND))
    assert whole is not None
    assert (whole.status, whole.problem, whole.text) == ("failed", "overloaded", "It is overloaded.")
    turn = opened(SECOND)
    turn.close(ok("a"), named(FIRST))
    assert turn.close(STOPPED, named(SECOND)) == STOPPED


def test_a_result_that_names_nothing_is_for_the_first_prompt_and_then_for_all() -> None:
    turn = opened(SECOND, THIRD)
    assert turn.close(STOPPED, None) is None
    assert turn.is_named_in(named(SECOND))
    assert turn.close(STOPPED, None) == STOPPED


def test_a_prompt_that_could_not_be_handed_over_is_not_waited_for() -> None:
    turn = opened(SECOND)
    assert turn.knows(SECOND)
    turn.unsteer(SECOND)
    assert not turn.knows(SECOND)
    assert turn.close(ok("a"), named(FIRST)) == ok("a")


def test_what_names_prompts_may_be_anything() -> None:
    assert not opened().is_named_in(None)
    assert not opened().is_named_in([None, 1, {"a": "b"}])

"""How the end of a turn is recorded."""

import pytest

from sessions.errors import AgentError, AgentGone, AuthError
from sessions.events import Usage
from sessions.records import Used
from sessions.results import broken, decision, failure, result_of
from sessions.settings import OnInterrupt, RoomPolicy
from sessions.store.values import Piece, TurnState
from sessions.turn import LiveNote, Outcome
from tests.unit.test_prompts import turn


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("ok", TurnState.DONE),
        ("failed", TurnState.FAILED),
        ("stopped", TurnState.CANCELLED),
        ("interrupted", TurnState.INTERRUPTED),
    ],
)
def test_each_end_has_its_state(status: str, state: TurnState) -> None:
    outcome = Outcome(status=status, text="text")  # pyright: ignore[reportArgumentType]
    assert result_of(turn(), outcome, ()).state is state


def test_the_session_learns_what_the_agent_reported() -> None:
    usage = Usage(cost_usd=0.5, context_tokens=10, context_window=100)
    outcome = Outcome(status="ok", text="hi", usage=usage, agent_session_id="s2")
    result = result_of(turn(), outcome, [Piece(channel_id="1", body="hi")])
    assert result.change == Used(agent_session_id="s2", cost_usd=0.5, context_tokens=10, context_window=100)
    assert result.summary == "hi"


def test_an_agent_that_reported_nothing_changes_no_session() -> None:
    assert result_of(turn(), Outcome(status="failed", text="No."), ()).change is None


@pytest.mark.parametrize(
    ("error", "problem"), [(AuthError(), "login"), (AgentGone(), "gone"), (AgentError("No."), "other")]
)
def test_an_agents_error_is_shown_and_its_process_not_used_again(error: AgentError, problem: str) -> None:
    outcome = failure(error)
    assert (outcome.status, outcome.problem, outcome.spent) == ("failed", problem, True)
    assert outcome.text == str(error)


def test_a_bug_is_said_with_its_reference_and_replies_to_the_message() -> None:
    result = broken(turn(), "abc123", None)
    assert result.state is TurnState.FAILED
    assert "abc123" in result.pieces[0].body


def test_the_live_message_of_a_broken_turn_is_removed() -> None:
    said, gone = broken(turn(), "abc123", LiveNote(nonce="n", message_id="77")).pieces
    assert (said.action, gone.action, gone.target_id, gone.target_nonce) == ("send", "delete", "77", "n")


@pytest.mark.parametrize(
    ("policy", "attempt", "made"),
    [("ask", 1, ""), ("resume", 1, "continue"), ("fail", 2, "drop"), ("resume", 3, ""), ("fail", 3, "")],
)
def test_a_room_decides_about_an_interruption_but_not_for_ever(
    policy: OnInterrupt, attempt: int, made: str
) -> None:
    assert decision(RoomPolicy(on_interrupt=policy), attempt) == made

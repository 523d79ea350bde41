"""How the end of a turn is recorded."""

from typing import Any

import pytest

from sessions.errors import AgentError, AgentGone, AuthError
from sessions.events import Compacted, Usage
from sessions.records import Used
from sessions.results import broken, decision, failure, result_of, shortened, turn_cost_usd
from sessions.room_settings import RoomSettings
from sessions.settings import OnInterrupt
from sessions.store.values import Piece, TurnState
from sessions.turn import LiveNote, Outcome
from tests.support.store_values import record
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
    assert decision(RoomSettings(on_interrupt=policy), attempt) == made


@pytest.mark.parametrize(
    ("before", "total", "cost"),
    [
        ({"turn_count": 2, "cost_usd": 0.5}, 0.75, 0.25),
        ({}, 0.25, 0.25),
        ({"turn_count": 2, "cost_usd": 0.5}, 0.1, 0.1),
        ({"turn_count": 2, "cost_usd": 0.5}, None, None),
        ({"origin_key": "foreign"}, 9.0, None),
        ({"origin_key": "foreign", "turn_count": 1, "cost_usd": 9.0}, 9.5, 0.5),
        ({"origin_key": "foreign", "generation": 1}, 0.5, 0.5),
    ],
)
def test_a_turn_costs_what_the_total_grew_by(
    before: dict[str, Any], total: float | None, cost: float | None
) -> None:
    assert turn_cost_usd(record(**before), Usage(cost_usd=total)) == cost


def test_what_did_not_compact_is_no_success_and_says_why() -> None:
    done = shortened(Outcome(status="ok", compacted=Compacted(before=5000, after=20)))
    assert (done.status, done.text[:44]) == ("ok", "Compacted (5,000 tokens before, 20 now): fro")
    assert shortened(Outcome(status="ok", compacted=Compacted())).text.startswith("Compacted: from here")
    refused = shortened(Outcome(status="ok", text="Error during\ncompaction"))
    assert refused.status == "failed"
    assert refused.text.endswith("The agent says: Error during compaction")
    assert "not enough here yet" in shortened(Outcome(status="ok")).text
    stopped = Outcome(status="stopped")
    assert shortened(stopped) is stopped

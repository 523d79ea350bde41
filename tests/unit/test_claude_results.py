"""Why a turn failed, named by the fields of its result; recorded results are in test_claude_events."""

import pytest
from claude_agent_sdk import ResultMessage

from sessions.agents.claude_results import turn_done
from sessions.events import Problem, TurnDone
from sessions.keys import TurnId


def result(**changed: object) -> ResultMessage:
    message = ResultMessage(
        subtype="success", duration_ms=1, duration_api_ms=1, is_error=True, num_turns=1, session_id="s"
    )
    for name, value in changed.items():
        setattr(message, name, value)
    return message


def done(message: ResultMessage, *blocks: str, error: str | None = None) -> TurnDone:
    return turn_done(message, turn=TurnId(1), blocks=blocks, error=error, context_tokens=7)


@pytest.mark.parametrize(
    ("message", "error", "problem"),
    [
        (result(api_error_status=401), "authentication_failed", "login"),
        (result(api_error_status=None, result="Not logged in"), "authentication_failed", "login"),
        (result(api_error_status=429), "rate_limit", "rate_limit"),
        (result(api_error_status=None), "rate_limit", "rate_limit"),
        (result(api_error_status=529), "server_error", "overloaded"),
        (result(api_error_status=500), "server_error", "api"),
        (result(terminal_reason="api_error"), "unknown", "api"),
        (result(subtype="error_max_turns", errors=["Reached 3 turns"]), None, "limit"),
        (result(subtype="error_max_budget_usd"), None, "limit"),
        (result(terminal_reason="blocking_limit", result="Prompt is too long"), "invalid_request", "limit"),
        (result(subtype="error_during_execution", errors=["boom"]), None, "other"),
    ],
)
def test_a_failure_is_named_by_its_fields(
    message: ResultMessage, error: str | None, problem: Problem
) -> None:
    failed = done(message, "half an answer", error=error)
    assert (failed.status, failed.problem) == ("failed", problem)
    assert failed.text.endswith((")", "."))
    assert "half an answer" not in failed.text


def test_a_failure_says_what_the_vendor_said() -> None:
    assert "Reached 3 turns" in done(result(subtype="error_max_turns", errors=["Reached 3 turns"])).text
    assert "boom" in done(result(result="API Error: boom")).text


@pytest.mark.parametrize("reason", ["aborted_streaming", "aborted_tools"])
def test_an_aborted_turn_is_stopped_and_shows_no_diagnostics(reason: str) -> None:
    stopped = done(result(terminal_reason=reason, errors=["[ede_diagnostic] x"]))
    assert (stopped.status, stopped.text, stopped.problem) == ("stopped", "", None)


def test_text_before_a_tool_counts_although_the_result_holds_the_last_block_alone() -> None:
    assert done(result(is_error=False, result="b"), "a", "b").text == "a\n\nb"


def test_a_result_without_blocks_speaks_for_itself() -> None:
    assert done(result(is_error=False, result="## Context")).text == "## Context"
    assert done(result(is_error=False, result=None)).text == ""


def test_cached_input_counts_as_input() -> None:
    usage = {"input_tokens": 1, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 300}
    models = {"a": {"contextWindow": 200_000}, "b": {"contextWindow": 1_000_000}}
    found = done(result(is_error=False, usage=usage, model_usage=models, total_cost_usd=0.5)).usage
    assert (found.input_tokens, found.context_tokens, found.context_window) == (321, 7, 1_000_000)
    assert found.cost_usd == 0.5

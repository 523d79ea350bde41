"""Why a turn failed, named by the fields of its result; recorded results are in test_claude_events."""

from datetime import UTC, datetime
from json import JSONDecodeError

import pytest
from claude_agent_sdk import CLIJSONDecodeError, ResultMessage

from sessions.agents.claude_results import turn_done, unreadable
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


OVER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "error", "problem", "words"),
    [
        (result(api_error_status=401), "authentication_failed", "login", "ANTHROPIC_API_KEY"),
        (result(result="Not logged in"), "authentication_failed", "login", "Not logged in"),
        (
            result(api_error_status=403),
            "authentication_failed",
            "login",
            "whatever waits here runs by itself",
        ),
        (result(api_error_status=429), "rate_limit", "rate_limit", "in a minute"),
        (result(api_error_status=None), "rate_limit", "rate_limit", "in a minute"),
        (result(api_error_status=529), "server_error", "overloaded", "overloaded"),
        (result(api_error_status=500), "server_error", "api", "out of order (status 500)"),
        (result(api_error_status=400), "unknown", "api", "refused this request (status 400)"),
        (result(terminal_reason="api_error"), "unknown", "api", "could not be reached"),
        (result(api_error_status=400), "billing_error", "api", "no credit"),
        (result(api_error_status=402), "unknown", "api", "no credit"),
        (result(api_error_status=404), "model_not_found", "api", "`/model`"),
        (
            result(terminal_reason="api_error", stop_reason="refusal"),
            "invalid_request",
            "refusal",
            "safeguards",
        ),
        (result(subtype="error_max_turns", errors=["Reached 3 turns"]), None, "limit", "continue"),
        (result(subtype="error_max_budget_usd"), None, "limit", "continue"),
        (result(terminal_reason="blocking_limit"), "invalid_request", "context", "/reset"),
        (
            result(terminal_reason="prompt_too_long", api_error_status=400),
            "invalid_request",
            "context",
            "longer than Claude can take",
        ),
        (
            result(terminal_reason="image_error", api_error_status=413),
            "invalid_request",
            "context",
            "pictures",
        ),
        (result(subtype="error_during_execution", errors=["boom"]), None, "other", "could not finish"),
    ],
)
def test_a_failure_is_named_by_its_fields(
    message: ResultMessage, error: str | None, problem: Problem, words: str
) -> None:
    failed = done(message, "half an answer", error=error)
    assert (failed.status, failed.problem) == ("failed", problem)
    assert words in failed.text
    assert failed.text.endswith((")", "."))
    assert "half an answer" not in failed.text


def test_a_limit_that_has_an_end_is_told_with_it_and_not_in_the_vendor_s_words() -> None:
    """Those name a time without a date, in a time zone that is not the reader's."""
    message = result(api_error_status=429, result="You've hit your limit · resets 3am (Asia/Tokyo)")
    failed = turn_done(message, turn=None, blocks=(), error="rate_limit", context_tokens=None, resets_at=OVER)
    assert failed.resets_at == OVER
    assert "3am" not in failed.text


def test_only_a_limit_has_an_end() -> None:
    message = result(api_error_status=500)
    failed = turn_done(message, turn=None, blocks=(), error=None, context_tokens=None, resets_at=OVER)
    assert failed.resets_at is None


def test_a_broken_stream_is_told_apart_from_a_message_without_end() -> None:
    broken = CLIJSONDecodeError("{", JSONDecodeError("bad", "{", 0))
    endless = CLIJSONDecodeError("JSON message exceeded", ValueError("Buffer size 1 exceeds limit 0"))
    assert "could not read" in unreadable(broken)
    assert "could not read" in unreadable(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"))
    assert "more than 32 MiB" in unreadable(endless)


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

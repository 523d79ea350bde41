"""How a turn of Claude Code ended: its result as one TurnDone, with a sentence about a failure. Pure."""

from collections.abc import Sequence
from typing import Final

from claude_agent_sdk import ResultMessage

from sessions.agents.claude_fields import as_int, as_map, input_tokens
from sessions.events import Problem, TurnDone, Usage
from sessions.keys import TurnId

_ABORTED: Final = frozenset({"aborted_streaming", "aborted_tools"})
_TOO_LONG: Final = frozenset({"blocking_limit", "prompt_too_long"})
_SAID_CHARS: Final = 500
_TURN_LIMITS: Final = frozenset({"error_max_turns", "error_max_budget_usd"})


def turn_done(
    result: ResultMessage,
    *,
    turn: TurnId | None,
    blocks: Sequence[str],
    error: str | None,
    context_tokens: int | None,
) -> TurnDone:
    """Return how a turn ended.

    `blocks` is its text so far, `error` the kind in the CLI's own message about a failed request,
    `context_tokens` the size of its last request and answer.
    """
    usage = _usage(result, context_tokens)
    session_id = result.session_id
    if result.terminal_reason in _ABORTED:
        return TurnDone(status="stopped", agent_session_id=session_id, usage=usage, turn=turn)
    if not result.is_error:
        text = paragraphs(blocks) or result.result or ""
        return TurnDone(status="ok", agent_session_id=session_id, text=text, usage=usage, turn=turn)
    # Never by the subtype alone: an API failure comes as "success".
    problem = _problem(result, error)
    return TurnDone(
        status="failed",
        agent_session_id=session_id,
        text=_failure_text(problem, result),
        problem=problem,
        usage=usage,
        turn=turn,
    )


def paragraphs(blocks: Sequence[str]) -> str:
    """Return the text blocks of one turn as one text."""
    return "\n\n".join(blocks)


def _problem(result: ResultMessage, error: str | None) -> Problem:
    """Name why a turn failed; never from the text, which changes with every version."""
    status = result.api_error_status
    if status in {401, 403} or error == "authentication_failed":
        return "login"
    if status == 429 or error == "rate_limit":
        return "rate_limit"
    if status == 529:
        return "overloaded"
    if result.subtype in _TURN_LIMITS or result.terminal_reason in _TOO_LONG:
        return "limit"
    if result.terminal_reason == "api_error" or status is not None:
        return "api"
    return "other"


def _failure_text(problem: Problem, result: ResultMessage) -> str:
    words = result.result or "; ".join(result.errors or ()) or result.subtype
    said = " ".join(words.split()).removeprefix("API Error: ")[:_SAID_CHARS]
    match problem:
        case "login":
            return (
                "Claude is not logged in. The owner of this bot must set ANTHROPIC_API_KEY or"
                f" CLAUDE_CODE_OAUTH_TOKEN and restart it. ({said})"
            )
        case "rate_limit":
            return f"Claude's usage limit is reached. Try again later. ({said})"
        case "overloaded":
            return "Claude is overloaded at the moment. Try again in a minute."
        case "limit" if result.terminal_reason in _TOO_LONG:
            return f"That is more than fits into Claude's context. Shorten it, or start fresh. ({said})"
        case "limit":
            return f"This turn reached a limit that is set for it. Say “continue” to go on. ({said})"
        case "api":
            return f"Claude's API could not answer. Try again in a moment. ({said})"
        case _:
            return f"Claude could not finish this. Try again. ({said})"


def _usage(result: ResultMessage, context_tokens: int | None) -> Usage:
    usage = result.usage or {}
    windows = [as_int(as_map(model).get("contextWindow")) for model in (result.model_usage or {}).values()]
    return Usage(
        input_tokens=input_tokens(usage),
        output_tokens=as_int(usage.get("output_tokens")) or 0,
        context_tokens=context_tokens,
        context_window=max((window for window in windows if window), default=None),
        cost_usd=result.total_cost_usd,
    )

"""How a turn of Claude Code ended: its result as one TurnDone, with a sentence about a failure. Pure."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from json import JSONDecodeError
from typing import Final

from claude_agent_sdk import CLIJSONDecodeError, ResultMessage

from sessions.agents.claude_fields import as_int, as_map, input_tokens
from sessions.agents.claude_start import LINE_LIMIT_BYTES
from sessions.events import Problem, TurnDone, Usage
from sessions.keys import TurnId

_ABORTED: Final = frozenset({"aborted_streaming", "aborted_tools"})
_TOO_LONG: Final = frozenset({"blocking_limit", "prompt_too_long"})
_TOO_BIG: Final = "image_error"
_SAID_CHARS: Final = 500
_TURN_LIMITS: Final = frozenset({"error_max_turns", "error_max_budget_usd"})


def turn_done(
    result: ResultMessage,
    *,
    turn: TurnId | None,
    blocks: Sequence[str],
    error: str | None,
    context_tokens: int | None,
    resets_at: datetime | None = None,
) -> TurnDone:
    """Return how a turn ended.

    `blocks` is its text so far, `error` the kind in the CLI's own message about a failed request,
    `context_tokens` the size of its last request and answer, `resets_at` when the login's limit is
    over, if it was reached in this turn.
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
    resets_at = resets_at if problem == "rate_limit" else None
    return TurnDone(
        status="failed",
        agent_session_id=session_id,
        text=_failure_text(problem, result, error, resets_at),
        problem=problem,
        resets_at=resets_at,
        usage=usage,
        turn=turn,
    )


def paragraphs(blocks: Sequence[str]) -> str:
    """Return the text blocks of one turn as one text."""
    return "\n\n".join(blocks)


def unreadable(error: Exception) -> str:
    """Return why a process had to be ended whose output broke the stream of messages."""
    # The SDK says both with one error; only broken JSON comes with the parser's own.
    if isinstance(error, CLIJSONDecodeError) and not isinstance(error.original_error, JSONDecodeError):
        size = f"{LINE_LIMIT_BYTES // 1024 // 1024} MiB"
        return f"Claude's program sent more than {size} in one message, so I ended it."
    return "Claude's program sent something that I could not read, so I ended it."


def _problem(result: ResultMessage, error: str | None) -> Problem:
    """Name why a turn failed; never from the text, which changes with every version."""
    status = result.api_error_status
    if status in {401, 403} or error == "authentication_failed":
        return "login"
    if status == 429 or error == "rate_limit":
        return "rate_limit"
    if status == 529:
        return "overloaded"
    if result.stop_reason == "refusal":
        return "refusal"
    if result.terminal_reason in _TOO_LONG or result.terminal_reason == _TOO_BIG:
        return "context"
    if result.subtype in _TURN_LIMITS:
        return "limit"
    if result.terminal_reason == "api_error" or status is not None:
        return "api"
    return "other"


def _failure_text(
    problem: Problem, result: ResultMessage, error: str | None, resets_at: datetime | None
) -> str:
    """Return what happened and what to do next; the vendor's own words come last, in brackets."""
    words = result.result or "; ".join(result.errors or ()) or result.subtype
    said = " ".join(words.split()).removeprefix("API Error: ")[:_SAID_CHARS]
    match problem:
        case "login":
            return (
                "Claude is not logged in, so it could not answer. The owner of this bot must set"
                " ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN and restart it. Send this again then;"
                f" whatever waits here runs by itself. ({said})"
            )
        case "rate_limit" if resets_at is not None:
            return "The usage limit of Claude's login is reached. Send this again when it is over."
        case "rate_limit":
            return f"Claude takes no more requests from this login just now. Try again in a minute. ({said})"
        case "overloaded":
            return "Claude is overloaded at the moment. Try again in a minute."
        case "refusal":
            return (
                "Claude will not answer this: its safeguards stopped it. Put it in other words;"
                " if it still refuses, start fresh with /reset."
            )
        case "context" if result.terminal_reason == _TOO_BIG:
            return (
                "The pictures and files of this conversation are more than Claude takes at once."
                f" Start fresh with /reset, and send fewer. ({said})"
            )
        case "context":
            return (
                "This conversation is longer than Claude can take, and could not be shortened enough."
                f" Send less at once, or start fresh with /reset. ({said})"
            )
        case "limit":
            return f"This turn reached a limit that is set for it. Say “continue” to go on. ({said})"
        case "api":
            return _api_failure_text(result.api_error_status, error, said)
        case _:
            return f"Claude could not finish this. Try again. ({said})"


def _api_failure_text(status: int | None, error: str | None, said: str) -> str:
    if error == "billing_error" or status == HTTPStatus.PAYMENT_REQUIRED:
        return f"Claude's account has no credit left. The owner of this bot must add some. ({said})"
    if error == "model_not_found":
        return f"Claude has no such model for this login. An operator can choose another: `/model`. ({said})"
    if status is None:
        return f"Claude's API could not be reached. Try again in a minute. ({said})"
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"Claude's API refused this request (status {status}). Change it and try again. ({said})"
    return f"Claude's API is out of order (status {status}). Try again in a minute. ({said})"


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

"""Messages to and from Claude Code that mean the same whatever came before them. Pure."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final, Literal

from claude_agent_sdk import RateLimitEvent

from sessions.agents.base import TurnInput
from sessions.agents.claude_fields import Json, as_int, as_time
from sessions.events import RateLimit, Retry, TextDelta, Thinking
from sessions.keys import TurnId

_LIMIT_STATES: Final[Mapping[str, Literal["warning", "rejected"]]] = {
    "allowed_warning": "warning",
    "rejected": "rejected",
}


async def prompt_frames(turn: TurnInput) -> AsyncIterator[dict[str, object]]:
    """Yield a prompt as the SDK wants it: its uuid is ours, its text is only text."""
    yield {
        "type": "user",
        "message": {"role": "user", "content": turn.text},
        "parent_tool_use_id": None,
        "uuid": str(turn.uuid),
        # As written: no `@path` is read in, no leading `/` is a command.
        "client_composed": True,
    }


def delta(part: Json, turn: TurnId | None) -> Iterator[TextDelta | Thinking]:
    """Translate the delta of a content block; only text and thoughts give an event."""
    match part.get("type"):
        case "text_delta":
            yield TextDelta(text=str(part.get("text", "")), turn=turn)
        case "thinking_delta":
            yield Thinking(text=str(part.get("thinking", "")), turn=turn)
        case _:
            pass


def retry(data: Json, turn: TurnId | None) -> Retry:
    """Translate the news that the CLI tries its API again."""
    return Retry(
        attempt=as_int(data.get("attempt")) or 0,
        limit=as_int(data.get("max_retries")) or 0,
        wait_s=(as_int(data.get("retry_delay_ms")) or 0) / 1000,
        status=as_int(data.get("error_status")),
        error=str(data.get("error") or ""),
        turn=turn,
    )


def rate_limit(message: RateLimitEvent, turn: TurnId | None) -> RateLimit:
    """Translate the state of the login's limits; a new word for it counts as allowed."""
    limits = message.rate_limit_info
    return RateLimit(
        status=_LIMIT_STATES.get(limits.status, "allowed"),
        resets_at=as_time(limits.resets_at),
        kind=limits.rate_limit_type or "",
        turn=turn,
    )

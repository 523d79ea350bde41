"""Messages to and from Claude Code that mean the same whatever came before them. Pure."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Final, Literal

from claude_agent_sdk import RateLimitEvent

from sessions.agents.base import TurnInput
from sessions.agents.claude_fields import Json, as_int, as_list, as_map, as_text, as_time
from sessions.events import BackgroundTasks, Compacted, RateLimit, Retry, TextDelta, Thinking
from sessions.keys import TurnId

_LIMIT_STATES: Final[Mapping[str, Literal["warning", "rejected"]]] = {
    "allowed_warning": "warning",
    "rejected": "rejected",
}

_NAMES: Final = 10
_NAME_CHARS: Final = 120


async def prompt_frames(turn: TurnInput) -> AsyncIterator[dict[str, object]]:
    """Yield a prompt as the SDK wants it: its uuid is ours, its text is only text."""
    frame: dict[str, object] = {
        "type": "user",
        "message": {"role": "user", "content": _content(turn)},
        "parent_tool_use_id": None,
        "uuid": str(turn.uuid),
        # As written: no `@path` is read in, no leading `/` is a command.
        "client_composed": True,
    }
    if turn.compact:  # the one command that is ours; an `@path` in somebody's words must stay words
        hint = " ".join(turn.text.replace("@", "(at) ").split())
        frame |= {"message": {"role": "user", "content": f"/compact {hint}".strip()}}
        del frame["client_composed"]
    yield frame


def _content(turn: TurnInput) -> object:
    if not turn.images:
        return turn.text
    images = [
        {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": image.media_type,
                "data": base64.b64encode(image.content).decode(),
            },
        }
        for image in turn.images
    ]
    # The text first: Claude Code 2.1.327 puts its own note about a picture before what stands behind it.
    return [{"type": "text", "text": turn.text}, *images]


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


def background_tasks(data: Json) -> BackgroundTasks:
    """Translate what Claude keeps running beside its turns."""
    tasks = as_list(data.get("tasks"))
    names = (as_text(as_map(task).get("description"))[:_NAME_CHARS] for task in tasks[:_NAMES])
    return BackgroundTasks(count=len(tasks), names=tuple(" ".join(name.split()) for name in names if name))


def compacted(data: Json, turn: TurnId | None) -> Compacted:
    """Translate the news that the conversation was replaced by a summary of it."""
    sizes = as_map(data.get("compact_metadata"))
    return Compacted(
        before=as_int(sizes.get("pre_tokens")),
        after=as_int(sizes.get("post_tokens")),
        asked=sizes.get("trigger") == "manual",
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

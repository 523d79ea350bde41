"""The SDK's messages with every field of the type that it claims: it checks none of what it reads. Pure."""

from dataclasses import replace

from claude_agent_sdk import (
    AssistantMessage,
    ContentBlock,
    ConversationResetMessage,
    Message,
    RateLimitEvent,
    ResultMessage,
    StreamEvent,
    SystemMessage,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
    UserMessage,
)

from sessions.agents.claude_fields import as_int, as_list, as_map, as_number, as_text


def checked(message: Message) -> Message:
    """Return a message in which an odd field is empty; the very same if there is none to look at."""
    match message:
        case StreamEvent():
            event = as_map(message.event)
            return message if event is message.event else replace(message, event=dict(event))
        case AssistantMessage() | UserMessage(content=list()):
            blocks = [_block(block) for block in as_list(message.content)]
            return replace(message, content=blocks)
        case ResultMessage():
            return _result(message)
        case RateLimitEvent(rate_limit_info=limits):
            kind, resets_at = as_text(limits.rate_limit_type) or None, as_int(limits.resets_at)
            sound = replace(limits, status=as_text(limits.status), resets_at=resets_at, rate_limit_type=kind)
            return replace(message, rate_limit_info=sound)
        case ConversationResetMessage():
            return replace(message, new_conversation_id=as_text(message.new_conversation_id))
        case SystemMessage():
            subtype, data = as_text(message.subtype), as_map(message.data)
            is_sound = subtype is message.subtype and data is message.data
            return message if is_sound else SystemMessage(subtype=subtype, data=dict(data))
        case _:
            return message


def _block(block: object) -> ContentBlock:
    match block:
        case TextBlock():
            return TextBlock(text=as_text(block.text))
        case ToolUseBlock():
            name = as_text(block.name)
            return ToolUseBlock(id=as_text(block.id), name=name, input=dict(as_map(block.input)))
        case ToolResultBlock():
            return replace(block, tool_use_id=as_text(block.tool_use_id))
        case _:
            return block  # pyright: ignore[reportReturnType] -- nothing of ours looks into it


def _result(result: ResultMessage) -> ResultMessage:
    origin = as_map(result.origin)
    return replace(
        result,
        subtype=as_text(result.subtype),
        session_id=as_text(result.session_id),
        result=as_text(result.result),
        errors=[as_text(error) for error in as_list(result.errors)],
        terminal_reason=as_text(result.terminal_reason) or None,
        stop_reason=as_text(result.stop_reason) or None,
        api_error_status=as_int(result.api_error_status),
        total_cost_usd=as_number(result.total_cost_usd),
        usage=dict(as_map(result.usage)),
        model_usage=dict(as_map(result.model_usage)),
        origin={"kind": as_text(origin.get("kind")) or "human"} if origin else None,
    )

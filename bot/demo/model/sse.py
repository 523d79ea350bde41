"""One response as the Messages API sends it: the stream's events, or the whole message. Pure."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.demo.model.directives import Call, Pause, Say, Step, Think

_PIECE_CHARS: Final = 8
"""Small enough that streaming is visible."""

_PIECES: Final = 1000
"""At most so many deltas in a block; the pieces of a longer text are longer."""

_WORD: Final = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Timed:
    """One event of the stream, to be sent after a pause."""

    data: Mapping[str, object]
    after_s: float = 0.0


def encode(data: Mapping[str, object]) -> bytes:
    """Return an event as the bytes of a server-sent event."""
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


def ping() -> Mapping[str, object]:
    """Return the event that only keeps a stream open."""
    return {"type": "ping"}


def start(message_id: str, model: str, input_tokens: int) -> Mapping[str, object]:
    """Return the first event of a stream."""
    usage = _usage(input_tokens, 1)
    return {"type": "message_start", "message": _message(message_id, model, [], None, usage)}


def stream(steps: Sequence[Step], call_id: str) -> Iterator[Timed]:
    """Return what follows `start`, up to the last event of the stream."""
    index, wait_s = -1, 0.0
    for step in steps:
        if isinstance(step, Pause):
            wait_s += step.seconds
        if not isinstance(step, Say | Think | Call):
            continue
        index += 1
        block = _block(step, call_id, full=False)
        yield Timed({"type": "content_block_start", "index": index, "content_block": block}, wait_s)
        wait_s = 0.0
        pieces = _pieces(step)
        pause_s = step.over_s / len(pieces) if isinstance(step, Say) and pieces else 0.0
        for piece in pieces:
            yield Timed({"type": "content_block_delta", "index": index, "delta": piece}, pause_s)
        yield Timed({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": _stop_reason(steps), "stop_sequence": None}
    usage = {"output_tokens": _output_tokens(steps)}
    yield Timed({"type": "message_delta", "delta": delta, "usage": usage}, wait_s)
    yield Timed({"type": "message_stop"})


def whole(
    steps: Sequence[Step], *, message_id: str, call_id: str, model: str, input_tokens: int
) -> Mapping[str, object]:
    """Return the response for a client that does not stream."""
    content = [_block(step, call_id, full=True) for step in steps if isinstance(step, Say | Think | Call)]
    usage = _usage(input_tokens, _output_tokens(steps))
    return _message(message_id, model, content, _stop_reason(steps), usage)


def _message(
    message_id: str,
    model: str,
    content: Sequence[object],
    stop_reason: str | None,
    usage: Mapping[str, int],
) -> dict[str, object]:
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage,
    }


def _usage(input_tokens: int, output_tokens: int) -> Mapping[str, int]:
    return {
        "input_tokens": input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output_tokens,
    }


def _block(step: Say | Think | Call, call_id: str, *, full: bool) -> Mapping[str, object]:
    match step:
        case Say(text=text):
            return {"type": "text", "text": text if full else ""}
        case Think(text=text):
            return {
                "type": "thinking",
                "thinking": text if full else "",
                "signature": "offline" if full else "",
            }
        case Call(name=name, arguments=arguments):
            return {"type": "tool_use", "id": call_id, "name": name, "input": arguments if full else {}}


def _pieces(step: Say | Think | Call) -> list[Mapping[str, str]]:
    match step:
        case Say(text=text, over_s=over_s):
            parts = _WORD.findall(text) if over_s else _cut(text)
            return [{"type": "text_delta", "text": part} for part in parts]
        case Think(text=text):
            thoughts = [{"type": "thinking_delta", "thinking": part} for part in _cut(text)]
            return [*thoughts, {"type": "signature_delta", "signature": "offline"}]
        case Call(arguments=arguments):
            parts = _cut(json.dumps(arguments))
            return [{"type": "input_json_delta", "partial_json": part} for part in parts]


def _cut(text: str) -> list[str]:
    size = max(_PIECE_CHARS, math.ceil(len(text) / _PIECES))
    return [text[place : place + size] for place in range(0, len(text), size)]


def _stop_reason(steps: Sequence[Step]) -> str:
    if "refuse" in steps:
        return "refusal"
    return "tool_use" if isinstance(steps[-1], Call) else "end_turn"


def _output_tokens(steps: Sequence[Step]) -> int:
    texts = [step.text for step in steps if isinstance(step, Say | Think)]
    return 1 + sum(map(len, texts)) // 4

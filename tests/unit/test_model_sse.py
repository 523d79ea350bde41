"""A response as the Messages API sends it."""

from bot.demo.model import sse
from bot.demo.model.directives import Call, Say, Think


def deltas(events: list[sse.Timed]) -> list[object]:
    return [event.data["delta"] for event in events if event.data["type"] == "content_block_delta"]


def test_text_comes_in_pieces_of_eight() -> None:
    found = deltas(list(sse.stream((Say("0123456789"),), "call")))
    assert found == [{"type": "text_delta", "text": "01234567"}, {"type": "text_delta", "text": "89"}]


def test_a_very_long_text_comes_in_longer_pieces() -> None:
    assert len(deltas(list(sse.stream((Say("x" * 1_000_000),), "call")))) == 1000


def test_a_slow_text_comes_word_by_word_over_its_time() -> None:
    events = list(sse.stream((Say("a b c d", over_s=2.0),), "call"))
    assert [event.after_s for event in events if event.data["type"] == "content_block_delta"] == [0.5] * 4


def test_blocks_are_numbered() -> None:
    events = list(sse.stream((Think("hm"), Say("a"), Call("X", {})), "call"))
    starts = [event.data["index"] for event in events if event.data["type"] == "content_block_start"]
    assert starts == [0, 1, 2]


def test_an_empty_text_is_a_block_without_deltas() -> None:
    assert deltas(list(sse.stream((Say(""),), "call"))) == []


def test_an_event_is_written_as_the_standard_wants() -> None:
    assert sse.encode(sse.ping()) == b'event: ping\ndata: {"type": "ping"}\n\n'


def test_a_whole_message_holds_all_blocks() -> None:
    message = sse.whole(
        (Think("hm"), Say("a"), Call("X", {"n": 1})),
        message_id="msg",
        call_id="call",
        model="m",
        input_tokens=7,
    )
    assert message["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "offline"},
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "call", "name": "X", "input": {"n": 1}},
    ]
    assert message["stop_reason"] == "tool_use"


def test_a_refusal_is_named_as_the_reason_why_it_stopped() -> None:
    *_, delta, _ = sse.stream((Say("half"), "refuse"), "call")
    assert delta.data["delta"] == {"stop_reason": "refusal", "stop_sequence": None}

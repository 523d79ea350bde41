"""The offline model over HTTP, as a client of the Messages API sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.demo.model import OfflineModel

Json = dict[str, object]


@pytest.fixture
async def model() -> AsyncIterator[OfflineModel]:
    async with OfflineModel() as model:
        yield model


@pytest.fixture
async def client(model: OfflineModel) -> AsyncIterator[ClientSession]:
    async with ClientSession(model.url) as client:
        yield client


def body(prompt: str, *, stream: bool = True, **more: object) -> Json:
    return {
        "model": "claude-x",
        "max_tokens": 100,
        "stream": stream,
        "messages": [{"role": "user", "content": prompt}],
        **more,
    }


async def stream(client: ClientSession, prompt: str) -> list[Json]:
    async with client.post("/v1/messages?beta=true", json=body(prompt)) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert response.headers["request-id"]
        events = (await response.text()).split("\n\n")[:-1]
    parsed = [event.split("\n") for event in events]
    assert all(name.startswith("event: ") and data.startswith("data: ") for name, data in parsed)
    decoded = [json.loads(data.removeprefix("data: ")) for _, data in parsed]
    assert [name.removeprefix("event: ") for name, _ in parsed] == [event["type"] for event in decoded]
    return decoded


def text_of(events: list[Json]) -> str:
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return "".join(str(delta.get("text", "")) for delta in deltas if isinstance(delta, dict))


async def test_it_listens_on_loopback_only(model: OfflineModel) -> None:
    assert model.url.startswith("http://127.0.0.1:")


async def test_a_stream_has_the_events_of_the_api_in_order(client: ClientSession) -> None:
    events = await stream(client, "say:one two three")
    assert [event["type"] for event in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert text_of(events) == "one two three"


async def test_the_answer_names_the_model_that_was_asked_for(client: ClientSession) -> None:
    start = (await stream(client, "say:hi"))[0]["message"]
    assert isinstance(start, dict)
    assert start["model"] == "claude-x"
    assert start["usage"]["input_tokens"] > 0


async def test_a_tool_call_arrives_as_json_in_pieces(client: ClientSession) -> None:
    events = await stream(client, 'say:look\ntool:Bash:{"command": "ls -la /"}')
    starts = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    assert [block["type"] for block in starts if isinstance(block, dict)] == ["text", "tool_use"]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    pieces = [
        str(delta["partial_json"]) for delta in deltas if isinstance(delta, dict) and "partial_json" in delta
    ]
    assert len(pieces) > 1
    assert json.loads("".join(pieces)) == {"command": "ls -la /"}
    assert events[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}


async def test_thinking_is_signed_and_comes_before_the_text(client: ClientSession) -> None:
    events = await stream(client, "think:let me see\nsay:seen")
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    kinds = [delta["type"] for delta in deltas if isinstance(delta, dict)]
    assert kinds == ["thinking_delta", "thinking_delta", "signature_delta", "text_delta"]


async def test_without_streaming_the_message_is_whole(client: ClientSession) -> None:
    async with client.post("/v1/messages", json=body("say:hi", stream=False)) as response:
        message = await response.json()
    assert message["content"] == [{"type": "text", "text": "hi"}]
    assert message["stop_reason"] == "end_turn"
    assert message["usage"]["output_tokens"] > 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (529, "overloaded_error"),
    ],
)
async def test_a_failure_has_the_shape_of_the_api(client: ClientSession, status: int, kind: str) -> None:
    async with client.post("/v1/messages", json=body(f"fail:{status}")) as response:
        assert response.status == status
        failure = await response.json()
        assert ("retry-after" in response.headers) == (status in {429, 529})
    assert (failure["type"], failure["error"]["type"]) == ("error", kind)


@pytest.mark.parametrize("sent", [b"{", b'{"model": "x"}', b'{"model": "x", "messages": []}'])
async def test_what_is_no_request_is_refused(client: ClientSession, model: OfflineModel, sent: bytes) -> None:
    async with client.post("/v1/messages", data=sent) as response:
        assert response.status == 400
    assert model.requests == []


async def test_it_counts_tokens_and_lists_models(client: ClientSession) -> None:
    async with client.post("/v1/messages/count_tokens", json=body("hello " * 100)) as response:
        assert (await response.json())["input_tokens"] > 100
    async with client.get("/v1/models") as response:
        assert [entry["type"] for entry in (await response.json())["data"]]


async def test_a_knock_on_the_door_is_answered(client: ClientSession) -> None:
    async with client.head("/api/hello") as response:
        assert response.status == 200


async def test_anything_else_is_not_found(client: ClientSession) -> None:
    async with client.get("/v1/anything") as response:
        assert response.status == 404
        assert (await response.json())["error"]["type"] == "not_found_error"


async def test_a_hanging_answer_starts_and_keeps_open(client: ClientSession) -> None:
    async with client.post("/v1/messages", json=body("hang")) as response:
        first = await response.content.readuntil(b"\n\n")
        second = await response.content.readuntil(b"\n\n")
    assert b"message_start" in first
    assert b"ping" in second


async def test_a_client_that_goes_away_harms_nothing(client: ClientSession) -> None:
    async with client.post("/v1/messages", json=body("slow:5")) as response:
        await response.content.readuntil(b"\n\n")
    assert text_of(await stream(client, "say:next")) == "next"


async def test_its_end_cuts_what_hangs() -> None:
    async with ClientSession() as client:
        async with OfflineModel() as model:
            response = await client.post(f"{model.url}/v1/messages", json=body("hang"))
            await response.content.readuntil(b"\n\n")
        response.close()


async def test_a_request_is_logged_with_all_it_holds(model: OfflineModel, client: ClientSession) -> None:
    request = body(
        "say:hi",
        system=[{"type": "text", "text": "Be kind."}],
        tools=[{"name": "Bash", "input_schema": {}}],
        messages=[
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": [{"type": "text", "text": "answer"}]},
            {"role": "user", "content": [{"type": "text", "text": "say:hi"}]},
        ],
    )
    headers = {"x-claude-code-session-id": "s-1"}
    async with client.post("/v1/messages", json=request, headers=headers) as response:
        await response.read()
    (heard,) = model.requests
    assert (heard.session, heard.system, heard.tools, heard.prompt) == (
        "s-1",
        "Be kind.",
        ("Bash",),
        "say:hi",
    )
    assert heard.said == ("first", "say:hi")
    assert heard.texts == ("first", "answer", "say:hi")


async def test_the_log_file_has_a_line_for_each_request(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    async with (
        OfflineModel(log_file=log) as model,
        ClientSession(model.url) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(5):
            tasks.create_task(stream(client, f"say:{number}"))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert sorted(line["prompt"] for line in lines) == [f"say:{number}" for number in range(5)]


async def test_who_waits_for_words_gets_the_request_that_holds_them(
    model: OfflineModel, client: ClientSession
) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(model.heard("canary", count=2))
        for prompt in ("say:canary one", "say:other", "say:canary two"):
            await stream(client, prompt)
    assert waiting.result().prompt == "say:canary two"


async def test_the_same_conversation_gets_the_same_answer(client: ClientSession) -> None:
    assert await stream(client, "hello there") == await stream(client, "hello there")


async def test_an_answer_can_be_made_to_wait(model: OfflineModel, client: ClientSession) -> None:
    model.delay_s = 3600
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await stream(client, "say:late")
    assert [heard.prompt for heard in model.requests] == ["say:late"]


async def test_a_used_up_limit_is_told_with_its_end_as_a_subscription_hears_it(client: ClientSession) -> None:
    prompt = "fail:429 until:1893456000 no more"
    async with client.post("/v1/messages", json=body(prompt)) as response:
        assert response.status == 429
        assert response.headers["anthropic-ratelimit-unified-reset"] == "1893456000"
        assert (await response.json())["error"] == {"type": "rate_limit_error", "message": "no more"}

"""The seams: a turn's reply is measured once, whatever becomes of it."""

import asyncio
from collections.abc import Sequence
from typing import Self

import pytest
from aiohttp import ClientConnectionError, ClientSession, web
from aiohttp.test_utils import TestServer, unused_port

from bot.measured import measured_replies, traced, watch_loop
from bot.metrics import Metrics
from sessions.events import Event, TextDelta, Thinking
from sessions.store.values import Piece, Turn
from sessions.turn import LiveNote, Outcome, ReplySink
from tests.support.clocks import SetClock
from tests.support.desk_rooms import turn as some_turn
from tests.support.scrapes import scraped


class Sink:
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def waiting(self, count: int) -> None:
        pass

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        return [Piece(channel_id="c", body=outcome.text)]


async def no_note(_: LiveNote) -> None:
    pass


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def reply(metrics: Metrics, clock: SetClock, turn: Turn, sink: Sink) -> ReplySink:
    return measured_replies(lambda _turn, _note: sink, metrics, clock)(turn, no_note)


@pytest.fixture
def turn() -> Turn:
    return some_turn(1)


async def test_a_turn_is_measured_from_its_start_to_its_first_word_and_its_end(
    metrics: Metrics, clock: SetClock, turn: Turn
) -> None:
    sink = Sink()
    async with reply(metrics, clock, turn, sink) as opened:
        clock.pass_s(2)
        opened.emit(Thinking(text="hm"))
        clock.pass_s(1)
        opened.emit(TextDelta(text="a"))
        clock.pass_s(1)
        opened.emit(TextDelta(text="b"))
        assert [piece.body for piece in await opened.pieces(Outcome(status="ok", text="ab"))] == ["ab"]
    found = scraped(metrics)
    assert len(sink.events) == 3
    assert (found["roomkey_first_word_seconds_count"], found["roomkey_first_word_seconds_sum"]) == (1, 3)
    assert (found["roomkey_turns_total|ok"], found["roomkey_turn_seconds_sum"]) == (1, 4)


async def test_a_turn_that_broke_is_counted_once(metrics: Metrics, clock: SetClock, turn: Turn) -> None:
    with pytest.raises(ValueError, match="bug"):
        async with reply(metrics, clock, turn, Sink()):
            raise ValueError("bug")
    assert scraped(metrics)["roomkey_turns_total|broken"] == 1


async def test_a_failure_of_the_model_is_counted_by_its_cause(
    metrics: Metrics, clock: SetClock, turn: Turn
) -> None:
    async with reply(metrics, clock, turn, Sink()) as opened:
        await opened.pieces(Outcome(status="failed", text="no", problem="overloaded"))
    found = scraped(metrics)
    assert found["roomkey_turns_total|failed"] == found["roomkey_turn_problems_total|overloaded"] == 1


async def test_what_is_said_without_a_turn_is_none(metrics: Metrics, clock: SetClock, turn: Turn) -> None:
    await reply(metrics, clock, turn, Sink()).pieces(Outcome(status="ok"))
    assert not any(name.startswith("roomkey_turns_total") for name in scraped(metrics))


async def test_every_answer_of_discords_is_counted_by_its_status(metrics: Metrics) -> None:
    app = web.Application()
    app.router.add_get("/{status}", _status)
    async with TestServer(app) as server, ClientSession(trace_configs=[traced(metrics)]) as client:
        for status in (200, 429, 503):
            await client.get(server.make_url(f"/{status}"))
        with pytest.raises(ClientConnectionError):
            await client.get(f"http://127.0.0.1:{unused_port()}/")
    found = scraped(metrics)
    for status in (200, 429, 503, "none"):
        assert found[f"roomkey_discord_requests_total|{status}"] == 1


async def _status(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["status"]))


async def test_the_loop_is_looked_at_again_and_again(metrics: Metrics, clock: SetClock) -> None:
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch_loop(metrics, clock))
        await asyncio.sleep(0)
        clock.pass_s(0.75)
        for _ in range(3):
            await asyncio.sleep(0)
        watching.cancel()
    assert scraped(metrics)["roomkey_loop_lag_seconds_sum"] == 0.5

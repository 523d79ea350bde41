"""Agents that babble: odd lines, lines without end, noise. They cost themselves alone, and the turn ends."""

import asyncio
import gc
import json
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.agents.claude import ADAPTER as CLAUDE
from sessions.events import Exited, ToolEnd, TurnDone
from tests.support.agents import make_spec, talk
from tests.support.bad_agent import HALF, write_program
from tests.support.bad_rooms import goes_on, rooms, told

ODD_LINES = [
    b"Warning: something",
    b"\x1b[31mred\x1b[0m",
    b"[1, 2]",
    b"null",
    b'"text"',
    b"",
    b"   \r",
    b"{}",
    b'{"type": 7}',
    b'{"type": null}',
    b'{"type": "news", "data": {}}',
    b'{"type": "assistant"}',
    b'{"type": "assistant", "message": 7}',
    b'{"type": "assistant", "message": {"content": "text", "model": "m"}}',
    b'{"type": "assistant", "message": {"content": [7], "model": "m"}}',
    b'{"type": "assistant", "message": {"content": [{"type": "text"}], "model": "m"}}',
    b'{"type": "user", "message": null}',
    b'{"type": "user", "message": {"content": [{"type": "tool_result"}]}}',
    b'{"type": "system"}',
    b'{"type": "system", "subtype": []}',
    b'{"type": "system", "subtype": "status", "user_message_uuids": 7}',
    b'{"type": "system", "subtype": "background_tasks_changed", "tasks": "two"}',
    b'{"type": "system", "subtype": "api_retry", "attempt": "one"}',
    b'{"type": "stream_event", "uuid": 1, "session_id": 2, "event": [3]}',
    b'{"type": "stream_event", "uuid": 1, "session_id": 2, "event": {"type": "content_block_delta"}}',
    b'{"type": "rate_limit_event", "uuid": 1, "session_id": 2, "rate_limit_info": 7}',
    b'{"type": "rate_limit_event", "uuid": 1, "session_id": 2, "rate_limit_info": {"status": []}}',
    b'{"type": "rate_limit_event", "uuid": 1, "session_id": 2, "rate_limit_info": {"resetsAt": 9e99}}',
    b'{"type": "control_response", "response": {"request_id": "nobody"}}',
    b'{"type": "control_cancel_request", "request_id": "nobody"}',
]


@pytest.mark.fault(
    "F5", "30 kinds of odd lines: ANSI, bare words, wrong types", "each skipped, the answer whole"
)
async def test_lines_that_make_no_sense_cost_themselves_alone(tmp_path: Path) -> None:
    async with rooms(tmp_path) as home:
        lines = " ".join(line.hex() for line in ODD_LINES)
        outcome = await told(home, f"fault raw {lines}")
        assert (outcome.status, outcome.text) == ("ok", "All of it")
        await goes_on(home)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"type": "assis', marks=pytest.mark.fault("F5", "a line of broken JSON", "told")),
        pytest.param(b"\xff\xfe\x00\x01", marks=pytest.mark.fault("F5", "bytes that are no text", "told")),
    ],
)
async def test_a_stream_that_cannot_be_read_on_is_told_and_what_was_written_is_kept(
    tmp_path: Path, line: bytes
) -> None:
    async with rooms(tmp_path) as home:
        outcome = await told(home, f"fault raw_late {line.hex()}")
        assert (outcome.status, outcome.problem, outcome.partial) == ("failed", "gone", HALF)
        assert "something that I could not read" in outcome.text
        await goes_on(home)


names = st.sampled_from(
    ["type", "subtype", "message", "content", "event", "uuid", "session_id", "response", "data", "text", "id"]
)
kinds = st.sampled_from(
    ["user", "assistant", "system", "result", "stream_event", "rate_limit_event", "control_response", "text"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | kinds,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
objects = st.builds(
    lambda kind, rest: {**rest, "type": kind}, kinds, st.dictionaries(names, values, max_size=6)
)
lines = st.one_of(
    objects.map(lambda frame: json.dumps(frame).encode()),
    values.map(lambda value: json.dumps(value).encode()),
    st.text(max_size=60).map(lambda text: f" {text}".replace("{", "").encode(errors="replace")),
)
places = count()
fuzzed = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def ends(root: Path, said: list[bytes]) -> None:
    """The turn of an agent that says these lines, then answers, comes to an end; nothing is raised."""
    await asyncio.to_thread(root.mkdir)
    options = {"program": await asyncio.to_thread(write_program, root)}
    spec = await asyncio.to_thread(make_spec, root, CLAUDE.new_session_id(), options=options)
    async with talk(CLAUDE, spec) as agent, asyncio.timeout(60):
        await agent.send(f"fault raw {' '.join(line.hex() for line in said)}")
        await agent.first(object, lambda event: isinstance(event, TurnDone | Exited))


@pytest.mark.fault(
    "F5", "100 random lines at a time (Hypothesis)", "the turn ends, the program goes on or is told"
)
@fuzzed
@given(said=st.lists(lines.filter(lambda line: b"\n" not in line), min_size=100, max_size=100))
async def test_whatever_is_said_the_turn_ends(tmp_path: Path, said: list[bytes]) -> None:
    await ends(tmp_path / str(next(places)), said)


@pytest.mark.fault("F5", "random bytes (Hypothesis)", "the turn ends, the program goes on or is told")
@fuzzed
@given(said=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=20))
async def test_whatever_bytes_come_the_turn_ends(tmp_path: Path, said: list[bytes]) -> None:
    await ends(tmp_path / str(next(places)), said)


@pytest.mark.fault("F5", "broken JSON at the start", "told, and it goes on")
async def test_a_start_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    async with rooms(tmp_path, "start_babbles") as home:
        outcome = await told(home, "hello")
        assert outcome.status == "failed"
        assert "could not read" in outcome.text
        await goes_on(home)


@pytest.mark.fault("F7", "a result without its fields", "told as no result, what was written kept")
async def test_a_result_that_cannot_be_read_ends_the_turn_at_once(tmp_path: Path) -> None:
    async with rooms(tmp_path) as home:
        outcome = await told(home, "fault unread")
        assert (outcome.status, outcome.problem) == ("failed", "no_result")
        assert "All of it" in outcome.partial
        await goes_on(home)


@pytest.mark.fault("F7", "the same result twice", "one answer, and nothing of it is posted again")
async def test_a_result_that_comes_twice_is_one_answer(tmp_path: Path) -> None:
    async with rooms(tmp_path) as home:
        assert (await told(home, "fault twice")).text == "All of it"
        await goes_on(home)
        assert len(home.replies.all) == 2


@pytest.mark.fault("F6", "a line of 10 MB", "it is read as any other")
async def test_a_line_of_ten_megabytes_is_read(tmp_path: Path) -> None:
    async with rooms(tmp_path) as home:
        assert (await told(home, f"fault big {10 * 1024 * 1024}")).text == "All of it"
        ends = [event for event in home.replies.all[0].events if isinstance(event, ToolEnd)]
        assert len(ends[0].output) == 2000
        await goes_on(home)


def forget_the_peak() -> int:
    """Return how many bytes this process holds, and measure its peak anew from here on."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.fault("F6", "a gigabyte without a line break", "ended with a sentence; under 100 MB more held")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_line_without_end_ends_the_program_and_not_the_bot(tmp_path: Path) -> None:
    async with rooms(tmp_path) as home:
        before = await asyncio.to_thread(forget_the_peak)
        outcome = await told(home, "fault endless")
        assert await asyncio.to_thread(peak_bytes) - before < 100_000_000
        assert outcome.problem == "gone"
        assert "more than 32 MiB" in outcome.text
        assert outcome.partial == HALF
        await goes_on(home)
    # The SDK leaves the pipe of a stream that it gave up to the garbage collector, which warns: here, please.
    gc.collect()


@pytest.mark.fault("F6", "40 MB on stderr without a line break", "the answer comes, and little of it is kept")
async def test_noise_on_stderr_is_cut(tmp_path: Path) -> None:
    async with rooms(tmp_path) as home:
        assert (await told(home, f"fault noisy {40 * 1024 * 1024}")).text == "All of it"
        await goes_on(home)

"""Agents that crash, hang and babble: told in a sentence, what was written kept, the next message works.

The agent is a program that takes Claude Code's place behind the real adapter and the real SDK.
"""

import asyncio
import gc
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.agents.claude import ADAPTER as CLAUDE
from sessions.events import Exited, Problem, ToolEnd, TurnDone
from sessions.keys import session_key
from sessions.turn import Outcome
from tests.support.agents import make_spec, talk
from tests.support.bad_agent import HALF, write_program
from tests.support.rooms import House, house

LAB = session_key("lab")


@asynccontextmanager
async def rooms(
    root: Path, at_start: str = "", *, times: int = 1, silence_s: float = 60, when_busy: str = "queue"
) -> AsyncGenerator[House]:
    """Run an engine whose agent is the bad one."""
    program = await asyncio.to_thread(write_program, root, at_start, times=times)
    limits = {"silence_s": silence_s, "when_busy": when_busy}
    async with house(root / "data", adapter=CLAUDE, program=program, **limits) as home:
        yield home


async def told(home: House, text: str) -> Outcome:
    """Say something in the lab and return how its turn ended."""
    before = len(home.replies.ended(LAB))
    await home.say("lab", text)
    outcome = (await home.replies.until(before + 1, LAB))[-1].outcome
    assert outcome is not None
    return outcome


async def goes_on(home: House) -> None:
    """The room's next message is answered as if nothing had been."""
    outcome = await told(home, "hello again")
    assert (outcome.status, outcome.text) == ("ok", "You said: hello again")


# -- F3: it crashes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "problem", "words"),
    [
        pytest.param(
            fault, problem, words, marks=pytest.mark.fault(row, injected, f"“{words}”, and it goes on")
        )
        for row, injected, fault, problem, words in [
            ("F3", "SIGSEGV", "signalled SIGSEGV", "gone", "crashed in the middle of this (SIGSEGV)"),
            ("F3", "SIGKILL, as when memory runs out", "signalled SIGKILL", "gone", "was killed"),
            ("F3", "exit 1", "leaves 1 bad weather", "gone", "(exit code 1)"),
            ("F3", "exit 137", "leaves 137", "gone", "was killed"),
            ("F7", "exit 0 without a result", "leaves 0", "no_result", "without finishing its answer"),
            ("F7", "stdout cut at 65,536 bytes, exit 0", "leaves_cut", "no_result", "without finishing"),
        ]
    ],
)
async def test_a_program_that_ends_in_a_turn_is_told_and_what_it_wrote_is_kept(
    tmp_path: Path, fault: str, problem: Problem, words: str
) -> None:
    async with rooms(tmp_path) as home:
        outcome = await told(home, f"fault {fault}")
        assert (outcome.status, outcome.problem) == ("failed", problem)
        assert words in outcome.text
        assert outcome.partial == HALF
        await goes_on(home)


async def test_the_last_words_of_a_program_that_crashed_are_shown(tmp_path: Path) -> None:
    async with rooms(tmp_path) as home:
        assert (await told(home, "fault leaves 1 bad weather")).text.endswith("Its last words: bad weather")


@pytest.mark.fault("F7", "exit 0 before a single word", "one sentence, and it goes on")
async def test_a_program_that_leaves_without_a_word_is_no_silence(tmp_path: Path) -> None:
    async with rooms(tmp_path) as home:
        outcome = await told(home, "fault leaves_at_once 0")
        assert (outcome.problem, outcome.partial) == ("no_result", "")
        await goes_on(home)


@pytest.mark.fault(
    "F3", "a program that ends at its start, twice", "told each time with its words, then it works"
)
async def test_a_start_that_fails_is_told_and_tried_again_with_the_next_message(tmp_path: Path) -> None:
    async with rooms(tmp_path, "start_leaves", times=2) as home:
        for _ in range(2):
            outcome = await told(home, "hello")
            assert outcome.status == "failed"
            assert "exit code 3" in outcome.text
            assert "no such thing as a good day" in outcome.text
        await goes_on(home)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(
            step, marks=pytest.mark.fault(row, f"{step}, a hundred times in ten rooms", "stuck 0"), id=step
        )
        for row, step in [
            ("F3", "exit = 139"),
            ("F3", "exit = 137"),
            ("F3", "exit = 1"),
            ("F7", "exit = 0"),
            ("F4", "hang = true"),
        ]
    ],
)
async def test_a_hundred_faults_leave_no_room_stuck(tmp_path: Path, step: str) -> None:
    script = f'[[turn]]\nmatch = "fault"\nstep = [{{ text = "{HALF}" }}, {{ {step} }}]\n'
    script += '[[turn]]\nstep = [{ text = "hello" }]\n'
    silence_s = 0.5 if "hang" in step else 60
    async with house(tmp_path, script=script, silence_s=silence_s, max_running=10) as home:
        for number in range(100):
            await home.say(f"room{number % 10}", "fault")
            await home.say(f"room{number % 10}", "hello")
        async with asyncio.timeout(60):
            replies = await home.replies.until(200)
        outcomes = [reply.outcome for reply in replies if reply.outcome is not None]
        assert [outcome.partial for outcome in outcomes if outcome.status == "failed"] == [HALF] * 100
        assert [outcome.text for outcome in outcomes if outcome.status == "ok"] == ["hello"] * 100


# -- F4: it hangs -----------------------------------------------------------------------------------


@pytest.mark.fault(
    "F4", "hangs before the first event, in the middle, after the result", "told, the half kept"
)
async def test_agents_that_hang_are_ended_and_never_asked_the_same_again(tmp_path: Path) -> None:
    """In rooms of their own, at once: an agent that hangs has ten seconds to obey before it is killed."""
    async with rooms(tmp_path, silence_s=0.5) as home:
        (first, middle, after) = (session_key(name) for name in ("first", "middle", "after"))
        await home.say(first, "fault hangs_first")
        await home.say(middle, "fault hangs")
        await home.say(after, "fault hangs_afterwards")
        (answered,) = await home.replies.until(1, after)
        assert answered.outcome is not None
        assert answered.outcome.text == "All of it"
        await home.say(after, "are you there?")
        async with asyncio.timeout(60):
            while len(home.replies.ended()) < 4:
                await asyncio.sleep(0.1)
        for key, partial in ((first, ""), (middle, HALF), (after, "")):
            outcome = home.replies.ended(key)[-1].outcome
            assert outcome is not None
            assert (outcome.status, outcome.problem, outcome.partial) == ("failed", "silence", partial)
            assert "said nothing for" in outcome.text
            await home.say(key, "hello again")
        for key, asked in ((first, 2), (middle, 2), (after, 3)):
            outcome = (await home.replies.until(asked, key))[-1].outcome
            assert outcome is not None
            assert outcome.text == "You said: hello again"
            assert len(home.replies.texts(key)) == asked


@pytest.mark.fault("F4", "a hang at the start", "the silence limit counts from there; told, and it goes on")
async def test_a_start_that_hangs_is_silence_too(tmp_path: Path) -> None:
    async with rooms(tmp_path, "start_hangs", silence_s=0.5) as home:
        outcome = await told(home, "hello")
        assert outcome.status == "failed"
        assert "did not start" in outcome.text
        await goes_on(home)


@pytest.mark.fault("F4", "one room hangs", "the others are answered meanwhile")
async def test_a_room_that_hangs_holds_no_other_up(tmp_path: Path) -> None:
    async with rooms(tmp_path, silence_s=5) as home:
        await home.say("lab", "fault hangs")
        await home.replies.begun("fault hangs")
        for key in ("den", "hall"):
            await home.say(key, "hello")
        for key in ("den", "hall"):
            (reply,) = await home.replies.until(1, session_key(key))
            assert reply.outcome is not None
            assert reply.outcome.text == "You said: hello"
        assert not home.replies.ended(LAB)
        assert home.manager.stop(LAB)
        await home.replies.until(1, LAB)


# -- F5 and F6: what it says -------------------------------------------------------------------------


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


# -- F8: what it reads ------------------------------------------------------------------------------


@pytest.mark.fault(
    "F8", "a program that never reads its prompt", "told after the silence limit, and it goes on"
)
async def test_a_program_that_does_not_read_is_told(tmp_path: Path) -> None:
    async with rooms(tmp_path, "start_deaf", silence_s=1) as home:
        outcome = await told(home, "x" * 1_000_000)
        assert outcome.status == "failed"
        assert "did not take this" in outcome.text
        await goes_on(home)


@pytest.mark.fault(
    "F8", "a program that stops reading in a turn", "what comes meanwhile is not lost, but runs later"
)
async def test_what_a_hanging_program_does_not_take_along_becomes_a_turn_of_its_own(tmp_path: Path) -> None:
    async with rooms(tmp_path, when_busy="steer") as home:
        await home.say("lab", "fault hangs")
        await home.replies.begun("fault hangs")
        await home.say("lab", "x" * 1_000_000)
        first, second = await home.replies.until(2, LAB)
        assert first.outcome is not None
        assert first.outcome.problem == "gone"
        assert "did not read what was said meanwhile" in first.outcome.text
        assert first.outcome.partial == HALF
        assert second.outcome is not None
        assert second.outcome.text == f"You said: {'x' * 1_000_000}"


@pytest.mark.fault(
    "F10", "the turn that tries the login again is a long one", "the others go on at its first word"
)
async def test_a_long_try_holds_nobody_up(tmp_path: Path) -> None:
    script = """
[[turn]]
match = "first"
step = [{ fail = "login", reason = "Not logged in." }]

[[turn]]
match = "long"
step = [{ text = "I begin." }, { hang = true }]

[[turn]]
step = [{ text = "hello" }]
"""
    async with house(tmp_path, script=script, login_pause_s=0.1) as home:
        await home.say("lab", "first")
        await home.replies.until(1, LAB)
        await home.say("den", "long")
        await home.replies.begun("long")
        await home.say("hall", "hi")
        reply = (await home.replies.until(1, session_key("hall")))[-1]
        assert reply.outcome is not None
        assert reply.outcome.text == "hello"
        assert home.manager.stop(session_key("den"))

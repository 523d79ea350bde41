"""Agents that crash, hang and do not read: told in a sentence, what they wrote kept, and the room goes on."""

import asyncio
from pathlib import Path

import pytest

from sessions.events import Problem
from sessions.keys import session_key
from tests.support.bad_agent import HALF
from tests.support.bad_rooms import LAB, goes_on, rooms, told
from tests.support.rooms import house


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

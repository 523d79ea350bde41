"""Lanes on the real store: order, one at a time, fairness, and nothing lost when a worker retires."""

import asyncio
from pathlib import Path

import pytest

from sessions.agents.base import Allow, Deny
from sessions.errors import AlreadyDecided, QueueFull
from sessions.keys import session_key
from sessions.store.values import Kind, TurnState
from tests.support.at_rest import until_gone, until_idle
from tests.support.rooms import house
from tests.support.scripts import HANG, RECALL

SLOW = (
    """
[[turn]]
match = "slow"
[[turn.step]]
text = "at last"
over_s = 0.2
"""
    + HANG
    + """
[[turn]]
match = "crash"
[[turn.step]]
exit = 139
[[turn]]
match = "ask"
[[turn.step]]
tool = "Bash"
title = "ls"
ask = true
[[turn.step]]
text = "done"
"""
    + RECALL
)
LAB, DESK = session_key("lab"), session_key("desk")


async def test_prompts_of_one_room_run_in_the_order_they_were_said(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        waiting = [home.manager.accept(home.row("lab", str(n))) for n in range(50)]
        for accepted in reversed(waiting):
            await accepted
        await home.replies.until(50)
        assert home.replies.texts() == [str(n) for n in range(50)]


async def test_one_room_never_waits_for_another(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW) as home:
        await home.say("lab", "hang")
        await home.replies.begun("hang")
        await home.say("desk", "hello")
        [reply] = await home.replies.until(1)
        assert reply.turn.key == DESK
        home.manager.stop(LAB)
        await home.replies.until(2)


async def test_a_busy_room_lets_the_others_pass(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW, max_running=1) as home:
        rows = [home.row("lab", f"slow {n}") for n in range(8)] + [home.row("desk", "desk")]
        for accepted in [home.manager.accept(row) for row in rows]:
            await accepted
        await home.replies.until(1, DESK)
        assert home.replies.texts().index("desk") <= 3


async def test_retiring_loses_nothing(tmp_path: Path) -> None:
    """Thousands of prompts while every idle worker goes at once."""
    async with house(tmp_path, idle_ttl_s=0.001, max_live=0, queue_limit=10_000) as home:
        for round_ in range(20):
            rows = [home.row(f"room{n % 10}", f"{round_}.{n}") for n in range(100)]
            for accepted in [home.manager.accept(row) for row in rows]:
                await accepted
            await asyncio.sleep(0.001 * (round_ % 3))
        await home.replies.until(2000)
        for n in range(10):
            texts = home.replies.texts(session_key(f"room{n}"))
            assert texts == sorted(texts, key=lambda t: tuple(map(int, t.split("."))))
            assert len(texts) == 200


async def test_a_message_said_twice_is_one_turn(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        row = home.row("lab", "once")
        first, second = await home.manager.accept(row), await home.manager.accept(row)
        assert (first.new, second.new) == (True, False)
        assert first.turn == second.turn
        await home.say("lab", "then")
        await home.replies.until(2)
        assert home.replies.texts() == ["once", "then"]


async def test_a_full_room_refuses_and_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW, queue_limit=2) as home:
        await home.say("lab", "hang")
        await home.replies.begun("hang")
        await home.say("lab", "a")
        await home.say("lab", "b")
        with pytest.raises(QueueFull):
            await home.say("lab", "c")
        home.manager.stop(LAB)
        await home.replies.until(3)
        assert home.replies.texts() == ["hang", "a", "b"]


async def test_stop_ends_the_turn_and_the_next_prompt_runs(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW) as home:
        await home.say("lab", "hang")
        await home.replies.begun("hang")
        await home.say("lab", "next")
        assert home.manager.stop(LAB)
        stopped, following = await home.replies.until(2)
        assert stopped.outcome is not None
        assert following.outcome is not None
        assert (stopped.outcome.status, stopped.outcome.partial) == ("stopped", "half an answer")
        assert following.outcome.status == "ok"


async def test_stop_where_nothing_runs_says_so(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        assert not home.manager.stop(LAB)


async def test_a_reset_waits_its_turn_and_stays(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW) as home:
        await home.say("lab", "remember the word kiwi")
        await home.replies.until(1)
        before = (await home.manager.status(LAB)).record
        await home.say("lab", "slow")
        await home.say("lab", "", kind=Kind.RESET)
        await home.say("lab", "recall")
        await home.replies.until(3)
        reply = home.replies.ended()[-1]
        after = (await home.manager.status(LAB)).record
        assert before is not None
        assert after is not None
        assert reply.outcome is not None
        assert "kiwi" not in reply.outcome.text
        assert after.agent_session_id != before.agent_session_id
        assert after.generation == before.generation + 1
        [former] = await home.store.former_sessions(LAB)
        assert former.agent_session_id == before.agent_session_id


async def test_a_reset_now_ends_the_turn_first_and_what_waits_comes_after(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW) as home:
        await home.say("lab", "hang")
        await home.replies.begun("hang")
        await home.say("lab", "recall")
        await home.say("lab", "", kind=Kind.RESET, head=True)
        stopped, recalled = await home.replies.until(2)
        assert stopped.outcome is not None
        assert recalled.outcome is not None
        assert stopped.outcome.status == "stopped"
        assert "hang" not in recalled.outcome.text
        assert recalled.turn.generation == stopped.turn.generation + 1


async def test_permission_is_given_once(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW) as home:
        await home.say("lab", "ask")
        turn, ask = await home.replies.asking()
        assert (await home.manager.status(LAB)).state == "asking"
        await home.manager.decide(turn.id, ask.id, Allow())
        with pytest.raises(AlreadyDecided):
            await home.manager.decide(turn.id, ask.id, Deny(reason="late"))
        [reply] = await home.replies.until(1)
        assert reply.outcome is not None
        assert reply.outcome.status == "ok"


async def test_a_room_that_waits_for_a_person_holds_up_no_other(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW, max_running=1) as home:
        await home.say("lab", "ask")
        turn, ask = await home.replies.asking()
        await home.say("desk", "hello")
        await home.replies.until(1, DESK)
        await home.manager.decide(turn.id, ask.id, Allow())
        await home.replies.until(1, LAB)


async def test_a_crashed_agent_fails_its_turn_and_the_room_goes_on(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW) as home:
        await home.say("lab", "crash")
        await home.say("lab", "hello")
        crashed, following = await home.replies.until(2)
        assert crashed.outcome is not None
        assert following.outcome is not None
        assert crashed.outcome.status == "failed"
        assert "SIGSEGV" in crashed.outcome.text
        assert following.outcome.status == "ok"


async def test_an_agent_is_kept_between_turns_and_evicted_for_another_room(tmp_path: Path) -> None:
    async with house(tmp_path, max_live=1) as home:
        await home.say("lab", "hello")
        await home.replies.until(1)
        await until_idle(home, LAB)
        assert (await home.manager.status(LAB)).live
        await home.say("desk", "hello")
        await home.replies.until(2)
        await until_idle(home, DESK)
        while (await home.manager.status(LAB)).live:
            await asyncio.sleep(0)
        assert (await home.manager.status(DESK)).live


async def test_a_process_for_each_turn_remembers_all_the_same(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW, max_live=0) as home:
        await home.say("lab", "the word is kiwi")
        await home.replies.until(1)
        await home.say("lab", "recall")
        _, reply = await home.replies.until(2)
        assert reply.outcome is not None
        assert "kiwi" in reply.outcome.text


async def test_what_waits_at_the_end_runs_at_the_next_start(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW, grace_s=0.0) as home:
        await home.say("lab", "ask")
        turn, _ = await home.replies.asking()
        await home.say("lab", "later")
    [reply] = home.replies.ended()
    assert reply.outcome is not None
    assert reply.outcome.status == "interrupted"
    async with house(tmp_path, script=SLOW) as home:
        await home.replies.until(1)
        assert home.replies.texts() == ["later"]
        left = await home.store.turn(turn.id)
        assert left is not None
        assert left.state is TurnState.INTERRUPTED


async def test_a_turn_gets_its_grace_at_the_end(tmp_path: Path) -> None:
    async with house(tmp_path, script=SLOW) as home:
        await home.say("lab", "slow")
        reply = await home.replies.begun("slow")
    assert reply.outcome is not None
    assert (reply.outcome.status, reply.outcome.text) == ("ok", "at last")


async def test_an_idle_agent_goes_after_its_time(tmp_path: Path) -> None:
    async with house(tmp_path, idle_ttl_s=0.01) as home:
        await home.say("lab", "hello")
        await home.replies.until(1)
        await until_gone(home)

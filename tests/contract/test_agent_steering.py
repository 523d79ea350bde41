"""What every agent does with words that come while it works: it answers them in the same turn, once."""

from sessions.agents.base import AgentAdapter, Allow, SessionSpec
from sessions.events import PermissionAsk, TextDelta, TextFinal, TurnDone
from tests.support.agent_plays import ASK, SAY, IsRunning
from tests.support.agents import talk


async def test_what_is_said_during_a_turn_is_answered_in_it(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        assert await agent.steer("say:one more, said meanwhile")
        await agent.session.answer(ask.id, Allow())
        done = await agent.done(turn)
        assert done.status == "ok"
        assert done.text.endswith("one more, said meanwhile")
        assert (await agent.ask(SAY)).text == "one two three, and four"
    assert [event.turn for event in agent.events if isinstance(event, TurnDone)] == [1, 2]
    assert {event.turn for event in agent.events if isinstance(event, TextFinal)} == {1, 2}


async def test_what_is_said_while_text_is_written_is_answered_after_it(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send("slow:0.5")
        await agent.first(TextDelta)
        assert await agent.steer("say:one more")
        assert await agent.steer("say:one last")
        done = await agent.done(turn)
    assert (done.status, done.turn) == ("ok", turn)
    assert done.text.split("\n\n")[1:] == ["one more", "one last"]
    assert done.text.startswith("word1 word2")
    assert len([event for event in agent.events if isinstance(event, TurnDone)]) == 1


async def test_a_turn_that_fails_says_so_whatever_is_answered_behind_it(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send("slow:0.5")
        await agent.first(TextDelta)
        assert await agent.steer("fail:529")
        done = await agent.done(turn)
        assert (done.status, done.problem) == ("failed", "overloaded")
        assert (await agent.ask(SAY)).status == "ok"


async def test_an_interrupt_stops_what_was_said_meanwhile_too(
    adapter: AgentAdapter, spec: SessionSpec, is_running: IsRunning
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send("hang")
        await is_running("hang")
        assert await agent.steer("hang")
        await agent.session.interrupt()
        assert (await agent.done(turn)).status == "stopped"
        assert (await agent.ask(SAY)).text == "one two three, and four"
    assert [event.turn for event in agent.events if isinstance(event, TurnDone)] == [1, 2]


async def test_nothing_is_handed_to_a_turn_that_does_not_run(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        assert not await agent.steer(SAY)
        await agent.ask(SAY)
        assert not await agent.steer(SAY)
        await agent.session.close(5)
        assert not await agent.steer(SAY)

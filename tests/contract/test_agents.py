"""What every agent vendor must do, over `AGENTS`: Claude is the real CLI on the offline model."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from bot.demo.model import OfflineModel
from sessions.agents import AGENTS
from sessions.agents.base import AgentAdapter, Allow, Deny, SessionSpec
from sessions.agents.tools import HubTool, ToolAnswer
from sessions.errors import AgentGone, SessionBusy, SessionNotFound
from sessions.events import (
    AskWithdrawn,
    Exited,
    PermissionAsk,
    Started,
    TextDelta,
    TextFinal,
    Thinking,
    ToolEnd,
    ToolStart,
    TurnDone,
)
from sessions.process import is_locked
from tests.support.agents import claude_spec, make_spec, talk

IsRunning = Callable[[str], Awaitable[None]]
SAY = "say:one two three, and four"
THINK = "think:let me see\nsay:seen"
ASK = 'tool:Bash:{"command":"echo $((40 + 2)) > asked"}'
SCRIPT = """
[[turn]]
match = "say:one two"
step = [{ text = "one two three, and four" }]

[[turn]]
match = "think:"
step = [{ think = "let me see" }, { text = "seen" }]

[[turn]]
match = "hang"
step = [{ hang = true }]

[[turn]]
match = "tool:Bash"
step = [{ tool = "Bash", title = "echo", ask = true }, { text = "used" }]

[[turn]]
match = "send_file"
step = [{ tool = "send_file", input = { path = "plot.png" } }, { text = "there" }]

[[turn]]
match = "slow:"
step = [{ text = "word1 word2 word3 word4 word5", over_s = 0.5 }]

[[turn]]
match = "said meanwhile"
step = [{ text = "one more, said meanwhile" }]

[[turn]]
match = "say:one more"
step = [{ text = "one more" }]

[[turn]]
match = "say:one last"
step = [{ text = "one last" }]

[[turn]]
match = "fail:529"
step = [{ fail = "overloaded", reason = "The model is overloaded." }]

[[turn]]
match = "recall"
step = [{ recall = true }]
"""


@pytest.fixture
async def model() -> AsyncIterator[OfflineModel]:
    async with OfflineModel() as model:
        yield model


@pytest.fixture(params=list(AGENTS))
def adapter(request: pytest.FixtureRequest) -> AgentAdapter:
    return AGENTS[request.param]


@pytest.fixture
def spec(adapter: AgentAdapter, model: OfflineModel, tmp_path: Path) -> SessionSpec:
    if adapter.vendor == "claude":
        return claude_spec(tmp_path, model)
    script = tmp_path / "script.toml"
    script.write_text(SCRIPT)
    return make_spec(tmp_path, adapter.new_session_id(), options={"script": script})


@pytest.fixture
def is_running(adapter: AgentAdapter, model: OfflineModel) -> IsRunning:
    """Wait until the agent works on a prompt that never ends."""

    async def wait(prompt: str) -> None:
        if adapter.vendor == "claude":
            await model.heard(prompt)

    return wait


async def test_a_turn_ends_once_with_the_whole_text(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        done = await agent.ask(SAY)
        assert (done.status, done.text) == ("ok", "one two three, and four")
        await agent.ask(THINK)
    assert [event.turn for event in agent.events if isinstance(event, TurnDone)] == [1, 2]


async def test_deltas_join_to_the_final_text(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(SAY)
        done = await agent.done(turn)
    deltas = [event.text for event in agent.of(TextDelta, turn)]
    assert len(deltas) > 1
    assert "".join(deltas) == "".join(event.text for event in agent.of(TextFinal, turn)) == done.text


async def test_thinking_is_no_part_of_the_answer(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(THINK)
        done = await agent.done(turn)
    assert "".join(event.text for event in agent.of(Thinking, turn)) == "let me see"
    assert done.text == "seen"


async def test_a_turn_says_where_it_works(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(SAY)
        await agent.done(turn)
    (started,) = agent.of(Started, turn)
    assert started.workdir == str(spec.workdir)
    assert started.memory_dir == str(spec.memory_dir)
    assert started.agent_session_id == spec.agent_session_id == agent.session.agent_session_id


async def test_an_interrupt_stops_the_turn_and_the_next_prompt_works(
    adapter: AgentAdapter, spec: SessionSpec, is_running: IsRunning
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send("hang")
        await is_running("hang")
        await agent.session.interrupt()
        done = await agent.done(turn)
        assert (done.status, done.text, done.problem) == ("stopped", "", None)
        assert (await agent.ask(SAY)).status == "ok"


async def test_an_interrupt_straight_after_the_prompt_stops_it(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send("hang")
        await agent.session.interrupt()
        assert (await agent.done(turn)).status == "stopped"


async def test_an_interrupt_without_a_turn_harms_nothing(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.session.interrupt()
        assert (await agent.ask(SAY)).status == "ok"


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


async def test_a_prompt_that_was_answered_may_have_had_effects(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    """A scripted agent has none, ever; it lives in our process."""
    uuid = uuid4()
    assert not await asyncio.to_thread(adapter.may_have_acted, spec, uuid)
    async with talk(adapter, spec) as agent:
        await agent.ask(SAY, uuid)
    acted = await asyncio.to_thread(adapter.may_have_acted, replace(spec, expect_history=True), uuid)
    assert acted == (adapter.vendor == "claude")
    assert not await asyncio.to_thread(adapter.may_have_acted, spec, uuid4())


async def test_an_allowed_tool_runs(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        assert (ask.turn, ask.tool) == (turn, "Bash")
        assert "echo" in ask.title
        assert await agent.session.answer(ask.id, Allow())
        assert (await agent.done(turn)).status == "ok"
    (end,) = agent.of(ToolEnd, turn)
    assert not end.failed
    assert not agent.of(AskWithdrawn, turn)


async def test_a_denied_tool_does_not_run_and_the_agent_hears_why(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        assert await agent.session.answer(ask.id, Deny(reason="not on a Sunday"))
        assert (await agent.done(turn)).status == "ok"
    (end,) = agent.of(ToolEnd, turn)
    assert end.failed
    assert "not on a Sunday" in end.output
    assert not (spec.workdir / "asked").exists()


async def test_a_tool_is_decided_about_once(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        agent.holds_tools = True
        turn = await agent.send(ASK)
        start = await agent.first(ToolStart)
        agent.session.decide("nobody began this", Deny(reason="no"))
        agent.session.decide(start.id, Allow())
        agent.session.decide(start.id, Deny(reason="too late"))
        ask = await agent.first(PermissionAsk)
        await agent.session.answer(ask.id, Allow())
        await agent.done(turn)
    (end,) = agent.of(ToolEnd, turn)
    assert not end.failed


async def test_a_tool_that_may_not_begin_does_not_and_the_agent_hears_why(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        agent.holds_tools = True
        turn = await agent.send(ASK)
        start = await agent.first(ToolStart)
        agent.session.decide(start.id, Deny(reason="not written down"))
        assert (await agent.done(turn)).status == "ok"
    (end,) = agent.of(ToolEnd, turn)
    assert end.failed
    assert "not written down" in end.output
    assert not agent.of(PermissionAsk, turn)
    assert not (spec.workdir / "asked").exists()


async def test_an_interrupt_ends_a_turn_whose_tool_waits(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        agent.holds_tools = True
        turn = await agent.send(ASK)
        await agent.first(ToolStart)
        await agent.session.interrupt()
        assert (await agent.done(turn)).status == "stopped"
        assert not agent.of(PermissionAsk, turn)
        assert (await agent.ask(SAY)).status == "ok"


async def test_closing_ends_a_process_whose_tool_waits(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        agent.holds_tools = True
        await agent.send(ASK)
        await agent.first(ToolStart)
        await agent.session.close(0.1)
        assert not await asyncio.to_thread(is_locked, spec.lock)


async def test_a_call_is_reported_before_its_question(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(f"words:900\n{ASK}")
        ask = await agent.first(PermissionAsk)
        (start,) = agent.of(ToolStart, turn)
        assert start.id == ask.id
        assert agent.events.index(start) < agent.events.index(ask)
        await agent.session.answer(ask.id, Deny(reason="no"))
        await agent.done(turn)


async def test_a_question_is_answered_once(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        assert await agent.session.answer(ask.id, Deny(reason="no"))
        assert not await agent.session.answer(ask.id, Allow())
        await agent.done(turn)
        assert not await agent.session.answer("nobody asked this", Allow())


async def test_an_interrupt_withdraws_the_open_question(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        turn = await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        await agent.session.interrupt()
        withdrawn = await agent.first(AskWithdrawn)
        assert (withdrawn.id, withdrawn.reason) == (ask.id, "agent")
        assert (await agent.done(turn)).status == "stopped"
        assert not await agent.session.answer(ask.id, Allow())


async def test_a_failure_names_its_problem_and_the_next_prompt_works(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        done = await agent.ask("fail:529")
        assert (done.status, done.problem) == ("failed", "overloaded")
        assert "overloaded" in done.text
        assert (await agent.ask(SAY)).status == "ok"


async def test_the_last_event_is_the_end_of_the_process(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.ask(SAY)
    assert isinstance(agent.events[-1], Exited)
    assert len([event for event in agent.events if isinstance(event, Exited)]) == 1


async def test_a_closed_session_takes_no_prompt(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.session.close(5)
        with pytest.raises(AgentGone):
            await agent.send(SAY)


async def test_a_session_may_be_closed_twice_and_at_once(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent, asyncio.TaskGroup() as tasks:
        tasks.create_task(agent.session.close(5))
        tasks.create_task(agent.session.close(5))


async def test_closing_in_the_middle_of_a_turn_ends_the_process(
    adapter: AgentAdapter, spec: SessionSpec, is_running: IsRunning
) -> None:
    async with talk(adapter, spec) as agent:
        await agent.send("hang")
        await is_running("hang")
        await agent.session.close(0.1)
        assert not await asyncio.to_thread(is_locked, spec.lock)


async def test_closing_withdraws_the_open_question(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.send(ASK)
        ask = await agent.first(PermissionAsk)
        await agent.session.close(0.1)
        assert (await agent.first(AskWithdrawn)).id == ask.id


async def test_a_close_that_is_cancelled_again_and_again_still_ends_the_process(
    adapter: AgentAdapter, spec: SessionSpec, is_running: IsRunning
) -> None:
    async with talk(adapter, spec) as agent:
        await agent.send("hang")
        await is_running("hang")
        async with asyncio.TaskGroup() as tasks:
            closing = tasks.create_task(agent.session.close(0.1))
            while not closing.done():
                await asyncio.sleep(0)
                closing.cancel()
        assert not await asyncio.to_thread(is_locked, spec.lock)


async def test_a_session_goes_on_where_it_was(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.ask("say:one, with a canary in the coal mine")
    async with talk(adapter, replace(spec, expect_history=True)) as agent:
        done = await agent.ask("recall")
        assert "canary in the coal mine" in done.text
        assert done.agent_session_id == spec.agent_session_id


async def test_another_session_knows_nothing_of_it(adapter: AgentAdapter, spec: SessionSpec) -> None:
    async with talk(adapter, spec) as agent:
        await agent.ask("say:one, with a canary in the coal mine")
    other = replace(spec, agent_session_id=adapter.new_session_id())
    async with talk(adapter, other) as agent:
        assert "canary" not in (await agent.ask("recall")).text


async def test_missing_history_is_said_and_nothing_is_started(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    with pytest.raises(SessionNotFound) as caught:
        await adapter.open(replace(spec, expect_history=True))
    assert spec.agent_session_id in str(caught.value)
    assert not await asyncio.to_thread(is_locked, spec.lock)


async def test_a_session_that_was_never_prompted_starts_again(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec):
        pass
    async with talk(adapter, spec) as agent:
        assert (await agent.ask(SAY)).status == "ok"


async def test_a_second_process_on_a_session_is_refused_and_the_first_goes_on(
    adapter: AgentAdapter, spec: SessionSpec
) -> None:
    async with talk(adapter, spec) as agent:
        with pytest.raises(SessionBusy) as caught:
            await adapter.open(spec)
        assert caught.value.retryable
        assert (await agent.ask(SAY)).status == "ok"


async def test_a_cancelled_start_leaves_nothing(adapter: AgentAdapter, spec: SessionSpec) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await adapter.open(spec)
    async with talk(adapter, spec) as agent:
        assert (await agent.ask(SAY)).status == "ok"


def test_new_ids_differ(adapter: AgentAdapter) -> None:
    assert len({adapter.new_session_id() for _ in range(100)}) == 100


def test_the_vendor_is_listed_under_its_name() -> None:
    assert all(name == adapter.vendor for name, adapter in AGENTS.items())


@pytest.mark.parametrize("failed", [False, True])
async def test_a_tool_of_ours_is_run_unasked_and_its_answer_told(
    adapter: AgentAdapter, spec: SessionSpec, failed: bool
) -> None:
    calls: list[Mapping[str, object]] = []

    async def call(arguments: Mapping[str, object]) -> ToolAnswer:
        calls.append(arguments)
        return ToolAnswer(text="plot.png was looked at.", failed=failed)

    schema = {"type": "object", "properties": {"path": {"type": "string"}}}
    tool = HubTool(name="send_file", description="Send a file.", schema=schema, call=call)
    async with talk(adapter, replace(spec, tools=(tool,))) as agent:
        done = await agent.ask('tool:mcp__roomkey__send_file:{"path": "plot.png"}\nsay:there')
        end = await agent.first(ToolEnd)
    assert (done.status, calls) == ("ok", [{"path": "plot.png"}])
    assert (end.failed, end.output) == (failed, "plot.png was looked at.")
    assert not [event for event in agent.events if isinstance(event, PermissionAsk)]

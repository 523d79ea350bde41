"""The scripted agent's own ways; what it shares with the others is in contract/test_agent*.py."""

from dataclasses import replace
from pathlib import Path

import pytest

from sessions.agents.base import SessionSpec
from sessions.agents.scripted import ADAPTER
from sessions.errors import AgentError, AgentGone
from sessions.events import Exited, TextDelta, TurnDone
from tests.support.agents import make_spec, talk


@pytest.fixture
def spec(tmp_path: Path) -> SessionSpec:
    return make_spec(tmp_path, ADAPTER.new_session_id())


def with_script(spec: SessionSpec, text: str) -> SessionSpec:
    script = spec.home / "script.toml"
    script.write_text(text)
    return replace(spec, options={"script": str(script)})


@pytest.fixture
def leaving(spec: SessionSpec) -> SessionSpec:
    return with_script(spec, "[[turn]]\nmatch = 'leave'\nstep = [{ text = 'bye' }, { exit = 3 }]")


@pytest.fixture
def slow(spec: SessionSpec) -> SessionSpec:
    return with_script(
        spec, "[[turn]]\nstep = [{ text = 'a b', over_s = 0.01 }, { wait_s = 0.01 }, { text = '{prompt}!' }]"
    )


@pytest.fixture
def wrong(spec: SessionSpec) -> SessionSpec:
    return with_script(spec, "[[turn]]\nstep = []")


async def test_without_a_script_it_echoes_word_by_word(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        turn = await agent.send("  hello  there\nyou ")
        assert (await agent.done(turn)).text == "  hello  there\nyou "
    assert [delta.text for delta in agent.of(TextDelta, turn)] == ["  ", "hello  ", "there\n", "you "]


async def test_an_empty_prompt_has_an_empty_answer(spec: SessionSpec) -> None:
    async with talk(ADAPTER, spec) as agent:
        assert (await agent.ask("")).text == ""


async def test_a_script_may_end_the_process(leaving: SessionSpec) -> None:
    async with talk(ADAPTER, leaving) as agent:
        turn = await agent.send("leave")
        assert (await agent.first(Exited)).exit_code == 3
        assert not agent.of(TurnDone, turn)
        with pytest.raises(AgentGone):
            await agent.send("again")


async def test_texts_and_pauses_follow_each_other(slow: SessionSpec) -> None:
    async with talk(ADAPTER, slow) as agent:
        assert (await agent.ask("now")).text == "a b\n\nnow!"


async def test_a_wrong_script_is_refused_at_the_start(wrong: SessionSpec) -> None:
    with pytest.raises(AgentError, match=r"script\.toml"):
        await ADAPTER.open(wrong)


def test_it_has_no_terminal(spec: SessionSpec) -> None:
    assert ADAPTER.terminal_command(spec) is None


async def test_prompts_that_come_during_a_turn_are_played_in_order(slow: SessionSpec) -> None:
    async with talk(ADAPTER, slow) as agent:
        turn = await agent.send("one")
        await agent.first(TextDelta)
        assert await agent.steer("two")
        assert await agent.steer("three")
        done = await agent.done(turn)
        assert done.text.split("\n\n")[1::2] == ["one!", "two!", "three!"]
        assert not await agent.steer("four")


async def test_a_prompt_that_is_handed_over_may_end_the_process(leaving: SessionSpec) -> None:
    async with talk(ADAPTER, leaving) as agent:
        await agent.send("hello")
        assert await agent.steer("leave")
        assert (await agent.first(Exited)).exit_code == 3
        assert not await agent.steer("more")

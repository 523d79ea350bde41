"""Sessions with the real Claude Code: from a terminal, forked, rewound, compacted, asked beside a turn."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.claude import ADAPTER
from sessions.agents.claude_transcript import config_dir, find_transcript
from sessions.errors import UserError
from sessions.forking import Forking
from sessions.keys import session_key
from sessions.store.values import Kind, Prompt, TurnState
from sessions.switching import Resumption
from tests.support.agents import claude_spec, model_login, talk
from tests.support.claude import bash
from tests.support.rooms import house
from tests.support.told import told

pytestmark = [pytest.mark.timeout(180), pytest.mark.blocking]
LAB, THREAD = session_key("lab"), session_key("lab-thread")


@pytest.fixture
async def model(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OfflineModel]:
    async with OfflineModel() as model:
        for name, value in {**model_login(model.url), "NO_PROXY": "127.0.0.1"}.items():
            monkeypatch.setenv(name, value)
        yield model


async def test_a_fork_knows_the_past_and_goes_its_own_way(tmp_path: Path, model: OfflineModel) -> None:
    async with house(tmp_path, adapter=ADAPTER) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "the fruit is fig")
        until = (await home.manager.past.said(LAB))[1]
        assert until.prompt.text == "the word is plum"
        await told(home, "lab", Forking().model_dump_json(), Kind.FORK)
        await told(home, "lab", "the tree is oak")
        assert "said before" not in await told(home, "lab-thread", "the bird is owl")
        thread, lab = await told(home, "lab-thread", "recall"), await told(home, "lab", "recall")
        for text, there, here in (
            ("plum", True, True),
            ("fig", True, True),
            ("oak", False, True),
            ("owl", True, False),
        ):
            assert (text in thread, text in lab) == (there, here), text
        first, second = await home.store.session(LAB), await home.store.session(THREAD)
        assert first is not None
        assert second is not None
        assert first.agent_session_id != second.agent_session_id
        assert second.cost_usd < first.cost_usd  # what a copy costs, it costs from its beginning


async def test_a_rewound_conversation_has_forgotten_what_came_later(
    tmp_path: Path, model: OfflineModel
) -> None:
    async with house(tmp_path, adapter=ADAPTER) as home:
        for text in ("the word is plum", "the fruit is fig", "the tree is oak"):
            await told(home, "lab", text)
        said = await home.manager.past.said(LAB)
        assert [turn.prompt.text for turn in said] == [
            "the tree is oak",
            "the fruit is fig",
            "the word is plum",
        ]
        await told(home, "lab", str(said[1].id), Kind.REWIND)
        recalled = await told(home, "lab", "recall")
        assert "plum" in recalled
        assert "fig" not in recalled
        assert "oak" not in recalled
        record = await home.store.session(LAB)
        assert record is not None
        transcript = find_transcript(config_dir(home.engine.paths.room(LAB).home), record.agent_session_id)
        assert transcript is not None
        assert "the fruit is fig" not in await asyncio.to_thread(transcript.read_text)
        former = (await home.store.former_sessions(LAB))[0]
        await told(home, "lab", Resumption(id=former.agent_session_id).model_dump_json(), Kind.RESUME)
        assert "oak" in await told(home, "lab", "recall")


async def test_a_conversation_is_compacted_and_too_short_a_one_is_not(
    tmp_path: Path, model: OfflineModel
) -> None:
    (tmp_path / "secret").write_text("pomegranate")
    async with house(tmp_path, adapter=ADAPTER) as home:
        assert "nothing to compact" in await told(home, "lab", "", Kind.COMPACT)
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "the fruit is fig")
        hint = f"keep the fruit @{tmp_path}/secret"
        assert "Compacted (" in await told(home, "lab", hint, Kind.COMPACT)
        await told(home, "desk", "the tree is oak")
        await told(home, "desk", "", Kind.COMPACT)
        again = await told(home, "desk", "", Kind.COMPACT)
        assert "Nothing was compacted" in again
        assert "Not enough messages" in again
        assert "continued from a previous conversation" in await told(home, "lab", "recall")
        use = await home.manager.context(LAB)
        assert use is not None
        assert 0 < use.used < use.window
        assert "Messages" in dict(use.parts)
        assert all(tokens > 0 for _, tokens in use.parts)
    assert "pomegranate" not in str(model.requests)


async def test_a_side_question_sees_the_session_and_changes_nothing(
    tmp_path: Path, model: OfflineModel
) -> None:
    async with house(tmp_path, adapter=ADAPTER) as home:
        await told(home, "lab", "the word is plum")
        running = await home.manager.accept(home.row("lab", "hang"))
        await model.heard("hang")
        room = home.engine.paths.room(LAB)
        before = await home.store.session(LAB)
        locks = set(home.engine.paths.session_locks.iterdir())
        answer = await home.manager.asides.ask(LAB, Prompt(text="recall", author_id="1", author_name="ann"))
        assert "plum" in answer
        touch = bash("touch made")
        said = await home.manager.asides.ask(LAB, Prompt(text=touch, author_id="1", author_name="ann"))
        assert "you may read" in said
        assert not (room.workdir / "made").exists()
        assert await home.store.session(LAB) == before
        assert set(home.engine.paths.session_locks.iterdir()) == locks
        assert not (room.root / "aside").exists()
        turn = await home.store.turn(running.turn)
        assert turn is not None
        assert turn.state is TurnState.RUNNING
        home.manager.stop(LAB)
        recalled = await told(home, "lab", "recall")
        assert "plum" in recalled
        assert "touch made" not in recalled


async def test_a_session_of_a_terminal_goes_on_here_unless_it_is_open_there(
    tmp_path: Path, model: OfflineModel
) -> None:
    data, project = tmp_path / "data", tmp_path / "project"
    for place in (data, project):
        place.mkdir()
    terminal = claude_spec(tmp_path / "terminal", model)
    terminal = type(terminal)(**{**{n: getattr(terminal, n) for n in terminal.__slots__}, "workdir": project})
    own = config_dir(terminal.home)
    wanted = Resumption(id=terminal.agent_session_id, owner=True).model_dump_json()
    async with house(data, adapter=ADAPTER, own_config=own) as home:
        await told(home, "lab", "hello")
        await home.store.bind(LAB, project)
        async with talk(ADAPTER, terminal) as there:
            await there.ask("the word is plum")
            listed = await home.manager.past.sessions(LAB)
            assert [(one.title, one.state) for one in listed] == [
                ("hello", "open"),
                ("the word is plum", "in use"),
            ]
            assert "open in a terminal" in await told(home, "lab", wanted, Kind.RESUME)
        by_no_owner = Resumption(id=terminal.agent_session_id).model_dump_json()
        assert "There is no such session" in await told(home, "lab", by_no_owner, Kind.RESUME)
        kept = find_transcript(own, terminal.agent_session_id)
        assert kept is not None
        before = kept.read_bytes()
        assert "a copy of the terminal's session **the word is plum**" in await told(
            home, "lab", wanted, Kind.RESUME
        )
        assert "plum" in await told(home, "lab", "recall")
        assert kept.read_bytes() == before
        with pytest.raises(UserError, match="This room is in that session"):
            await home.manager.past.delete(LAB, terminal.agent_session_id)
        await told(home, "lab", "", Kind.RESET)
        _, text = await home.manager.past.text(LAB, terminal.agent_session_id)
        assert "plum" in text
        await home.manager.past.delete(LAB, terminal.agent_session_id)
        left = [
            str(one)
            for one in home.engine.paths.room(LAB).home.rglob("*")
            if terminal.agent_session_id in one.name
        ]
        assert left == []
        assert kept.read_bytes() == before

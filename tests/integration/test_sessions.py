"""Sessions on the real store with the scripted agent: named, listed, resumed, rewound, forked, deleted."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from sessions.agents.conversations import Kept
from sessions.errors import UserError
from sessions.forking import Forking
from sessions.keys import SessionKey, session_key
from sessions.past import PastSession
from sessions.process import try_lock
from sessions.store.values import Kind, TurnState
from sessions.switching import Resumption
from tests.support.rooms import House, house
from tests.support.scripts import HANG, RECALL, WRITE
from tests.support.told import ended, resume, told

SCRIPT = RECALL + HANG + WRITE
LAB, THREAD = session_key("lab"), session_key("lab-thread")


async def listed(home: House, key: SessionKey = LAB) -> Sequence[PastSession]:
    return await home.manager.past.sessions(key)


async def test_a_session_is_called_by_its_first_words_or_by_the_name_it_was_given(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "and another thing")
        assert "**parsers**" in await told(home, "lab", "parsers", Kind.RESET)
        await told(home, "lab", "hello")
        present, former = await listed(home)
        assert (present.title, present.state, present.turn_count) == ("parsers", "open", 1)
        assert (former.title, former.state, former.turn_count) == ("the word is plum", "former", 2)


async def test_a_former_session_goes_on_and_the_present_one_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "", Kind.RESET)
        await told(home, "lab", "the fruit is fig")
        _, former = await listed(home)
        assert "Back in the session **the word is plum**" in await resume(home, former.agent_session_id)
        recalled = await told(home, "lab", "recall")
        assert "plum" in recalled
        assert "fig" not in recalled
        assert [(one.title, one.state) for one in await listed(home)] == [
            ("the word is plum", "open"),
            ("the fruit is fig", "former"),
        ]


async def test_a_second_resume_of_the_same_session_changes_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "", Kind.RESET)
        await told(home, "lab", "the fruit is fig")
        _, former = await listed(home)
        await resume(home, former.agent_session_id)
        before = await home.store.session(LAB)
        assert "in that session already" in await resume(home, former.agent_session_id)
        assert await home.store.session(LAB) == before
        assert len(await listed(home)) == 2


async def test_a_resume_during_a_turn_waits_for_its_end(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "", Kind.RESET)
        hanging = await home.say("lab", "hang")
        await home.replies.begun("hang")
        former = (await home.store.former_sessions(LAB))[0]
        resumed = await home.say(
            "lab", Resumption(id=former.agent_session_id).model_dump_json(), kind=Kind.RESUME
        )
        record = await home.store.session(LAB)
        assert record is not None
        assert record.agent_session_id != former.agent_session_id
        home.manager.stop(LAB)
        assert (await ended(home, hanging.turn)).state is TurnState.CANCELLED
        assert (await ended(home, resumed.turn)).state is TurnState.DONE
        record = await home.store.session(LAB)
        assert record is not None
        assert record.agent_session_id == former.agent_session_id


async def test_what_is_reset_after_a_resume_stays_reset(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "", Kind.RESET)
        former = (await home.store.former_sessions(LAB))[0]
        await resume(home, former.agent_session_id)
        await told(home, "lab", "", Kind.RESET)
        assert "plum" not in await told(home, "lab", "recall")


@pytest.mark.parametrize("name", ["", "../../other/home/scripted/x", "a" * 5000, "\0", "x/y", "6f1c"])
async def test_what_names_no_session_of_the_room_is_refused(tmp_path: Path, name: str) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        assert "There is no such session of this room" in await resume(home, name, owner=True)
        assert "plum" in await told(home, "lab", "recall")


async def test_a_session_of_another_room_is_none_of_this_one(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "desk", "the word is plum")
        other = await home.store.session(session_key("desk"))
        assert other is not None
        await told(home, "lab", "hello")
        assert "There is no such session" in await resume(home, other.agent_session_id, owner=True)
        with pytest.raises(UserError, match="no such session"):
            await home.manager.past.text(LAB, other.agent_session_id)
        with pytest.raises(UserError, match="no such session"):
            await home.manager.past.delete(LAB, other.agent_session_id)
        assert "plum" not in await told(home, "lab", "recall")


async def test_a_session_whose_files_are_gone_is_refused_and_the_present_one_goes_on(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        record = await home.store.session(LAB)
        assert record is not None
        await told(home, "lab", "", Kind.RESET)
        await told(home, "lab", "the fruit is fig")
        await asyncio.to_thread(home.engine.adapter.conversations.delete, home.engine.kept(record))
        assert "its files were removed" in await resume(home, record.agent_session_id)
        assert "fig" in await told(home, "lab", "recall")


async def test_a_session_that_another_process_holds_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "", Kind.RESET)
        former = (await home.store.former_sessions(LAB))[0]
        lock = try_lock(home.engine.paths.session_lock(former.agent_session_id))
        assert lock is not None
        assert "in use by another process" in await resume(home, former.agent_session_id)


async def test_a_session_that_works_elsewhere_needs_an_owner(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    data = tmp_path / "data"
    data.mkdir()
    async with house(data, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await home.store.bind(LAB, project)
        await told(home, "lab", "", Kind.RESET)
        await home.store.bind(LAB, home.engine.paths.room(LAB).workdir)
        former = (await home.store.former_sessions(LAB))[0]
        assert "Only an owner" in await resume(home, former.agent_session_id)
        assert f"works in `{project}`" in await resume(home, former.agent_session_id, owner=True)
        record = await home.store.session(LAB)
        assert record is not None
        assert record.workdir == project


async def test_a_room_goes_back_to_before_a_message(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        for text in ("the word is plum", "the fruit is fig", "the tree is oak"):
            await told(home, "lab", text)
        said = await home.manager.past.said(LAB)
        assert [turn.prompt.text for turn in said] == [
            "the tree is oak",
            "the fruit is fig",
            "the word is plum",
        ]
        assert "the fruit is fig" in await told(home, "lab", str(said[1].id), Kind.REWIND)
        recalled = await told(home, "lab", "recall")
        assert "plum" in recalled
        assert "fig" not in recalled
        assert "oak" not in recalled
        present, former = await listed(home)
        assert (present.title, former.title) == ("the word is plum", "the word is plum")
        assert former.turn_count == 3
        assert [turn.prompt.text for turn in await home.manager.past.said(LAB)] == [
            "recall",
            "the word is plum",
        ]
        await resume(home, former.agent_session_id)
        assert "oak" in await told(home, "lab", "recall")


async def test_a_room_that_goes_back_to_before_its_first_message_starts_fresh(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        first = (await home.manager.past.said(LAB))[0]
        await told(home, "lab", str(first.id), Kind.REWIND)
        assert "plum" not in await told(home, "lab", "recall")


@pytest.mark.parametrize("which", ["desk", "0", "999999", "reset"])
async def test_a_message_that_is_not_in_the_conversation_is_refused(tmp_path: Path, which: str) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        elsewhere = (await home.say("desk", "hello")).turn
        turn = {"desk": str(elsewhere)}.get(which, which)
        if which == "reset":
            turn = str((await home.manager.past.said(LAB))[0].id)
            await told(home, "lab", "", Kind.RESET)
            await told(home, "lab", "the fruit is fig")
        assert "Nothing was changed." in await told(home, "lab", turn, Kind.REWIND)
        assert "Said before" in await told(home, "lab", "recall")


async def test_a_fork_knows_the_past_and_goes_its_own_way(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "the fruit is fig")
        first = (await home.manager.past.said(LAB))[1]
        assert "Forked into room `lab-thread`" in await told(
            home, "lab", Forking(turn=int(first.id)).model_dump_json(), Kind.FORK
        )
        await told(home, "lab", "the tree is oak")
        recalled = await told(home, "lab-thread", "recall")
        assert "plum" in recalled
        assert "fig" not in recalled
        assert "oak" not in recalled
        await told(home, "lab-thread", "the bird is owl")
        assert "owl" not in await told(home, "lab", "recall")
        [fork] = await listed(home, THREAD)
        assert (fork.title, fork.turn_count) == ("the word is plum", 3)


async def test_a_fork_of_nothing_and_one_into_a_room_that_speaks_are_refused(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        fork = Forking().model_dump_json()
        assert "Nothing was said here yet" in await told(home, "lab", fork, Kind.FORK)
        await told(home, "lab-thread", "hello")
        await told(home, "lab", "the word is plum")
        assert "so it starts fresh" in await told(home, "lab", fork, Kind.FORK)
        assert "plum" not in await told(home, "lab-thread", "recall")


async def test_a_conversation_is_compacted_between_turns(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        assert "nothing to compact" in await told(home, "lab", "", Kind.COMPACT)
        await told(home, "lab", "the word is plum")
        assert "Compacted (1 tokens before, 1 now)" in await told(home, "lab", "the words", Kind.COMPACT)
        assert "a summary of 1 prompts" in await told(home, "lab", "recall")
        [present] = await listed(home)
        assert present.title == "the word is plum"


async def test_a_deleted_session_is_gone_for_good(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await told(home, "lab", "", Kind.RESET)
        await told(home, "lab", "hello")
        present, former = await listed(home)
        with pytest.raises(UserError, match="This room is in that session"):
            await home.manager.past.delete(LAB, present.ref)
        _, text = await home.manager.past.text(LAB, former.ref)
        assert "the word is plum" in text
        await home.manager.past.delete(LAB, former.ref)
        with pytest.raises(UserError, match="no such session"):
            await home.manager.past.delete(LAB, former.ref)
        assert [one.state for one in await listed(home)] == ["open"]
        home_dir = home.engine.paths.room(LAB).home
        kept = Kept(home=home_dir, agent_session_id=former.agent_session_id, workdir=former.workdir)
        assert not await asyncio.to_thread(home.engine.adapter.conversations.exists, kept)
        assert "There is no such session" in await resume(home, former.agent_session_id)


async def test_what_is_typed_is_answered_from_memory(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        assert home.manager.past.seen(LAB).sessions == ()
        async with asyncio.timeout(60):
            while not (seen := home.manager.past.seen(LAB)).sessions:
                await asyncio.sleep(0.01)
        assert [one.title for one in seen.sessions] == ["the word is plum"]
        assert [turn.prompt.text for turn in seen.said] == ["the word is plum"]

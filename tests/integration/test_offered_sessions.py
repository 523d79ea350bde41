"""What a room offers to go on with: what was just said in it, and the sessions of deleted places."""

from pathlib import Path

from sessions.keys import session_key
from sessions.store.values import Kind
from sessions.switching import Resumption
from sessions.tombstones import Tombstones
from tests.support.rooms import House, house
from tests.support.told import told

SCRIPT = """
[[turn]]
match = "recall"
[[turn.step]]
recall = true
"""
LAB = session_key("lab")


async def resume(home: House, name: str, *, owner: bool = False) -> str:
    return await told(home, "lab", Resumption(id=name, owner=owner).model_dump_json(), Kind.RESUME)


async def test_an_owner_goes_on_with_the_session_of_a_deleted_place(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "garden", "the word is plum")
        await told(home, "lab", "the fruit is fig")
        garden = await home.store.session(session_key("garden"))
        assert garden is not None
        assert [one.state for one in await home.manager.past.sessions(LAB)] == ["open"]
        assert "no such session" in await resume(home, garden.agent_session_id, owner=True)
        await Tombstones(home.store, home.engine.clock).bury(garden.key, "the garden")
        _, gone = await home.manager.past.sessions(LAB)
        assert (gone.title, gone.state, gone.turn_count) == ("the garden", "deleted", 1)
        assert "no such session" in await resume(home, gone.ref)
        assert "the deleted place **the garden**" in await resume(home, gone.ref, owner=True)
        recalled = await told(home, "lab", "recall")
        assert "plum" in recalled
        assert "fig" not in recalled
        assert await home.store.session(garden.key) == garden
        assert [(one.title, one.state) for one in await home.manager.past.sessions(LAB)] == [
            ("the garden", "open"),
            ("the fruit is fig", "former"),
            ("the garden", "deleted"),
        ]


async def test_what_was_just_said_is_there_once_it_is_ready(tmp_path: Path) -> None:
    async with house(tmp_path, script=SCRIPT) as home:
        await told(home, "lab", "the word is plum")
        await home.manager.past.ready(LAB)
        assert [turn.prompt.text for turn in home.manager.past.seen(LAB).said] == ["the word is plum"]

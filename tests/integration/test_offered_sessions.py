"""What a room offers to go on with: what was just said in it, and the sessions of deleted places."""

import json
from dataclasses import replace
from pathlib import Path

from sessions.agents.claude import ADAPTER as CLAUDE
from sessions.agents.claude_transcript import config_dir, transcript_path
from sessions.keys import session_key
from sessions.past import TEXT_CHARS
from sessions.redaction import MASK
from sessions.room_words import Where
from sessions.store.values import Kind
from sessions.tombstones import Tombstones
from tests.support.rooms import house
from tests.support.scripts import RECALL
from tests.support.told import resume, told

LAB = session_key("lab")


async def test_an_owner_goes_on_with_the_session_of_a_deleted_place(tmp_path: Path) -> None:
    async with house(tmp_path, script=RECALL) as home:
        await told(home, "garden", "the word is plum")
        await told(home, "lab", "the fruit is fig")
        garden = await home.store.session(session_key("garden"))
        assert garden is not None
        assert [one.state for one in await home.manager.past.sessions(LAB)] == ["open"]
        assert "no such session" in await resume(home, garden.agent_session_id, owner=True)
        home.engine.words.see(garden.key, Where(server="1"))
        await Tombstones(home.store, home.engine.clock).bury(garden.key, "the garden")
        _, gone = await home.manager.past.sessions(LAB)
        assert (gone.title, gone.state, gone.turn_count, gone.server) == ("the garden", "deleted", 1, "1")
        assert "no such session" in await resume(home, gone.ref)
        for elsewhere in ("2", None):
            assert "no such session" in await resume(home, gone.ref, owner=True, server=elsewhere)
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
    async with house(tmp_path, script=RECALL) as home:
        await told(home, "lab", "the word is plum")
        await home.manager.past.ready(LAB)
        assert [turn.prompt.text for turn in home.manager.past.seen(LAB).said] == ["the word is plum"]


async def test_a_secret_in_the_first_words_of_a_session_is_masked_where_they_are_read(tmp_path: Path) -> None:
    """Issue 5: half a secret, cut off for a title, looks like none behind that."""
    secret, name = "sk-ant-api03-0123456789-0123456789", "00000000-0000-4000-8000-000000000001"
    own, project = tmp_path / "own", tmp_path / "project"
    project.mkdir()
    kept = transcript_path(own, project, name)
    kept.parent.mkdir(parents=True)
    words = f"{'w ' * 90}{secret}"
    row = {"type": "user", "uuid": name, "sessionId": name, "message": {"role": "user", "content": words}}
    kept.write_text(json.dumps(row) + "\n")
    async with house(tmp_path / "data", adapter=CLAUDE, own_config=own) as home:
        home.engine.redactor.add(secret)
        await home.store.ensure_session(home.engine.first_record(LAB))
        await home.store.bind(LAB, project)
        [found] = await home.manager.past.sessions(LAB)
        assert found.title == f"{'w ' * 90}{MASK}"
        assert "a copy of the terminal's session" in await resume(home, name, owner=True)
        await told(home, "lab", f"{'x' * 60} {secret}", Kind.RESET)
        titles = [one.title for one in await home.manager.past.sessions(LAB)]
    assert len(titles) == 1
    assert "sk-ant" not in str(titles)


async def test_first_words_that_are_read_up_to_half_a_secret_show_none_of_it(tmp_path: Path) -> None:
    secret, name = "key-" + "0123456789" * 30, "00000000-0000-4000-8000-000000000001"
    own, project = tmp_path / "own", tmp_path / "project"
    project.mkdir()
    kept = transcript_path(own, project, name)
    kept.parent.mkdir(parents=True)
    message = {"role": "user", "content": " ".join([secret] * 20)}
    kept.write_text(json.dumps({"type": "user", "uuid": name, "message": message}) + "\n")
    async with house(tmp_path / "data", adapter=CLAUDE, own_config=own) as home:
        home.engine.redactor.add(secret)
        await home.store.ensure_session(home.engine.first_record(LAB))
        await home.store.bind(LAB, project)
        [found] = await home.manager.past.sessions(LAB)
    assert found.title.startswith(MASK)
    assert "key-" not in found.title


async def test_a_long_session_is_exported_as_far_as_it_fits_with_no_half_secret(tmp_path: Path) -> None:
    secret = "sk-ant-api03-0123456789-0123456789"
    async with house(tmp_path, adapter=CLAUDE) as home:
        home.engine.redactor.add(secret)
        record = replace(home.engine.first_record(LAB), turn_count=1)
        await home.store.import_sessions([record], [])
        kept = transcript_path(
            config_dir(home.engine.paths.room(LAB).home), record.workdir, record.agent_session_id
        )
        kept.parent.mkdir(parents=True)
        before = "w" * (TEXT_CHARS - len("## Prompt\n\n") - 10)
        message = {"role": "user", "content": f"{before}{secret}{'x' * 1000}"}
        kept.write_text(json.dumps({"type": "user", "uuid": "1", "message": message}) + "\n")
        _, text = await home.manager.past.text(LAB, record.agent_session_id)
    assert len(text) == TEXT_CHARS
    assert text.endswith(f"ww{MASK}xx")
    assert "sk-ant" not in text

"""/cwd as a turn: it is made once more after a crash, and is not taken along by what runs."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from sessions.box.mounts import Mount
from sessions.keys import session_key
from sessions.rearranged import Rearrangement
from sessions.store.values import Kind, TurnState
from tests.support.rooms import house

LAB = session_key("lab")


def test_it_is_read_as_it_was_written() -> None:
    change = Rearrangement(act="mount", path="/srv/a b", writable=True)
    assert Rearrangement.model_validate_json(change.model_dump_json()) == change
    assert change.mount == Mount(Path("/srv/a b"), writable=True)
    with pytest.raises(ValidationError):
        Rearrangement.model_validate_json('{"act": "format", "path": "/"}')


async def test_made_twice_it_is_made(tmp_path: Path) -> None:
    repo, data = tmp_path / "repo", tmp_path / "data"
    repo.mkdir()
    data.mkdir()
    changes = [
        *[Rearrangement(act="directory", path=str(repo))] * 2,
        *[Rearrangement(act="mount", path=str(repo), writable=True)] * 2,
    ]
    async with house(data) as home:
        for change in changes:
            await home.say("lab", change.model_dump_json(), kind=Kind.CWD)
        await home.say("lab", "hello")
        await home.replies.until(1)
        status = await home.manager.status(LAB)
        assert status.mounts == (Mount(repo, writable=True),)
        assert status.record is not None
        assert status.record.workdir == repo


async def test_what_is_refused_fails_its_own_turn_alone(tmp_path: Path) -> None:
    change = Rearrangement(act="mount", path=str(tmp_path / "gone"))
    async with house(tmp_path) as home:
        accepted = await home.say("lab", change.model_dump_json(), kind=Kind.CWD)
        await home.say("lab", "hello")
        await home.replies.until(1)
        ended = await home.manager.turn(accepted.turn)
        assert ended is not None
        assert ended.state is TurnState.FAILED

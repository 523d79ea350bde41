"""/cwd as it is used: what it takes, what it shows, and that it takes its place at once."""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands.cwd import CWD
from bot.commands.spec import Given
from bot.said import Said
from sessions.box.mounts import Mount
from sessions.errors import StateError, UserError
from sessions.rearranged import Rearrangement
from sessions.store.values import Kind
from tests.support.calls import called
from tests.support.desk_rooms import KEY, STATE, Rooms


def use(rooms: Rooms, options: Mapping[str, Given]) -> Awaitable[Said]:
    return CWD.run(called(rooms, options))


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({"directory": " /srv/project "}, Rearrangement(act="directory", path="/srv/project")),
        ({"directory": "~/project"}, Rearrangement(act="directory", path="~/project")),
        ({"directory": "own"}, Rearrangement(act="directory", path="own")),
        ({"mount": "/srv/repo"}, Rearrangement(act="mount", path="/srv/repo")),
        ({"mount": "/srv/out", "writable": True}, Rearrangement(act="mount", path="/srv/out", writable=True)),
        ({"unmount": "/srv/repo", "mount": ""}, Rearrangement(act="unmount", path="/srv/repo")),
    ],
)
async def test_it_takes_its_place_before_it_is_awaited(
    options: Mapping[str, Given], change: Rearrangement
) -> None:
    rooms = Rooms(ahead=2)
    answer = use(rooms, options)
    [row] = rooms.rows
    assert (row.kind, row.key, row.head, row.msg_id) == (Kind.CWD, KEY, False, 99)
    assert Rearrangement.model_validate_json(row.prompt.text) == change
    assert "when the 2 turns before this have ended" in (await answer).text


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"directory": "/a", "mount": "/b"}, "Name one of"),
        ({"mount": "/a", "unmount": "/b"}, "Name one of"),
        ({"writable": True}, "`writable` goes with `mount`"),
        ({"directory": "/a", "writable": True}, "`writable` goes with `mount`"),
        ({"directory": "project"}, "an absolute path"),
        ({"mount": "~/repo"}, "an absolute path"),
        ({"unmount": "own"}, "an absolute path"),
        ({"mount": "/a\nb"}, "at most 500 characters"),
        ({"directory": f"/{'a' * 500}"}, "at most 500 characters"),
    ],
)
async def test_what_it_does_not_take_is_refused_and_changes_nothing(
    options: Mapping[str, Given], why: str
) -> None:
    rooms = Rooms()
    with pytest.raises(UserError, match=why):
        await use(rooms, options)
    assert rooms.rows == []


async def test_alone_it_shows_where_the_agent_works_and_what_it_sees() -> None:
    mounts = (Mount(Path("/srv/repo"), writable=False), Mount(Path("/srv/out"), writable=True))
    rooms = Rooms(state=replace(STATE, mounts=mounts, isolation="bwrap"))
    text = (await use(rooms, {})).text
    assert "`/data/sessions/room/work`" in text
    assert "`/srv/repo` (read only), `/srv/out` (read and write)" in text
    assert "not boxed" not in text
    text = (await use(Rooms(state=replace(STATE, record=None)), {})).text
    assert "its own, made with the first message" in text
    assert "Nothing is mounted" in text
    assert "not boxed" in text
    text = (await use(Rooms(state=replace(STATE, isolation="bwrap")), {})).text
    assert "Sees nothing beside its room" in text
    assert rooms.rows == []


async def test_a_pause_and_a_store_in_trouble_are_told() -> None:
    assert "once `/queue` resumes it" in (await use(Rooms(paused=True), {"mount": "/a"})).text
    with pytest.raises(StateError):
        await use(Rooms(failure=StateError()), {"mount": "/a"})

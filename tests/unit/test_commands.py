"""What each command does and says, on any platform."""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import Person
from bot.commands import COMMANDS
from bot.commands.help import help_command
from bot.commands.reset import RESET
from bot.commands.spec import Call, Command
from bot.commands.status import STATUS, status_text
from bot.commands.stop import STOP
from sessions.errors import StateError
from sessions.manager import RoomStatus
from sessions.store.values import ChatAddress, Kind
from tests.support.desk_rooms import KEY, RECORD, STATE, Rooms


def call(command: Command, rooms: Rooms, options: Mapping[str, bool] | None = None) -> Awaitable[str]:
    return command.run(
        Call(
            rooms=rooms,
            key=KEY,
            person=Person(id="7", name="ann"),
            address=ChatAddress(platform="chat", channel_id="1"),
            source="chat:commands",
            id=99,
            options=options or {},
        )
    )


async def test_reset_takes_its_place_before_it_is_awaited() -> None:
    rooms = Rooms(ahead=2)
    answer = call(RESET, rooms)
    [row] = rooms.rows
    assert (row.kind, row.key, row.head, row.msg_id) == (Kind.RESET, KEY, False, 99)
    assert "when the 2 turns before this have ended" in await answer


async def test_reset_of_an_idle_room_is_done() -> None:
    assert await call(RESET, Rooms()) == "This room starts fresh."


async def test_reset_now_goes_before_everything_that_waits() -> None:
    rooms = Rooms(ahead=2)
    assert "What runs is ended" in await call(RESET, rooms, {"now": True})
    assert rooms.rows[0].head


async def test_a_reset_that_cannot_be_stored_is_told() -> None:
    with pytest.raises(StateError):
        await call(RESET, Rooms(failure=StateError()))


@pytest.mark.parametrize(
    ("runs", "words"), [(True, "Stopping what runs here"), (False, "Nothing is running in this room")]
)
async def test_stop_says_whether_something_ran(runs: bool, words: str) -> None:
    rooms = Rooms(runs=runs)
    assert words in await call(STOP, rooms)
    assert rooms.stopped == [KEY]


async def test_status_tells_everything_about_the_room_it_is_asked_in() -> None:
    text = await call(STATUS, Rooms())
    for fact in (
        "`room`",
        "idle",
        "0 waiting",
        "Agent: claude",
        "model: the agent's default",
        "mode: default",
        "Isolation: none",
        "`6f1c`",
        "3 turns",
        "`/data/sessions/room/work`",
        "`/data/sessions/room/memory`",
        "50,000 of 200,000 tokens (25%)",
        "$0.12",
        "```sh\ncd /data && claude --resume 6f1c\n```",
    ):
        assert fact in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (replace(STATE, state="running", running_for_s=65.0, waiting=2), "running for 1 min 5 s · 2 waiting"),
        (replace(STATE, state="asking"), "waiting for your permission"),
        (replace(STATE, record=None, terminal_command=None), "Session: none yet"),
        (replace(STATE, record=replace(RECORD, context_tokens=None)), "Context: not known yet"),
        (replace(STATE, record=replace(RECORD, context_window=None)), "Context: 50,000 tokens"),
        (replace(STATE, record=replace(RECORD, workdir=Path("/a`b"))), "`` /a`b ``"),
        (replace(STATE, model="sonnet", live=False), "model: sonnet · mode: default · process: not running"),
    ],
)
def test_status_tells_what_there_is(state: RoomStatus, words: str) -> None:
    assert words in status_text(state)


async def test_help_names_every_command_and_option() -> None:
    [helping] = [command for command in COMMANDS if command.name == "help"]
    text = await call(helping, Rooms())
    for command in COMMANDS:
        assert f"`/{command.name}`: {command.description}" in text
        for option in command.options:
            assert f"`{option.name}`: {option.description}" in text


async def test_help_needs_no_other_command() -> None:
    assert "/help" in await call(help_command([]), Rooms())


def test_names_and_descriptions_fit_a_chat() -> None:
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert command.name.islower()
        for text in (command.description, *(option.description for option in command.options)):
            assert 1 <= len(text) <= 100

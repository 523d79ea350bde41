"""/memory: what its clicks mean, and what is said where there is nothing to show or to change."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.access import Rules
from bot.chat import Person, Place
from bot.clicks import modal_for, parse_click
from bot.commands.memory import MemoryClick, Op, form, parse_memory, press
from bot.components import Pressed
from bot.gate import Gate
from bot.interactions import Interactions
from bot.memory_files import short
from bot.open_asks import OpenAsks
from sessions.errors import UserError
from sessions.keys import SessionKey
from sessions.manager import RoomStatus
from tests.support.desk_rooms import KEY, RECORD, STATE, Rooms
from tests.support.people import people


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    (tmp_path / "a.md").write_text("old\n")
    return tmp_path


@pytest.fixture
def rooms(memory: Path) -> Rooms:
    return Rooms(state=replace(STATE, record=replace(RECORD, memory_dir=memory)))


FILE = short("a.md")


@pytest.mark.parametrize(
    ("action", "made"),
    [
        ("rk:mem:list", MemoryClick(Op.LIST)),
        ("rk:mem:new", MemoryClick(Op.NEW)),
        (f"rk:mem:edit:{FILE}", MemoryClick(Op.EDIT, FILE)),
        (f"rk:mem:save:{FILE}:{'0' * 12}", MemoryClick(Op.SAVE, FILE, "0" * 12, text="new")),
        ("rk:mem:make", MemoryClick(Op.MAKE, name="b", text="new")),
    ],
)
def test_what_was_done_is_known_from_its_action_alone(action: str, made: MemoryClick) -> None:
    fields = {name: value for name in ("name", "text") if (value := getattr(made, name))}
    assert parse_click(Pressed(action=action, fields=fields)) == made


def test_a_choice_of_the_menu_names_the_file() -> None:
    assert parse_memory(Pressed(action="rk:mem:read", values=(FILE,))) == MemoryClick(Op.READ, FILE)


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("rk:mem:read", ()),
        ("rk:mem:read", ("../secret",)),
        ("rk:mem:edit", ()),
        ("rk:mem:save:x:y", ()),
        ("rk:mem:burn", ()),
        ("rk:mem:", ()),
    ],
)
def test_another_action_is_none_of_these(action: str, values: tuple[str, ...]) -> None:
    assert parse_memory(Pressed(action=action, values=values)) is None


async def test_only_editing_and_writing_anew_open_a_form(rooms: Rooms) -> None:
    for op in Op:
        modal = await modal_for(MemoryClick(op, FILE), rooms, KEY)
        assert (modal is not None) is (op in (Op.EDIT, Op.NEW))
    modal = await form(MemoryClick(Op.EDIT, FILE), rooms, KEY)
    assert modal is not None
    assert modal.fields[0].text == "old\n"


async def test_a_form_that_takes_too_long_is_refused_while_there_is_time_to_say_so() -> None:
    """Discord takes a form as a first answer alone, and that within three seconds."""

    class Stuck(Rooms):
        async def status(self, key: SessionKey) -> RoomStatus:
            await asyncio.Event().wait()
            return await super().status(key)

    rules = Rules(operators=frozenset({"7"}))
    gate = Gate(people=people(rules), listen_channels=(), reply_to=lambda _: "all")
    interactions = Interactions(gate=gate, rooms=Stuck(), asks=OpenAsks())
    click = MemoryClick(Op.EDIT, FILE)
    place = Place(platform="chat", channel_id="20", guild_id="1")
    async with asyncio.timeout(30):
        with pytest.raises(UserError, match="Press it again"):
            await interactions.modal(click, Person(id="7", name="ann"), place)


async def test_a_file_that_no_form_can_hold_is_not_opened(rooms: Rooms, memory: Path) -> None:
    (memory / "a.md").write_text("x" * 4001)
    with pytest.raises(UserError, match="no text of at most 4,000 characters"):
        await form(MemoryClick(Op.EDIT, FILE), rooms, KEY)


async def test_a_file_is_saved_and_what_was_done_is_named_without_its_words(
    rooms: Rooms, memory: Path
) -> None:
    modal = await form(MemoryClick(Op.EDIT, FILE), rooms, KEY)
    assert modal is not None
    made = parse_memory(Pressed(action=modal.action, fields={"text": "new"}))
    assert made is not None
    done = await press(made, rooms, KEY)
    assert (done.deed, done.detail) == ("memory", "a.md")
    assert done.message.text.startswith("Saved `a.md`.")
    assert (memory / "a.md").read_text() == "new\n"
    again = await press(made, rooms, KEY)
    assert "meanwhile" in again.message.text
    assert again.deed == ""


async def test_an_emptied_file_is_deleted_and_an_empty_new_one_is_not_made(
    rooms: Rooms, memory: Path
) -> None:
    modal = await form(MemoryClick(Op.EDIT, FILE), rooms, KEY)
    assert modal is not None
    made = parse_memory(Pressed(action=modal.action, fields={"text": ""}))
    assert made is not None
    done = (await press(made, rooms, KEY)).message.text
    assert done.startswith("Deleted `a.md`. The agent knows of it when it next starts")
    said = await press(MemoryClick(Op.MAKE, name="b"), rooms, KEY)
    assert said.message.text == "An empty file says nothing."
    assert list(memory.iterdir()) == []


async def test_a_text_that_no_form_of_ours_sends_is_given_back(rooms: Rooms, memory: Path) -> None:
    said = await press(MemoryClick(Op.MAKE, name="b", text="x" * 4001), rooms, KEY)
    assert "at most 4,000 characters" in said.message.text
    said = await press(MemoryClick(Op.MAKE, name="../b", text="words"), rooms, KEY)
    assert "up to 60 letters" in said.message.text
    assert "words" in said.message.text
    assert [one.name for one in memory.iterdir()] == ["a.md"]


async def test_without_a_session_there_is_no_memory() -> None:
    with pytest.raises(UserError, match="remembers nothing yet"):
        await press(MemoryClick(Op.LIST), Rooms(state=replace(STATE, record=None)), KEY)


async def test_a_file_that_went_away_is_told(rooms: Rooms, memory: Path) -> None:
    (memory / "a.md").unlink()
    with pytest.raises(UserError, match="not there any more"):
        await press(MemoryClick(Op.READ, FILE), rooms, KEY)

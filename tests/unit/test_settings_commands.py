"""/config, /model, /effort, /mode, /display and /prompt: what each says and sets, and what a click does."""

import pytest

from bot.access import Tier
from bot.clicks import parse_click
from bot.commands.config import CONFIG, ConfigClick, Op, explained, form, parse_config, press
from bot.commands.display import DISPLAY
from bot.commands.mode import MODE
from bot.commands.model import EFFORT, MODEL
from bot.commands.prompt import PROMPT
from bot.commands.spec import Command, Given, Hint
from bot.components import Pressed
from bot.said import Said
from sessions.errors import StateError, UserError
from sessions.room_settings import NAMES, RoomSettings
from sessions.room_words import Listed, RoomWords
from tests.support.calls import ANN, CHANNEL, called
from tests.support.desk_rooms import KEY, FactsInMemory, Rooms


async def use(command: Command, rooms: Rooms, **options: Given) -> Said:
    return await command.run(called(rooms, options))


async def click(rooms: Rooms, action: str, *values: str, tier: Tier = Tier.OWNER, **fields: str) -> Said:
    made = parse_config(Pressed(action=action, values=values, fields=fields))
    assert made is not None
    return (await press(made, rooms, KEY, "ann", tier)).message


@pytest.mark.parametrize(
    ("command", "option", "name", "value"),
    [
        (MODEL, "name", "model", "large"),
        (EFFORT, "level", "effort", "low"),
        (MODE, "mode", "permission_mode", "plan"),
        (DISPLAY, "display", "display", "all"),
        (DISPLAY, "thinking", "thinking", "shown"),
        (DISPLAY, "footer", "footer", "full"),
    ],
)
async def test_a_command_sets_what_it_is_named_after_and_takes_it_back(
    command: Command, option: str, name: str, value: str
) -> None:
    rooms = Rooms()
    default = getattr(RoomSettings(), name)
    shown = await use(command, rooms)
    assert "the default" in shown.text
    assert shown.aloud == ""
    said = await use(command, rooms, **{option: value})
    assert f"`{value}`" in said.text
    assert "set here" in said.text
    assert getattr(rooms.room_settings(KEY)[0], name) == value
    assert f"`{value}` · set here" in (await use(command, rooms)).text
    await use(command, rooms, **{option: "inherit"})
    assert getattr(rooms.room_settings(KEY)[0], name) == default


async def test_model_and_mode_are_said_aloud_and_effort_and_display_are_not() -> None:
    rooms = Rooms()
    assert "model of this room is `large`" in (await use(MODEL, rooms, name="large")).aloud
    assert "set by ann: it reads and plans" in (await use(MODE, rooms, mode="plan")).aloud
    assert "is the agent's choice from the next turn on" in (await use(MODEL, rooms, name="inherit")).aloud
    for said in (await use(EFFORT, rooms, level="low"), await use(DISPLAY, rooms, display="all")):
        assert said.aloud == ""


async def test_the_mode_that_never_asks_says_what_it_means() -> None:
    said = await use(MODE, Rooms(), mode="bypassPermissions")
    assert "never asks: does whatever it wants, within its isolation" in said.text
    assert "never asks" in said.aloud


async def test_a_model_that_cannot_be_is_refused() -> None:
    rooms = Rooms()
    for name in ("--settings", "two words", "x" * 101):
        with pytest.raises(UserError, match="`model` must"):
            await use(MODEL, rooms, name=name)
    assert rooms.room_settings(KEY)[1] == {}


async def test_what_cannot_be_stored_is_told_and_not_said_aloud() -> None:
    facts = FactsInMemory()
    facts.failure = StateError("no disk")
    with pytest.raises(StateError):
        await use(MODEL, Rooms(words=RoomWords(facts)), name="large")


async def test_a_setting_is_picked_changed_and_inherited_again() -> None:
    rooms = Rooms(words=RoomWords(FactsInMemory(), Listed(everywhere={"display": "off"})))
    said = await click(rooms, "rk:set:pick", "display")
    assert "Now: `off` · from roomkey.toml, for all rooms" in said.text
    said = await click(rooms, "rk:set:to:display", "all")
    assert said.text.startswith("display: `all` · set here. It holds from the next turn on.")
    assert "- display: `all` · set here" in said.text
    said = await click(rooms, "rk:set:unset:display")
    assert "- display: `off` · from roomkey.toml" in said.text


async def test_a_text_is_changed_in_a_modal_that_begins_with_it() -> None:
    rooms = Rooms()
    await click(rooms, "rk:set:text:prompt", value="be kind")
    modal = form(ConfigClick(Op.FILL, "prompt"), rooms, KEY)
    assert modal is not None
    assert (modal.action, modal.fields[0].text) == ("rk:set:text:prompt", "be kind")
    said = await click(rooms, "rk:set:text:prompt", value=" ")
    assert "- prompt: none · the default" in said.text
    for op in set(Op) - {Op.FILL}:
        assert form(ConfigClick(op, "prompt"), rooms, KEY) is None


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("rk:set:text:prompt", "x" * 4001),
        ("rk:set:text:history", "101"),
        ("rk:set:text:history", "a lot"),
        ("rk:set:text:model", "-p"),
        ("rk:set:to:display", "loud"),
        ("rk:set:to:auto_thread", "perhaps"),
    ],
)
async def test_what_no_form_of_ours_sends_is_refused_all_the_same(action: str, text: str) -> None:
    rooms = Rooms()
    with pytest.raises(UserError):
        await click(rooms, action, value=text)
    assert rooms.room_settings(KEY)[1] == {}


async def test_a_click_is_written_down_with_its_value_but_not_with_a_prompt() -> None:
    for action, value, detail in (("rk:set:to:display", "all", "all"), ("rk:set:text:prompt", "secret", "")):
        made = parse_config(Pressed(action=action, values=(value,)))
        assert made is not None
        done = await press(made, Rooms(), KEY, "ann", Tier.OWNER)
        assert (done.deed, done.detail) == (f"set {made.name}", detail)


async def test_a_click_of_somebody_who_may_not_shows_the_settings_as_they_are() -> None:
    said = await click(Rooms(), "rk:set:pick", "permission_mode", tier=Tier.OPERATOR)
    assert "**Settings of this room**" in said.text


@pytest.mark.parametrize(
    "action",
    [
        "rk:set:",
        "rk:set:pick",
        "rk:set:to:colour",
        "rk:set:to",
        "rk:set:fill:",
        "rk:set:text:PROMPT",
        "rk:setx",
    ],
)
def test_another_action_is_none_of_these(action: str) -> None:
    assert parse_config(Pressed(action=action, values=("colour",))) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_button_of_a_setting_is_known_after_a_restart(name: str) -> None:
    for op in ("to", "unset", "fill", "text"):
        made = parse_click(Pressed(action=f"rk:set:{op}:{name}", values=("x",)))
        assert made == ConfigClick(Op(op), name, "x")


async def test_config_shows_the_same_to_all_and_offers_what_is_theirs() -> None:
    rooms = Rooms()
    texts = [await CONFIG.run(called(rooms, tier=tier)) for tier in (Tier.USER, Tier.OPERATOR, Tier.OWNER)]
    assert [len(said.rows) for said in texts] == [0, 1, 1]
    assert all("- permission mode: `default`" in said.text for said in texts)


async def test_prompt_opens_its_modal_or_shows_what_is_told() -> None:
    rooms = Rooms()
    assert PROMPT.form is not None
    modal = await PROMPT.form(called(rooms))
    assert modal is not None
    assert modal.fields[0].limit == 4000
    assert await PROMPT.form(called(rooms, {"show": True})) is None
    assert "told nothing" in (await use(PROMPT, rooms, show=True)).text
    await rooms.words.change(KEY, {"prompt": "be *kind*\nalways"})
    assert ">>> be *kind*\nalways" in (await use(PROMPT, rooms, show=True)).text
    assert explained(rooms, KEY).own("prompt") == "be *kind*\nalways"


def test_models_are_offered_by_what_was_typed() -> None:
    [option] = MODEL.options
    assert option.suggest is not None

    def offered(typed: str) -> list[str]:
        hint = Hint(
            rooms=Rooms(),
            key=KEY,
            tier=Tier.OPERATOR,
            person=ANN,
            place=CHANNEL,
            option="name",
            options={"name": typed},
        )
        assert option.suggest is not None
        return [choice.value for choice in option.suggest(hint)]

    assert offered("") == ["large", "small", "inherit"]
    assert offered("SM") == ["small"]
    assert offered("else") == []

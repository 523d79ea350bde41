"""/help: every command that somebody may use, made from the commands, page by page."""

import re
from dataclasses import replace

import pytest

from bot.access import Tier
from bot.commands import COMMANDS, GROUPS
from bot.commands.help_view import HelpClick, command_view, help_view, parse_help, shown_name
from bot.commands.spec import Hint
from bot.measure import units
from sessions.errors import UserError
from tests.support.calls import ANN, CHANNEL, called
from tests.support.desk_rooms import KEY, Rooms
from tests.support.said_buttons import buttons_of

[HELP] = [command for command in COMMANDS if command.name == "help"]


async def ask(tier: Tier, **options: str) -> str:
    return (await HELP.run(called(Rooms(), options, tier=tier))).text


def pages(tier: Tier) -> list[str]:
    found, page = [help_view(GROUPS, tier).text], 1
    while help_view(GROUPS, tier, page).text != found[-1]:
        found.append(help_view(GROUPS, tier, page).text)
        page += 1
    return found


@pytest.mark.parametrize("tier", [Tier.USER, Tier.OPERATOR, Tier.OWNER])
def test_the_pages_name_what_somebody_may_use_and_nothing_else(tier: Tier) -> None:
    found = pages(tier)
    named = re.findall(r"^- `([^`]+)`", "\n".join(found), re.MULTILINE)
    assert sorted(named) == sorted(shown_name(one) for one in COMMANDS if Tier.USER <= one.tier <= tier)
    assert all(units(page) <= 2000 for page in found)


def test_a_tier_is_named_where_it_takes_one() -> None:
    text = "\n".join(pages(Tier.OWNER))
    assert "- `/reset` (operators): " in text
    assert "- `/mode` (owners): " in text
    assert "- `/status`: " in text


def test_many_commands_are_paged_and_the_buttons_turn_the_pages() -> None:
    many = {f"Topic {i}": [replace(HELP, name=f"c{i}x{j}") for j in range(30)] for i in range(3)}
    first = help_view(many, Tier.OWNER)
    assert [button.label for button in buttons_of(first)] == ["More"]
    click = parse_help(buttons_of(first)[0].action)
    assert click == HelpClick(1)
    second = help_view(many, Tier.OWNER, 1)
    assert [button.label for button in buttons_of(second)] == ["Back", "More"]
    last = help_view(many, Tier.OWNER, 999)
    assert [button.label for button in buttons_of(last)] == ["Back"]
    assert max(units(one.text) for one in (first, second, last)) <= 2000


@pytest.mark.parametrize("action", ["rk:help:", "rk:help:x", "rk:help:-1", "rk:help:1:2"])
def test_another_action_is_none_of_these(action: str) -> None:
    assert parse_help(action) is None


async def test_one_command_is_told_with_its_options() -> None:
    for asked in ("/display", "display", " /display "):
        text = await ask(Tier.OWNER, command=asked)
        assert text.startswith("**/display** (operators): Choose ")
        assert "- `footer`: " in text
        assert "(off, short, full, inherit)" in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.name)
def test_what_is_told_of_one_command_fits_a_message(command: object) -> None:
    for one in COMMANDS:
        if one is command:
            assert units(command_view(one).text) <= 2000


async def test_nobody_is_told_of_what_is_not_for_them() -> None:
    for asked in ("mode", "nothing"):
        with pytest.raises(UserError, match="no command"):
            await ask(Tier.USER, command=asked)


def test_while_somebody_types_what_they_may_use_is_offered() -> None:
    def offered(tier: Tier, typed: str) -> list[str]:
        [option] = HELP.options
        assert option.suggest is not None
        hint = Hint(
            rooms=Rooms(),
            key=KEY,
            tier=tier,
            person=ANN,
            place=CHANNEL,
            option="command",
            options={"command": typed},
        )
        return [choice.value for choice in option.suggest(hint)]

    assert "/mode" in offered(Tier.OWNER, "/mo")
    assert "/mode" not in offered(Tier.OPERATOR, "mo")
    assert "/model" in offered(Tier.OPERATOR, "MO")

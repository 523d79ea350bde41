"""Slash commands: registered, offered and filled in."""

from typing import Any

import pytest

from bot.demo.guild import commands, messages
from bot.demo.guild.bodies import CommandBody, decode
from bot.demo.guild.drafts import Draft
from bot.demo.guild.errors import ApiError, Code, Refused
from bot.demo.guild.permissions import Permission
from tests.support.worlds import Scene, scene

PLAIN: dict[str, Any] = {"name": "status", "description": "Say how it is."}
OPTIONS = [
    {"type": 3, "name": "text", "required": True, "max_length": 5, "autocomplete": True},
    {"type": 4, "name": "count", "min_value": 1, "max_value": 3},
    {"type": 5, "name": "loud"},
    {"type": 6, "name": "who"},
    {"type": 7, "name": "where"},
    {"type": 10, "name": "share"},
    {"type": 3, "name": "kind", "choices": [{"name": "Soft", "value": "soft"}]},
]
FULL: dict[str, Any] = {"name": "ask", "description": "Ask.", "options": OPTIONS}
NESTED: dict[str, Any] = {
    "name": "session",
    "options": [
        {"type": 2, "name": "group", "options": [{"type": 1, "name": "close", "options": OPTIONS[1:2]}]}
    ],
}


def synced(*specs: dict[str, Any], in_guild: bool = False) -> Scene:
    s = scene()
    commands.register(s.world, s.robot.id, s.world.guild_id if in_guild else None, specs)
    return s


def fill(s: Scene, line: str, **values: Any) -> dict[str, Any]:
    return commands.fill(s.world, s.ann.id, s.desk, line, values).data


def test_registering_replaces_everything_and_keeps_the_ids_of_the_same_names():
    s = synced(PLAIN, FULL)
    before = {one.name: one.id for one in s.world.commands.values()}
    made = commands.register(s.world, s.robot.id, None, [{**FULL, "description": "New."}])
    assert [(one.name, one.id, one.description) for one in made] == [("ask", before["ask"], "New.")]
    assert list(s.world.commands) == [before["ask"]]
    with pytest.raises(ApiError) as refused:
        commands.register(s.world, s.robot.id, None, [{"name": str(number)} for number in range(101)])
    assert refused.value.code == Code.INVALID_FORM


def test_options_travel_with_their_types_and_what_they_name():
    s = synced(FULL)
    data = fill(s, "/ask", text="hi", count=2, loud=True, who=s.ben, where=s.desk, share=0.5, kind="soft")
    assert [(one["type"], one["name"], one["value"]) for one in data["options"]] == [
        (3, "text", "hi"),
        (4, "count", 2),
        (5, "loud", True),
        (6, "who", s.ben.id),
        (7, "where", s.desk.id),
        (10, "share", 0.5),
        (3, "kind", "soft"),
    ]
    assert list(data["resolved"]) == ["users", "members", "channels"]
    assert data["resolved"]["channels"][s.desk.id]["name"] == "desk"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"text": 1},
        {"text": "too long"},
        {"text": "x", "count": 4},
        {"text": "x", "count": True},
        {"text": "x", "loud": 1},
        {"text": "x", "who": "ben"},
        {"text": "x", "kind": "hard"},
        {"text": "x", "colour": "red"},
    ],
)
def test_what_does_not_fit_an_option_is_refused(values: dict[str, Any]):
    s = synced(FULL)
    with pytest.raises(Refused):
        fill(s, "/ask", **values)


def test_subcommands_are_nested_and_must_be_named():
    s = synced(NESTED)
    assert fill(s, "/session group close", count=1)["options"] == [
        {
            "type": 2,
            "name": "group",
            "options": [{"type": 1, "name": "close", "options": [{"type": 4, "name": "count", "value": 1}]}],
        }
    ]
    for line in ("/session", "/session group", "/session group open"):
        with pytest.raises(Refused):
            fill(s, line)


def test_the_option_being_typed_is_marked_and_required_ones_may_still_be_missing():
    s = synced(FULL)
    filled = commands.fill(s.world, s.ann.id, s.desk, "/ask", {"text": "much too long"}, focused="text")
    assert filled.data["options"] == [{"type": 3, "name": "text", "value": "much too long", "focused": True}]
    with pytest.raises(Refused, match="no suggestions"):
        commands.fill(s.world, s.ann.id, s.desk, "/ask", {"count": 1}, focused="count")


def test_a_command_is_offered_by_context_place_and_permission():
    guild_only = {**PLAIN, "name": "here", "contexts": [0]}
    operators = {**PLAIN, "name": "ops", "default_member_permissions": str(int(Permission.MANAGE_GUILD))}
    s = synced(PLAIN, guild_only, operators)
    private, strangers = s.world.dm(s.ann.id, s.robot.id), s.world.dm(s.ann.id, s.ben.id)

    def names(user_id: str, place: Any) -> list[str]:
        return [one.name for one in commands.offered(s.world, user_id, place)]

    assert names(s.ann.id, s.desk) == ["status", "here"]
    assert names(s.world.owner_id, s.desk) == ["status", "here", "ops"]
    assert names(s.ann.id, private) == ["status", "ops"]
    assert names(s.ann.id, strangers) == []


def test_a_command_of_the_guild_stays_in_the_guild():
    s = synced(PLAIN, in_guild=True)
    assert fill(s, "/status")["guild_id"] == s.world.guild_id
    with pytest.raises(Refused, match="not offered here; there are: none"):
        commands.fill(s.world, s.ann.id, s.world.dm(s.ann.id, s.robot.id), "/status", {})


ON_MESSAGE: dict[str, Any] = {"name": "Ask about this", "type": 3}


def test_a_message_command_carries_its_message_and_is_not_typed():
    s = synced({**PLAIN, "name": "ask"}, ON_MESSAGE)
    said = messages.post(s.world, s.ben.id, s.desk.id, Draft("look"))
    filled = commands.fill_on_message(s.world, s.ann.id, s.desk, "Ask about this", said)
    assert (filled.name, filled.data["type"], filled.data["target_id"]) == ("Ask about this", 3, said.id)
    assert filled.data["resolved"]["messages"][said.id]["content"] == "look"
    with pytest.raises(Refused, match=r"there are: /ask$"):
        fill(s, "/Ask about this")
    with pytest.raises(Refused, match="Ask about this"):
        commands.fill_on_message(s.world, s.ann.id, s.desk, "ask", said)


def test_names_are_kept_apart_by_kind_and_each_kind_has_its_limit():
    s = synced({**PLAIN, "name": "why"}, {"name": "why", "type": 3})
    assert len(s.world.commands) == 2
    many = [{"name": f"Command {number}", "type": 3} for number in range(16)]
    commands.register(s.world, s.robot.id, None, [*many[:15], PLAIN])
    with pytest.raises(ApiError):
        commands.register(s.world, s.robot.id, None, many)


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "Ask", "description": "x"},
        {"name": "ask this", "description": "x"},
        {"name": "ask"},
        {"name": "Ask", "type": 3, "description": "x"},
        {"name": "Ask", "type": 3, "options": [{}]},
        {"name": "ask", "description": "x", "type": 9},
    ],
)
def test_a_command_that_discord_would_not_register_is_refused(spec: dict[str, Any]):
    with pytest.raises(ApiError) as refused:
        decode(CommandBody, spec)
    assert refused.value.code == Code.INVALID_FORM

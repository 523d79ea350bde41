"""Who may speak to the bot: closed by default, the table of the rule."""

import pytest

from bot.access import Allow, Rules, authorize, may_concern
from bot.chat import Person, Place

HERE = Place(platform="discord", channel_id="5", guild_id="1")
DM = Place(platform="discord", channel_id="6", guild_id=None)
ANN = Person(id="7", name="ann")
OPS = Person(id="8", name="ben", role_ids=frozenset({"1", "70"}))


def rules(users: str = "", roles: str = "", guilds: str = "") -> Rules:
    return Rules(
        users=frozenset(users.split()), roles=frozenset(roles.split()), guilds=frozenset(guilds.split())
    )


@pytest.mark.parametrize(
    ("person", "place", "lists", "allowed"),
    [
        (ANN, HERE, rules(), False),
        (ANN, DM, rules(), False),
        # the person must be listed or have a listed role
        (ANN, HERE, rules(users="7"), True),
        (OPS, HERE, rules(users="7"), False),
        (OPS, HERE, rules(roles="70"), True),
        (ANN, HERE, rules(roles="70"), False),
        (ANN, HERE, rules(users="7", roles="70"), True),
        (OPS, HERE, rules(users="7", roles="70"), True),
        # the guild must be listed, unless none is
        (ANN, HERE, rules(guilds="1"), True),
        (ANN, HERE, rules(guilds="2"), False),
        (ANN, HERE, rules(users="7", guilds="1"), True),
        (ANN, HERE, rules(users="7", guilds="2"), False),
        (OPS, HERE, rules(roles="70", guilds="2"), False),
        (OPS, HERE, rules(users="7", guilds="1"), False),
        (ANN, HERE, rules(roles="70", guilds="1"), False),
        # a direct message has neither guild nor roles: only the list of users counts
        (ANN, DM, rules(users="7"), True),
        (ANN, DM, rules(users="7", guilds="2"), True),
        (ANN, DM, rules(guilds="1"), False),
        (OPS, DM, rules(roles="70"), False),
        (OPS, DM, rules(users="7"), False),
    ],
)
def test_the_table_of_who_may(person: Person, place: Place, lists: Rules, allowed: bool) -> None:
    assert isinstance(authorize(person, place, lists), Allow) is allowed


@pytest.mark.parametrize(
    ("lists", "concerns"),
    [(rules(), False), (rules(users="7"), True), (rules(guilds="1"), True), (rules("7", guilds="2"), False)],
)
def test_a_guild_in_which_nobody_may_speak_is_none_of_ours(lists: Rules, concerns: bool) -> None:
    assert may_concern("1", lists) is concerns

"""Who may do what in a place, in words."""

import pytest

from bot.access import Rules, Tier
from bot.chat import Person, Place
from bot.roster import roster, standing_of

HERE = Place(platform="chat", channel_id="5", guild_id="1")
THREAD = Place(platform="chat", channel_id="51", guild_id="1", parent_id="5")
BESIDE = Place(platform="chat", channel_id="6", guild_id="1")
DIRECT = Place(platform="chat", channel_id="40", guild_id=None)
RULES = Rules(
    users=frozenset({"30"}),
    roles=frozenset({"70"}),
    owners=frozenset({"10"}),
    operators=frozenset({"20"}),
    operator_roles=frozenset({"71"}),
    user_grants={"21": {"5": Tier.OPERATOR}, "31": {"": Tier.USER}, "41": {"5": None}},
    role_grants={"72": {"1": Tier.USER}},
)


def lines(place: Place, rules: Rules = RULES, *, whole: bool = True) -> dict[str, str]:
    found = (line.split("**: ") for line in roster(place, rules, whole=whole).splitlines())
    return {head.strip("*"): rest for head, rest in found}


def test_it_lists_who_is_named_and_who_was_granted_something_here() -> None:
    here = {
        "Owners": "<@10>",
        "Operators here": "<@20>, <@&71>, <@21>",
        "Users here": "<@30>, <@&70>, <@31>, <@&72>",
        "Denied here": "<@41>",
    }
    assert lines(HERE) == lines(THREAD) == here
    assert lines(BESIDE) == {**here, "Operators here": "<@20>, <@&71>", "Denied here": "nobody"}


def test_a_direct_message_knows_no_roles() -> None:
    assert lines(DIRECT)["Users here"] == "<@30>, <@31>"
    assert lines(DIRECT)["Operators here"] == "<@20>"


def test_an_open_guild_is_open_to_everybody_in_it() -> None:
    assert lines(HERE, Rules(guilds=frozenset("1")))["Users here"] == "everybody in this server"
    assert lines(HERE, Rules(guilds=frozenset("2"), users=frozenset("3")))["Users here"] == "nobody"


def test_whom_to_ask_is_all_that_a_user_is_told() -> None:
    assert set(lines(HERE, whole=False)) == {"Owners", "Operators here"}


def test_a_long_list_is_cut() -> None:
    many = Rules(users=frozenset(str(number) for number in range(100, 130)))
    assert lines(HERE, many)["Users here"].endswith(" and 10 more")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        ("10", "<@10> is an owner here, because they own this bot."),
        ("20", "<@20> is an operator here, because they are listed in the settings."),
        ("21", "<@21> is an operator here, because an owner allowed it for this place."),
        ("31", "<@31> is a user here, because an owner allowed it everywhere."),
        ("41", "<@41> may do nothing here: denied by an owner."),
        ("99", "<@99> may do nothing here: neither the user nor a role of theirs is allowed."),
    ],
)
def test_of_one_person_it_says_why(one: str, words: str) -> None:
    assert words in standing_of(Person(id=one, name="x"), HERE, RULES)

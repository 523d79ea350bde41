"""Who may do what, and where: closed by default, the table of the rule, tiers and grants."""

import logging
from typing import Any

import pytest

from bot.access import BROKEN, Allow, Deny, Rules, Tier, authorize, may_concern
from bot.chat import Person, Place

HERE = Place(platform="discord", channel_id="5", guild_id="1")
THREAD = Place(platform="discord", channel_id="51", guild_id="1", parent_id="5")
BESIDE = Place(platform="discord", channel_id="9", guild_id="1")
ABROAD = Place(platform="discord", channel_id="55", guild_id="2")
DM = Place(platform="discord", channel_id="6", guild_id=None)
ANN = Person(id="7", name="ann")
OPS = Person(id="8", name="ben", role_ids=frozenset({"1", "70"}))
BOT = Person(id="60", name="other", is_bot=True)
BOT_OPS = Person(id="60", name="other", is_bot=True, role_ids=frozenset({"70"}))


def rules(users: str = "", roles: str = "", guilds: str = "", **more: Any) -> Rules:
    lists: dict[str, Any] = {
        name: frozenset(one.split()) if isinstance(one, str) else one for name, one in more.items()
    }
    return Rules(
        users=frozenset(users.split()),
        roles=frozenset(roles.split()),
        guilds=frozenset(guilds.split()),
        **lists,
    )


def tier(person: Person, place: Place, lists: Rules) -> Tier | None:
    verdict = authorize(person, place, Tier.USER, lists)
    return verdict.tier if isinstance(verdict, Allow) else None


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
        # other bots must be named as such; no other list lets them in
        (BOT, HERE, rules(users="60", guilds="1"), False),
        (BOT, HERE, rules(guilds="1"), False),
        (BOT, HERE, rules(owners="60"), False),
        (BOT, HERE, rules(bots="60"), True),
        (BOT, HERE, rules(bots="60", guilds="2"), False),
    ],
)
def test_the_table_of_who_may(person: Person, place: Place, lists: Rules, allowed: bool) -> None:
    assert isinstance(authorize(person, place, Tier.USER, lists), Allow) is allowed


@pytest.mark.parametrize(
    ("person", "place", "lists", "expected"),
    [
        (ANN, HERE, rules(users="7", operators="7"), Tier.OPERATOR),
        (ANN, HERE, rules(users="7", operators="7", owners="7"), Tier.OWNER),
        (OPS, HERE, rules(guilds="1", operator_roles="70"), Tier.OPERATOR),
        (ANN, HERE, rules(guilds="1", operator_roles="70"), Tier.USER),
        (OPS, DM, rules(operator_roles="70"), None),
        (ANN, DM, rules(operators="7"), Tier.OPERATOR),
        # an operator only where the bot answers at all, an owner everywhere
        (ANN, ABROAD, rules(operators="7", guilds="1"), None),
        (ANN, ABROAD, rules(owners="7", guilds="1"), Tier.OWNER),
        (ANN, DM, rules(owners="7", guilds="1"), Tier.OWNER),
        # owners and operators beside an open guild leave it open
        (OPS, HERE, rules(guilds="1", owners="7", operators="6"), Tier.USER),
    ],
)
def test_the_highest_tier_counts(person: Person, place: Place, lists: Rules, expected: Tier | None) -> None:
    assert tier(person, place, lists) is expected


def granted(*grants: tuple[str, str, Tier | None], **lists: Any) -> Rules:
    """Rules with grants: `user 7` or `role 70`, the place, the tier."""
    users: dict[str, dict[str, Tier | None]] = {}
    roles: dict[str, dict[str, Tier | None]] = {}
    for subject, place, given in grants:
        kind, _, one = subject.partition(" ")
        (users if kind == "user" else roles).setdefault(one, {})[place] = given
    return rules(user_grants=users, role_grants=roles, **lists)


@pytest.mark.parametrize(
    ("person", "place", "lists", "expected"),
    [
        (ANN, HERE, granted(("user 7", "5", Tier.USER)), Tier.USER),
        (ANN, BESIDE, granted(("user 7", "5", Tier.USER)), None),
        (ANN, BESIDE, granted(("user 7", "1", Tier.USER)), Tier.USER),
        (ANN, ABROAD, granted(("user 7", "1", Tier.USER)), None),
        (OPS, HERE, granted(("role 70", "5", Tier.OPERATOR)), Tier.OPERATOR),
        (ANN, HERE, granted(("role 70", "5", Tier.OPERATOR)), None),
        # a thread has what its channel has, and more if it was granted there
        (ANN, THREAD, granted(("user 7", "5", Tier.USER)), Tier.USER),
        (ANN, HERE, granted(("user 7", "51", Tier.OPERATOR), ("user 7", "5", Tier.USER)), Tier.USER),
        (ANN, THREAD, granted(("user 7", "51", Tier.OPERATOR), ("user 7", "5", Tier.USER)), Tier.OPERATOR),
        # the person must be named for direct messages, and for everywhere
        (ANN, DM, granted(("user 7", "", Tier.USER)), Tier.USER),
        (ANN, DM, granted(("user 7", "1", Tier.USER)), None),
        (OPS, DM, granted(("role 70", "", Tier.USER)), None),
        # what is granted right there opens a guild that is not listed; what is granted everywhere does not
        (ANN, ABROAD, granted(("user 7", "2", Tier.USER), guilds="1"), Tier.USER),
        (ANN, ABROAD, granted(("user 7", "", Tier.USER), guilds="1"), None),
        # a denial outranks every list and grant but an owner's
        (BOT, HERE, granted(("user 60", "5", None), bots="60"), None),
        (BOT, BESIDE, granted(("user 60", "5", None), bots="60"), Tier.USER),
        (BOT_OPS, HERE, granted(("role 70", "", None), bots="60"), None),
        (ANN, HERE, granted(("user 7", "5", None), users="7", operators="7"), None),
        (ANN, THREAD, granted(("user 7", "5", None), ("user 7", "51", Tier.OPERATOR)), None),
        (ANN, BESIDE, granted(("user 7", "5", None), users="7"), Tier.USER),
        (ANN, HERE, granted(("user 7", "", None), guilds="1"), None),
        (ANN, DM, granted(("user 7", "", None), users="7"), None),
        (OPS, HERE, granted(("role 70", "1", None), ("user 8", "5", Tier.OPERATOR)), None),
        (ANN, HERE, granted(("user 7", "", None), ("role 1", "", None), owners="7"), Tier.OWNER),
        # grants do not close a guild that is open to all
        (OPS, HERE, granted(("user 7", "", Tier.OPERATOR), guilds="1"), Tier.USER),
        # in a channel that shares its room, a grant for that place alone makes no operator
        (ANN, HERE, granted(("user 7", "5", Tier.OPERATOR), shared="5"), Tier.USER),
        (ANN, HERE, granted(("user 7", "1", Tier.OPERATOR), shared="5"), Tier.USER),
        (ANN, HERE, granted(("user 7", "", Tier.OPERATOR), shared="5"), Tier.OPERATOR),
        (ANN, THREAD, granted(("user 7", "5", Tier.OPERATOR), shared="5"), Tier.OPERATOR),
    ],
)
def test_the_table_of_grants(person: Person, place: Place, lists: Rules, expected: Tier | None) -> None:
    assert tier(person, place, lists) is expected


def test_too_little_is_refused_with_what_somebody_is() -> None:
    lists = rules(users="7", operators="8")
    assert authorize(ANN, HERE, Tier.OPERATOR, lists) == Deny(
        "only operators and owners may do that", Tier.USER
    )
    assert authorize(OPS, HERE, Tier.OWNER, lists) == Deny("only owners may do that", Tier.OPERATOR)


@pytest.mark.parametrize("place", [HERE, DM])
def test_a_stranger_may_pair_as_long_as_there_is_no_owner(place: Place) -> None:
    assert authorize(ANN, place, Tier.STRANGER, rules()) == Allow(Tier.STRANGER)
    assert isinstance(authorize(ANN, place, Tier.STRANGER, rules(owners="1")), Deny)
    assert isinstance(authorize(BOT, place, Tier.STRANGER, rules()), Deny)


def test_a_crash_is_a_no(caplog: pytest.LogCaptureFixture) -> None:
    broken = Rules(users=frozenset("7"), user_grants=None)  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        assert authorize(ANN, HERE, Tier.USER, broken) is BROKEN
        assert not may_concern("1", Rules(guilds=5))  # type: ignore[arg-type]
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("lists", "concerns"),
    [
        (rules(), False),
        (rules(users="7"), True),
        (rules(guilds="1"), True),
        (rules("7", guilds="2"), False),
        (rules(owners="7", guilds="2"), True),
        (granted(("role 70", "1", Tier.USER), guilds="2"), True),
        (rules(operators="7"), True),
        (rules(bots="60"), True),
    ],
)
def test_a_guild_in_which_nobody_may_speak_is_none_of_ours(lists: Rules, concerns: bool) -> None:
    assert may_concern("1", lists) is concerns


@pytest.mark.parametrize(
    ("lists", "concerns"),
    [
        (rules(), False),
        (rules(guilds="1", roles="70"), False),
        (rules(users="7"), True),
        (rules(owners="7"), True),
    ],
)
def test_direct_messages_concern_us_if_somebody_is_named(lists: Rules, concerns: bool) -> None:
    assert may_concern(None, lists) is concerns


def test_rules_know_whether_anything_hangs_on_roles() -> None:
    lists = granted(("role 3", "5", Tier.USER), roles="1", operator_roles="2")
    assert lists.name_roles
    assert not rules(users="7").name_roles
    assert granted(("role 3", "5", None)).denies_roles
    assert not lists.denies_roles

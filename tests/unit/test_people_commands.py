"""/allow, /deny, /who and /pair: what they refuse, what they say, and what is stored."""

from dataclasses import dataclass
from typing import Any

import pytest

from bot.access import Rules, Tier
from bot.chat import Person, Place, Role
from bot.commands.pair import PAIR
from bot.commands.people import ALLOW, DENY, WHO
from bot.commands.spec import Command, Given
from bot.people import People
from sessions.errors import NotAllowed, UserError
from sessions.store.people import Grant
from tests.support.calls import called
from tests.support.desk_rooms import Rooms
from tests.support.people import KeptPeople, people

OWNER, EVE = Person(id="7", name="ann"), Person(id="9", name="eve")
BOT = Person(id="60", name="other", is_bot=True)
CREW = Role(id="70", name="crew")
HERE = Place(platform="chat", channel_id="5", guild_id="1")
LISTEN = Place(platform="chat", channel_id="10", guild_id="1")
DIRECT = Place(platform="chat", channel_id="40", guild_id=None)
RULES = Rules(
    owners=frozenset({"7"}), guilds=frozenset({"1"}), users=frozenset({"2"}), shared=frozenset({"10"})
)


@dataclass
class Scene:
    store: KeptPeople
    people: People

    async def run(
        self, command: Command, place: Place = HERE, as_a: Tier = Tier.OWNER, **options: Given
    ) -> str:
        person = OWNER if as_a is Tier.OWNER else EVE
        call = called(Rooms(), options, tier=as_a, people=self.people, person=person, place=place, id=1)
        return (await command.run(call)).text


@pytest.fixture
def scene() -> Scene:
    store = KeptPeople()
    return Scene(store, people(RULES, store))


@pytest.mark.parametrize(
    ("options", "stored"),
    [
        ({"user": EVE}, ("user", "9", "user", "5", "1")),
        ({"user": EVE, "tier": "operator", "where": "here"}, ("user", "9", "operator", "5", "1")),
        ({"role": CREW, "where": "server"}, ("role", "70", "user", "1", "1")),
        ({"user": EVE, "where": "everywhere"}, ("user", "9", "user", "", "")),
    ],
)
async def test_allow_stores_who_what_and_where(scene: Scene, options: dict[str, Any], stored: Any) -> None:
    await scene.run(ALLOW, **options)
    kind, one, standing, place, guild = stored
    assert list(scene.store.granted) == [
        Grant(platform="chat", kind=kind, id=one, standing=standing, place=place, guild=guild, given_by="7")
    ]
    await scene.run(DENY, **{name: option for name, option in options.items() if name != "tier"})
    assert [one.standing for one in scene.store.granted] == ["none"]
    assert [entry.action for entry in scene.store.entries] == ["allow", "deny"]


@pytest.mark.parametrize(
    ("command", "place", "options", "words"),
    [
        (ALLOW, HERE, {}, "Name either a `user` or a `role`"),
        (DENY, HERE, {"user": EVE, "role": CREW}, "Name either a `user` or a `role`"),
        (ALLOW, HERE, {"user": BOT}, "discord.allowed_bots"),
        (ALLOW, HERE, {"user": OWNER}, "an owner, who may everything already"),
        (DENY, HERE, {"user": OWNER}, "take them out of `discord.owners`"),
        (ALLOW, DIRECT, {"user": EVE}, "Say `where: everywhere`"),
        (DENY, DIRECT, {"user": EVE, "where": "server"}, "Say `where: everywhere`"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    scene: Scene, command: Command, place: Place, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words.replace("`", ".")):
        await scene.run(command, place, **options)
    assert not scene.store.granted
    assert not scene.store.entries


async def test_allow_says_what_keeps_it_from_having_an_effect(scene: Scene) -> None:
    assert "shares its session" in await scene.run(ALLOW, LISTEN, user=EVE, tier="operator")
    await scene.run(DENY, user=EVE)
    assert "Not yet in this channel: denied by an owner." in await scene.run(
        ALLOW, user=EVE, where="everywhere"
    )
    assert "Not yet" not in await scene.run(ALLOW, user=EVE)


async def test_who_tells_a_user_of_themselves_and_whom_to_ask(scene: Scene) -> None:
    await scene.run(ALLOW, user=EVE)
    assert "**Users here**" not in await scene.run(WHO, as_a=Tier.USER)
    assert "<@9> is a user here" in await scene.run(WHO, as_a=Tier.USER, user=EVE)
    with pytest.raises(NotAllowed, match="Only an operator may ask about others"):
        await scene.run(WHO, as_a=Tier.USER, user=OWNER)
    assert "**Users here**: <@2>, <@9>" in await scene.run(WHO)


async def test_pair_says_that_there_is_an_owner_or_that_the_code_is_old(scene: Scene) -> None:
    assert await scene.run(PAIR, code="ABCD-EFGH") == "This bot has an owner already."
    late = Scene(KeptPeople(), people())
    assert "Restart the bot" in await late.run(PAIR, code="ABCD-EFGH")


async def test_pair_says_when_somebody_guessed_too_often(caplog: pytest.LogCaptureFixture) -> None:
    it = Scene(KeptPeople(), people())
    await it.people.load()
    for _ in range(5):
        assert "That is not the code" in await it.run(PAIR, code="wrong")
    assert "You guessed too often" in await it.run(PAIR, code=vars(caplog.records[-1])["code"])
    assert not it.store.granted

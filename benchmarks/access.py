"""How long it takes to say whether somebody may: asked for each message, edit, command and click."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.figures import Figure, median
from bot.access import Allow, Places, Rules, Tier, authorize
from bot.chat import Person, Place

BOUND_US: Final = 50.0
BLOCKS: Final = 200
BLOCK: Final = 100
PEOPLE: Final = 2000
ROLES: Final = 250
"""The most that a guild of Discord has, and all of them are this person's."""


def run() -> list[Figure]:
    """Measure with long lists, many grants, and a person with every role of a large guild."""
    rules = _rules()
    return [
        _figure("a listed role among 250", rules, _person("1")),
        _figure("somebody who is not listed", rules, Person(id="2", name="eve")),
        _figure("an owner", rules, _person("9")),
    ]


def _rules() -> Rules:
    grants: Mapping[str, Places] = {str(30_000 + one): {"5": Tier.USER, "": None} for one in range(PEOPLE)}
    return Rules(
        users=frozenset(str(10_000 + one) for one in range(PEOPLE)),
        roles=frozenset(str(20_000 + one) for one in range(ROLES)) | {"50249"},
        guilds=frozenset({"77"}),
        owners=frozenset({"9"}),
        user_grants=grants,
        role_grants={str(40_000 + one): {"5": Tier.OPERATOR} for one in range(PEOPLE)},
    )


def _person(number: str) -> Person:
    return Person(id=number, name="ann", role_ids=frozenset(str(50_000 + one) for one in range(ROLES)))


def _figure(name: str, rules: Rules, person: Person) -> Figure:
    place = Place(platform="bench", channel_id="51", guild_id="77", parent_id="5")

    def ask() -> object:
        return authorize(person, place, Tier.USER, rules)

    assert isinstance(ask(), Allow) is (person.id != "2")
    value = median([_mean_us(ask) for _ in range(BLOCKS)])
    return Figure(name=f"access: {name}, p50", value=value, unit="us", bound=BOUND_US)


def _mean_us(ask: Callable[[], object]) -> float:
    start_s = time.perf_counter()
    for _ in range(BLOCK):
        ask()
    return (time.perf_counter() - start_s) / BLOCK * 1e6

"""Whether a turn that waited may still run: by what holds when it is taken."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.access import Rules
from bot.chat import Person, Place
from bot.gate import Gate
from bot.still_may import StillMay
from sessions.store.said import Asker
from sessions.store.values import Kind, Origin, Prompt, Turn
from sessions.switching import Resumption
from tests.support.clocks import SetClock
from tests.support.desk_rooms import turn
from tests.support.people import people

LATER = timedelta(minutes=1)
HERE = Asker(guild_id="77")
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def said(asker: Asker | None = HERE, *, waited: timedelta = LATER, **more: Any) -> Turn:
    made = turn(1)
    prompt = replace(made.prompt, asker=asker, author_name="*ann*")
    return replace(made, prompt=prompt, created=NOW - waited, **more)


def still_may(rules: Rules, roles: frozenset[str] | None = None, asked: list[str] | None = None) -> StillMay:
    async def roles_now(place: Place, user_id: str) -> frozenset[str] | None:
        if asked is not None:
            asked.append(user_id)
        return roles

    listed = {"1": Place(platform="chat", channel_id="1", guild_id="77")}
    return StillMay(
        gate=Gate(people=people(rules), listen_channels=(), reply_to=lambda _: "all"),
        roles_now=roles_now,
        place_of=listed.get,
        clock=SetClock(),
    )


@pytest.mark.parametrize(
    ("rules", "runs"),
    [
        (Rules(users=frozenset("7")), True),
        (Rules(users=frozenset("8")), False),
        (Rules(guilds=frozenset({"77"})), True),
        (Rules(guilds=frozenset({"78"})), False),
        (Rules(guilds=frozenset({"77"}), user_grants={"7": {"1": None}}), False),
        (Rules(), False),
    ],
)
async def test_a_prompt_runs_if_its_author_may_speak_now(rules: Rules, runs: bool) -> None:
    refusal = await still_may(rules)(said())
    assert (refusal is None) is runs
    if refusal is not None:
        assert "What \\*ann\\* had waiting here was dropped" in refusal


async def test_a_reset_takes_an_operator() -> None:
    reset = said(kind=Kind.RESET)
    assert await still_may(Rules(operators=frozenset("7")))(reset) is None
    assert "`/reset`" in (await still_may(Rules(users=frozenset("7")))(reset) or "")


async def test_what_an_owner_asked_to_resume_takes_an_owner_when_it_comes_to_that() -> None:
    for text, rules, runs in (
        (Resumption(id="x", owner=True).model_dump_json(), Rules(operators=frozenset("7")), False),
        (Resumption(id="x", owner=True).model_dump_json(), Rules(owners=frozenset("7")), True),
        (Resumption(id="x").model_dump_json(), Rules(operators=frozenset("7")), True),
        ("{", Rules(operators=frozenset("7")), True),
    ):
        resume = said(kind=Kind.RESUME)
        resume = replace(resume, prompt=replace(resume.prompt, text=text))
        assert (await still_may(rules)(resume) is None) is runs


async def test_a_change_of_the_workdir_takes_an_owner() -> None:
    change = said(kind=Kind.CWD)
    assert await still_may(Rules(owners=frozenset("7")))(change) is None
    assert "`/cwd`" in (await still_may(Rules(operators=frozenset("7")))(change) or "")


@pytest.mark.parametrize(
    ("now", "runs"), [(frozenset({"70"}), True), (frozenset[str](), False), (None, True)]
)
async def test_roles_are_asked_for_again_and_remembered_ones_count_if_nobody_knows(
    now: frozenset[str] | None, runs: bool
) -> None:
    asker = Asker(guild_id="77", role_ids=("70",))
    assert (await still_may(Rules(roles=frozenset({"70"})), now)(said(asker)) is None) is runs


async def test_a_role_that_was_denied_meanwhile_counts() -> None:
    rules = Rules(users=frozenset("7"), role_grants={"70": {"77": None}})
    assert await still_may(rules, frozenset({"70"}))(said()) is not None
    assert await still_may(rules, frozenset[str]())(said()) is None


@pytest.mark.parametrize("waited", [timedelta(0), LATER])
async def test_a_role_on_which_nothing_hung_when_they_spoke_may_be_denied_a_second_later(
    waited: timedelta,
) -> None:
    before, after = Rules(users=frozenset("7")), {"71": {"": None}}
    ann = Person(id="7", name="ann", role_ids=frozenset({"71"}))
    asker = people(before).asker(ann, Place(platform="chat", channel_id="1", guild_id="77"))
    asked_at_once = said(asker, waited=waited)
    assert await still_may(before)(asked_at_once) is None
    assert await still_may(replace(before, role_grants=after))(asked_at_once) is not None


@pytest.mark.parametrize(
    ("rules", "waited", "asks"),
    [
        (Rules(roles=frozenset({"70"})), LATER, True),
        (Rules(roles=frozenset({"70"})), timedelta(0), False),  # they came with the message just now
        (Rules(users=frozenset("7"), roles=frozenset({"70"})), LATER, False),
        (Rules(users=frozenset("7")), LATER, False),
    ],
)
async def test_the_platform_is_asked_only_if_something_hangs_on_it(
    rules: Rules, waited: timedelta, asks: bool
) -> None:
    asked: list[str] = []
    await still_may(rules, frozenset({"70"}), asked)(said(waited=waited))
    assert asked == (["7"] if asks else [])


async def test_a_thread_has_the_grants_of_its_channel() -> None:
    rules = Rules(user_grants={"7": {"5": None}}, guilds=frozenset({"77"}))
    assert await still_may(rules)(said(Asker(guild_id="77", parent_id="5"))) is not None


async def test_of_a_turn_from_an_older_store_the_place_is_looked_up() -> None:
    rules = Rules(guilds=frozenset({"77"}))
    assert await still_may(rules)(said(None)) is None
    elsewhere = replace(said(None), address=replace(turn(1).address, channel_id="2"))
    assert await still_may(rules)(elsewhere) is not None
    assert await still_may(Rules(users=frozenset("7")))(elsewhere) is None


async def test_what_no_person_asked_for_is_not_asked_about() -> None:
    nobody = still_may(Rules())
    assert await nobody(said(origin=Origin.AGENT)) is None
    assert await nobody(replace(said(), prompt=Prompt(text="x"))) is None


async def test_a_bot_stays_a_bot() -> None:
    by_bot = said()
    by_bot = replace(by_bot, prompt=replace(by_bot.prompt, by_bot=True))
    assert await still_may(Rules(users=frozenset("7")))(by_bot) is not None
    assert await still_may(Rules(bots=frozenset("7")))(by_bot) is None

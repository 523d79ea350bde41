"""Which session a place belongs to, and which messages are for the bot."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from bot.chat import Incoming, Person, Place
from bot.routing import Silence, key_for, why_silent
from bot.settings import ReplyTo
from sessions.keys import DEFAULT_KEY
from sessions.store.values import Attachment

LISTEN = {"10", "11"}
DESK = Place(platform="discord", channel_id="10", guild_id="1")
FILE = Attachment(id="1", name="a", url="https://x", size_bytes=1)


def place(channel: str, *, guild: str | None = "1", parent: str | None = None) -> Place:
    return Place(platform="discord", channel_id=channel, guild_id=guild, parent_id=parent)


def said(
    text: str = "hello",
    *,
    where: Place = DESK,
    is_bot: bool = False,
    mentions_bot: bool = False,
    mentions_others: bool = False,
    names_bot: bool = False,
    ordinary: bool = True,
    files: tuple[Attachment, ...] = (),
) -> Incoming:
    return Incoming(
        place=where,
        person=Person(id="7", name="ann", is_bot=is_bot),
        message_id=99,
        text=text,
        attachments=files,
        mentions_bot=mentions_bot,
        mentions_others=mentions_others,
        names_bot=names_bot,
        ordinary=ordinary,
    )


@pytest.mark.parametrize(
    ("where", "key"),
    [
        pytest.param(place("10"), DEFAULT_KEY, id="a listen channel"),
        pytest.param(place("11"), DEFAULT_KEY, id="another listen channel"),
        pytest.param(place("20"), "20", id="any other channel"),
        pytest.param(place("30", parent="20"), "30", id="a thread"),
        pytest.param(place("31", parent="10"), "31", id="a thread in a listen channel"),
        pytest.param(place("32"), "32", id="a thread that is not in the cache"),
        pytest.param(place("40", guild=None), "40", id="a direct message"),
    ],
)
def test_each_place_has_its_key(where: Place, key: str) -> None:
    assert key_for(where, LISTEN) == key


@pytest.mark.parametrize(
    ("incoming", "reply_to", "silence"),
    [
        (said(), "all", None),
        (said(), "mention", Silence.NOT_MENTIONED),
        (said(mentions_bot=True), "mention", None),
        (said(mentions_others=True), "all", Silence.OTHERS),
        (said(mentions_others=True), "mention", Silence.OTHERS),
        (said(where=place("40", guild=None)), "mention", None),
        (said(ordinary=False), "all", Silence.NOT_ORDINARY),
        (said(is_bot=True, mentions_bot=True), "all", Silence.BOT),
        (said(" \n"), "all", Silence.EMPTY),
        (said("", files=(FILE,)), "all", None),
    ],
)
def test_a_message_is_answered_or_there_is_a_reason(
    incoming: Incoming, reply_to: ReplyTo, silence: Silence | None
) -> None:
    assert why_silent(incoming, reply_to) is silence


NAMED = said(is_bot=True, mentions_bot=True, names_bot=True)


@pytest.mark.parametrize(
    ("incoming", "bots", "silence"),
    [
        pytest.param(NAMED, {"7"}, None, id="listed, and names us"),
        pytest.param(NAMED, {"8"}, Silence.BOT, id="another one is listed"),
        pytest.param(NAMED, (), Silence.BOT, id="none is listed"),
        pytest.param(
            said(is_bot=True, mentions_bot=True), {"7"}, Silence.BOT_UNNAMED, id="a reply that pings"
        ),
        pytest.param(said(is_bot=True), {"7"}, Silence.BOT_UNNAMED, id="names nobody"),
        pytest.param(replace(NAMED, ordinary=False), {"7"}, Silence.NOT_ORDINARY, id="a webhook"),
        pytest.param(replace(NAMED, ours=True), {"7"}, Silence.OURS, id="ourselves"),
    ],
)
def test_a_bot_is_answered_only_if_it_is_listed_and_names_us(
    incoming: Incoming, bots: Collection[str], silence: Silence | None
) -> None:
    for reply_to in ("all", "mention"):
        assert why_silent(incoming, reply_to, bots) is silence

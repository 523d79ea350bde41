"""What holds in a room: the nearest word, from memory, stored before it counts."""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.errors import StateError, UserError
from sessions.keys import DEFAULT_KEY, SessionKey, session_key
from sessions.room_settings import RoomSettings
from sessions.room_words import PLACES, SCOPE, Listed, RoomWords, Where
from tests.support.desk_rooms import FactsInMemory

ROOM, CHANNEL, LISTENED, OTHER, GUILD = (str(n) * 18 for n in (1, 2, 3, 4, 7))
KEY, ABOVE = session_key(ROOM), session_key(CHANNEL)
DISPLAYS = ("off", "new", "all", "verbose")
LAYERS = ("room", "file", "channel", "channel's file", "server", "everywhere")


def told(facts: FactsInMemory, key: SessionKey, **values: object) -> None:
    facts.kept[SCOPE, key] = json.dumps(values)


async def loaded(facts: FactsInMemory, listed: Listed | None = None) -> RoomWords:
    words = RoomWords(facts, listed)
    await words.load()
    return words


@given(
    said=st.dictionaries(st.sampled_from(LAYERS), st.sampled_from(DISPLAYS)),
    shared=st.booleans(),
)
async def test_of_all_layers_the_nearest_that_says_something_counts(
    said: Mapping[str, str], shared: bool
) -> None:
    """The room is a thread of a channel of a server; the channel may be a listen channel."""
    facts, channels = FactsInMemory(), dict[str, dict[str, object]]()
    for layer, where in (("room", KEY), ("channel", DEFAULT_KEY if shared else ABOVE)):
        if layer in said:
            told(facts, where, display=said[layer])
    for layer, where in (("file", ROOM), ("channel's file", CHANNEL)):
        if layer in said:
            channels[where] = {"display": said[layer]}
    listed = Listed(
        everywhere={"display": said["everywhere"]} if "everywhere" in said else {},
        servers={GUILD: {"display": said["server"]}} if "server" in said else {},
        channels=channels,
        shared=(CHANNEL,) if shared else (),
    )
    words = await loaded(facts, listed)
    words.see(KEY, Where(channel=CHANNEL, server=GUILD))
    nearest = next((layer for layer in LAYERS if layer in said), None)
    settings, origins = words.explained(KEY)
    assert settings.display == (said[nearest] if nearest else RoomSettings().display)
    assert origins.get("display") == (nearest.removesuffix("'s file") if nearest else None)
    below = next((layer for layer in LAYERS[1:] if layer in said), None)
    assert words.inherited(KEY)[0].display == (said[below] if below else RoomSettings().display)


async def test_without_a_place_a_room_has_its_own_words_and_those_for_all() -> None:
    facts = FactsInMemory()
    told(facts, ABOVE, model="small")
    words = await loaded(facts, Listed(everywhere={"footer": "off"}))
    assert words.room(KEY) == RoomSettings(footer="off")


async def test_the_listen_channels_share_words_and_the_first_table_that_names_something() -> None:
    tables: dict[str, Mapping[str, object]] = {
        OTHER: {"model": "second", "footer": "full"},
        LISTENED: {"model": "first"},
    }
    facts = FactsInMemory()
    words = await loaded(facts, Listed(channels=tables, shared=(LISTENED, OTHER)))
    assert (words.room(DEFAULT_KEY).model, words.room(DEFAULT_KEY).footer) == ("first", "full")
    await words.change(DEFAULT_KEY, {"model": "ours"})
    assert words.room(DEFAULT_KEY).model == "ours"
    words.see(DEFAULT_KEY, Where(server=GUILD))
    assert (PLACES, DEFAULT_KEY) not in facts.kept


async def test_a_restart_keeps_the_words_and_the_places() -> None:
    facts = FactsInMemory()
    words = await loaded(facts)
    words.see(KEY, Where(channel=CHANNEL, server=GUILD))
    await words.change(ABOVE, {"prompt": "be kind"})
    await words.change(KEY, {"auto_thread": True, "history": 0})
    again = await loaded(facts)
    assert again.room(KEY) == RoomSettings(prompt="be kind", auto_thread=True, history=0)
    assert again.explained(KEY) == words.explained(KEY)


async def test_a_place_is_stored_once_and_never_unlearned() -> None:
    facts = FactsInMemory()
    words = await loaded(facts)
    words.see(KEY, Where(channel=CHANNEL, server=GUILD))
    facts.kept.clear()
    words.see(KEY, Where(channel=CHANNEL, server=GUILD))
    words.see(KEY, Where(server=GUILD))
    words.see(KEY, Where())
    assert facts.kept == {}
    await words.change(ABOVE, {"model": "small"})
    assert words.room(KEY).model == "small"


async def test_a_place_that_cannot_be_stored_is_known_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    facts = FactsInMemory()
    facts.failure = StateError("no disk")
    words = await loaded(facts, Listed(servers={GUILD: {"footer": "off"}}))
    words.see(KEY, Where(server=GUILD))
    assert words.room(KEY).footer == "off"
    while "where a room lies was not stored" not in caplog.text:
        await asyncio.sleep(0)


async def test_a_change_counts_once_it_is_stored_and_not_before() -> None:
    facts = Slow()
    words = await loaded(facts)
    async with asyncio.TaskGroup() as tasks:
        changing = tasks.create_task(words.change(KEY, {"model": "small"}))
        await facts.asked.wait()
        assert words.room(KEY).model is None
        facts.store_next()
        await changing
    assert words.room(KEY).model == "small"


async def test_a_change_that_is_not_stored_does_not_count() -> None:
    facts = FactsInMemory()
    words = await loaded(facts)
    await words.change(KEY, {"model": "small"})
    facts.failure = StateError("no disk")
    with pytest.raises(StateError):
        await words.change(KEY, {"model": "large"})
    assert words.room(KEY).model == "small"


async def test_of_two_changes_at_once_none_is_lost() -> None:
    facts = FactsInMemory()
    words = await loaded(facts)
    await asyncio.gather(
        words.change(KEY, {"model": "small"}),
        words.change(KEY, {"footer": "off"}),
        words.change(KEY, {"display": "all"}),
    )
    expected = RoomSettings(model="small", footer="off", display="all")
    assert words.room(KEY) == (await loaded(facts)).room(KEY) == expected


async def test_a_change_whose_caller_went_away_is_kept_by_the_next_one() -> None:
    facts = Slow()
    words = await loaded(facts)
    first = asyncio.ensure_future(words.change(KEY, {"model": "small"}))
    await facts.asked.wait()
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    second = asyncio.gather(words.change(KEY, {"footer": "off"}))
    facts.store_all = True
    facts.store_next()
    await second
    assert words.room(KEY) == RoomSettings(model="small", footer="off")


async def test_none_takes_back_what_was_said_and_nothing_else() -> None:
    words = await loaded(FactsInMemory(), Listed(everywhere={"model": "large"}))
    await words.change(KEY, {"model": "small", "footer": "off"})
    await words.change(KEY, {"model": None})
    assert (words.room(KEY).model, words.room(KEY).footer) == ("large", "off")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"colour": "red"}, "no setting `colour`"),
        ({"colour": None}, "no setting `colour`"),
        ({"display": "loud"}, "`display` must be 'off', 'new', 'all' or 'verbose'"),
        ({"history": 101}, "`history` must be less than or equal to 100"),
        ({"history": "many"}, "`history` must be a valid integer"),
        ({"model": "--dangerous"}, "`model` must match pattern"),
        ({"model": "a b"}, "`model` must match pattern"),
        ({"prompt": "x" * 4001}, "`prompt` must have at most 4000 characters"),
        ({"auto_thread": 1}, "`auto_thread` must be a valid boolean"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    values: Mapping[str, object], words: str
) -> None:
    facts = FactsInMemory()
    room = await loaded(facts)
    with pytest.raises(UserError, match=words):
        await room.change(KEY, {**values, "footer": "off"})
    assert facts.kept == {}
    assert room.room(KEY) == RoomSettings()


async def test_a_prompt_has_nothing_in_it_that_nobody_sees() -> None:
    words = await loaded(FactsInMemory())
    await words.change(KEY, {"prompt": "be\x00 ki\u202end\r\n\ttoo"})
    assert words.room(KEY).prompt == "be kind\n\ttoo"


async def test_stored_names_and_values_of_another_version_are_named_ignored_and_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    facts = FactsInMemory()
    told(facts, KEY, colour="red", display="loud", footer="off", history=True)
    with caplog.at_level(logging.WARNING):
        words = await loaded(facts)
    named = {getattr(record, "setting", "") for record in caplog.records}
    assert named == {"colour", "display", "history"}
    assert words.room(KEY) == RoomSettings(footer="off")
    await words.change(KEY, {"footer": "full"})
    assert json.loads(facts.kept[SCOPE, KEY])["colour"] == "red"
    assert (await loaded(facts)).room(KEY) == RoomSettings(footer="full")


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"x"', "null", "[" * 100_000])
async def test_what_is_stored_and_no_settings_at_all_is_as_nothing(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    facts = FactsInMemory()
    facts.kept[SCOPE, KEY] = facts.kept[PLACES, KEY] = text
    words = await loaded(facts)
    assert words.room(KEY) == RoomSettings()
    assert "what was set in a room cannot be read" in caplog.text
    assert "where a room lies cannot be read" in caplog.text


class Slow(FactsInMemory):
    """Stores when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.store_all = False
        self._waiting: list[tuple[asyncio.Future[None], str, str, str]] = []

    def set_fact(self, scope: str, name: str, text: str) -> asyncio.Future[None]:
        self.asked.set()
        if self.store_all:
            return super().set_fact(scope, name, text)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((stored, scope, name, text))
        return stored

    def store_next(self) -> None:
        stored, scope, name, text = self._waiting.pop(0)
        self.kept[scope, name] = text
        stored.set_result(None)

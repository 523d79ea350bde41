"""/health is true only of a bot that hears people, stores what they say and has caught up."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.health import Examiner, Seen
from bot.metrics import Metrics
from sessions.errors import StateError
from sessions.store import Store, open_store
from tests.support.clocks import SetClock
from tests.support.store_values import OTHER, inbound

DONE = datetime(2030, 1, 1, 11, tzinfo=UTC)


class Bot:
    """What is looked at; a test changes it."""

    def __init__(self) -> None:
        self.connected = self.chat = True
        self.caught_up: datetime | None = DONE

    def seen(self) -> Seen:
        return Seen(
            is_connected=lambda: self.connected,
            chat_lives=lambda: self.chat,
            caught_up=lambda: self.caught_up,
            running=lambda: 2,
            rooms=lambda: 3,
            agents=lambda: 1,
            agent_starts=lambda: 4,
            dropped=lambda: 0,
            starts=7,
            isolation="bwrap",
            version="1.2.3",
        )


class Full:
    """A store whose disk is full."""

    def __init__(self, store: Store) -> None:
        self.upkeep = store.upkeep
        self.writes = 0

    async def set_fact(self, scope: str, name: str, text: str) -> None:
        self.writes += 1
        raise StateError("The disk is full.")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


async def test_a_bot_that_works_says_so_with_what_it_does(tmp_path: Path, clock: SetClock) -> None:
    store = await open_store(tmp_path, clock)
    for number, key in enumerate((OTHER, OTHER, OTHER)):
        await store.accept(inbound(number, key))
    health = await Examiner(store, clock, Metrics(), Bot().seen()).health()
    assert health.ok
    body = health.body()
    assert body == {
        "ok": True,
        "connected": True,
        "store": "ok",
        "last_catch_up": "2030-01-01T11:00:00+00:00",
        "running": 2,
        "waiting": 3,
        "isolation": "bwrap",
        "version": "1.2.3",
    }
    await store.close()


@pytest.mark.parametrize("what", ["connected", "chat", "caught_up"])
async def test_what_is_missing_makes_it_no_health(tmp_path: Path, clock: SetClock, what: str) -> None:
    store, bot = await open_store(tmp_path, clock), Bot()
    examiner = Examiner(store, clock, Metrics(), bot.seen())
    assert (await examiner.health()).ok
    setattr(bot, what, None)
    assert not (await examiner.health()).ok
    await store.close()


async def test_a_full_disk_is_trouble_and_is_not_asked_at_every_look(tmp_path: Path, clock: SetClock) -> None:
    store = await open_store(tmp_path, clock)
    full = Full(store)
    examiner = Examiner(full, clock, Metrics(), Bot().seen())
    for _ in range(2):
        await examiner.health()
    health = await examiner.health()
    assert health.body()["store"] == "trouble"
    assert not health.ok
    assert full.writes == 1
    clock.pass_s(6)
    assert b"roomkey_healthy 0.0" in await examiner.scrape()
    assert full.writes == 2
    await store.close()

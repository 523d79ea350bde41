"""Rows F11 and F12 of the fault catalogue: the gateway fails, and delivers twice or in another order."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest

from bot.demo.guild import GatewayOptions
from bot.demo.guild.changes import BotOnline, Change
from bot.demo.guild.gateway import IDENTIFY, RESUME
from tests.support.hurry import QuickWaits, hurry
from tests.support.running_bot import world
from tests.support.trouble import Trouble, row, trouble

RESUMABLE: Final = (1000, 1001, 4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009)
BURST: Final = 40

End = Callable[[Trouble], Awaitable[None]]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> QuickWaits:
    """Nobody waits for discord.py's own waits."""
    return hurry(monkeypatch)


async def _all_resumable_codes(it: Trouble) -> None:
    for code in RESUMABLE:
        await it.guild.gateway.close(code)
        await it.guild.wait_online()


async def _no_hello(it: Trouble) -> None:
    await _soon_deaf(it)
    it.guild.faults.event("^HELLO$", copies=0)
    await it.guild.gateway.drop()


async def _half_open(it: Trouble) -> None:
    await _soon_deaf(it)
    it.guild.gateway.freeze()


async def _soon_deaf(it: Trouble) -> None:
    """Let the client take a silent connection for dead after 0.2 s, not 60; true from the next one on."""
    it.bot.client._connection.heartbeat_timeout = 0.2
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(it.guild.wait_for(_is_resume, "a resume"))
        tasks.create_task(it.guild.gateway.reconnect())


def _is_resume(change: Change) -> bool:
    return isinstance(change, BotOnline) and change.state == "resumed"


@pytest.mark.parametrize(
    "end",
    [
        row(
            "F11",
            "closed with 1000, 1001 and 4000 to 4009",
            "resumed each time, what is said meanwhile is answered once",
            _all_resumable_codes,
        ),
        row(
            "F11",
            "connection cut (1006)",
            "resumed, what is said meanwhile is answered once",
            lambda it: it.guild.gateway.drop(),
        ),
        row(
            "F11",
            "RECONNECT (operation 7)",
            "resumed, what is said meanwhile is answered once",
            lambda it: it.guild.gateway.reconnect(),
        ),
        row(
            "F11",
            "INVALID_SESSION, resumable",
            "resumed, what is said meanwhile is answered once",
            lambda it: it.guild.gateway.invalidate(resumable=True),
        ),
        row(
            "F11",
            "INVALID_SESSION, not resumable",
            "a new session, what is said meanwhile is fetched and answered once",
            lambda it: it.guild.gateway.invalidate(),
        ),
        row(
            "F11",
            "connection cut and the session forgotten",
            "a new session, what is said meanwhile is fetched and answered once",
            lambda it: it.guild.gateway.drop(forget=True),
        ),
        row("F11", "no HELLO", "dialled again, what is said meanwhile is answered once", _no_hello),
        row(
            "F11",
            "half-open connection: nothing gets through, nothing is closed",
            "noticed, left and resumed; what is said meanwhile is answered once",
            _half_open,
        ),
    ],
)
async def test_f11_what_is_said_while_the_gateway_is_gone_is_answered_once_in_order(
    tmp_path: Path, end: End
) -> None:
    async with trouble(tmp_path, gateway=GatewayOptions(heartbeat_s=0.05)) as it:
        before = await it.says("before")
        await it.lab.next_from_bot(after=before[0], containing="before")
        await end(it)
        await it.answered_once(before + await it.says("first", "second", "third"))


@pytest.mark.fault(
    "F11",
    f"{BURST} messages in each of three rooms while a session that cannot be resumed is gone",
    "all answered once, each room in its order",
)
async def test_f11_a_busy_gap_loses_doubles_and_swaps_nothing(tmp_path: Path) -> None:
    async with trouble(tmp_path, max_running=8) as it:
        thread = await it.ann.opens_thread(it.lab, "aside")
        places = (it.desk, it.lab, thread)
        said = {place.id: await it.says("before", place=place) for place in places}
        for place in places:
            await place.next_from_bot(containing="before")
        await it.guild.gateway.drop(forget=True)
        for number in range(BURST):
            for place in places:
                said[place.id] += await it.says(f"message {number}", place=place)
        for place in places:
            await it.answered_once(said[place.id])


@pytest.mark.fault("F11", "the gateway is gone while a turn runs", "the turn runs on and is answered")
async def test_f11_a_turn_runs_on_while_the_gateway_is_gone(tmp_path: Path) -> None:
    script = """
    [[turn]]
    [[turn.step]]
    wait_s = 0.5
    [[turn.step]]
    text = "done"
    """
    async with trouble(tmp_path, script=script) as it:
        said = await it.says("work")
        await it.lab.typing()
        it.guild.faults.rest("GET", "^/gateway$", times=3, abort=True)
        await it.guild.gateway.drop(forget=True)
        await it.answered_once(said)


@pytest.mark.fault("F11", "no READY after IDENTIFY", "dialled again, what is said meanwhile is answered once")
async def test_f11_a_session_that_never_gets_ready_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat_discord.login._READY_S", 0.3)
    async with trouble(tmp_path) as it:
        before = await it.says("before")
        await it.lab.next_from_bot(after=before[0], containing="before")
        it.guild.faults.event("^(READY|GUILD_CREATE)$", times=2, copies=0)
        await it.guild.gateway.invalidate()
        await it.answered_once(before + await it.says("into the silence"))


@pytest.mark.fault("F11", "gateway answers 503, then cuts, then accepts", "dialled until it accepts")
async def test_f11_a_gateway_that_refuses_is_dialled_until_it_accepts(tmp_path: Path) -> None:
    async with trouble(tmp_path) as it:
        it.guild.faults.rest("GET", "^/gateway$", times=3, status=503)
        it.guild.faults.rest("GET", "^/gateway$", times=3, abort=True)
        await it.guild.gateway.drop()
        await it.answered_once(await it.says("hello"))
        assert it.guild.faults.left() == 0
        assert [frame.op for frame in it.guild.ledger.frames if frame.op in (IDENTIFY, RESUME)][1:] == [
            RESUME
        ]


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        row("F11", "closed with 4004 (token)", "ends with exit code 77, which is not restarted", 4004, 77),
        row("F11", "closed with 4013 (intents)", "ends with exit code 78, which is not restarted", 4013, 78),
        row("F11", "closed with 4014 (intents)", "ends with exit code 78, which is not restarted", 4014, 78),
    ],
)
async def test_f11_a_close_that_is_final_ends_the_bot_with_a_code(
    tmp_path: Path, code: int, exit_code: int
) -> None:
    async with world(tmp_path, settings={"ROOMKEY_AGENT__VENDOR": "scripted"}) as here:
        await here.start()
        assert here.bot is not None
        await here.guild.gateway.close(code)
        async with asyncio.timeout(60):
            assert await here.bot.wait() == exit_code


@pytest.mark.parametrize(
    ("copies", "delay_s"),
    [
        row("F12", "each event twice at once", "answered once", 2, 0.0),
        row("F12", "each event twice, 150 ms apart", "answered once", 2, 0.15),
        row("F12", "each event twice, 400 ms apart", "answered once", 2, 0.4),
        row("F12", "each event fifty times", "answered once", 50, 0.0),
    ],
)
async def test_f12_an_event_that_comes_again_is_not_answered_again(
    tmp_path: Path, copies: int, delay_s: float
) -> None:
    async with trouble(tmp_path) as it:
        texts = [f"message {number}" for number in range(10)]
        it.guild.faults.event("^MESSAGE_CREATE$", times=len(texts), copies=copies, delay_s=delay_s)
        said = await it.says(*texts)
        await it.answered_once(said)
        await asyncio.sleep(delay_s * (copies - 1))
        await it.answered_once(said + await it.says("the end"))


@pytest.mark.fault("F12", "events in another order", "each answered once")
async def test_f12_events_in_another_order_are_answered_once_each(tmp_path: Path) -> None:
    async with trouble(tmp_path) as it:
        for behind in (3, 1, 2):
            it.guild.faults.event("^MESSAGE_CREATE$", behind=behind)
        texts = [f"message {number}" for number in range(10)]
        await it.answered_once(await it.says(*texts), in_order=False)


@pytest.mark.fault("F12", "events lost while the connection stays", "found when the next session begins")
async def test_f12_lost_events_are_found_by_the_next_session(tmp_path: Path) -> None:
    async with trouble(tmp_path) as it:
        before = await it.says("before")
        await it.lab.next_from_bot(after=before[0], containing="before")
        it.guild.faults.event("^MESSAGE_CREATE$", times=3, copies=0)
        lost = await it.says("one", "two", "three")
        await it.guild.gateway.invalidate()
        await it.answered_once(before + lost)

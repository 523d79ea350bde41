"""Bad input and bad days: each is answered or refused where it was said, and the next message is answered."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.demo.guild import GatewayOptions, OfflineGuild, Permission, Place, RateLimits, messages
from bot.demo.guild.intents import Intent
from bot.demo.guild.model import Attachment, Message
from sessions.keys import session_key
from tests.support.running_bot import World, world
from tests.support.whole_bot import WholeBot, whole_bot

pytestmark = pytest.mark.timeout(240)  # some start real processes on a machine that may be busy

LARGE_BYTES = 30 * 1024 * 1024
SCRIPT = """
[[turn]]
match = "5,000"
[[turn.step]]
text = '''
@everyone, <@&1> and <@2>, look:
```python
{lines}'''
[[turn]]
match = "take your time"
[[turn.step]]
text = "one two three four five six"
over_s = 0.5
[[turn.step]]
hang = true
""".replace("{lines}", "\n".join(f"line_{n} = {n}  # and so on" for n in range(200)))
QUICK = {"ROOMKEY_AGENT__VENDOR": "scripted"}


@asynccontextmanager
async def scene(tmp_path: Path) -> AsyncGenerator[tuple[OfflineGuild, WholeBot, Place]]:
    async with (
        OfflineGuild(channels=["desk", "lab"], users=["ann"], rate_limits=RateLimits.off()) as guild,
        whole_bot(guild, tmp_path, script=SCRIPT) as bot,
    ):
        lab = guild.channel("lab")
        yield guild, bot, lab
        assert guild.ledger.mention_violations() == []
        assert "Traceback" not in "".join(place.transcript() for place in (lab, guild.channel("desk")))


async def next_is_answered(guild: OfflineGuild, place: Place) -> None:
    said = await guild.user("ann").says("and now?", place)
    await place.next_from_bot(after=said, containing="and now?", timeout=60)


def from_bot(guild: OfflineGuild, place: Place) -> list[str]:
    return [message.content for message in place.messages() if message.author_id == guild.bot.id]


@pytest.mark.parametrize(
    ("said", "shown"),
    [("a\0b", "ab"), ("a\ud800b", "ab"), ("x" * 3999 + "y", "xy"), ("\u202e\u200b|| `", "")],
    ids=["nul", "surrogate", "4,000 characters", "invisible"],
)
async def test_odd_text_is_answered(tmp_path: Path, said: str, shown: str) -> None:
    async with scene(tmp_path) as (guild, _, lab):
        asked = await guild.user("ann").says(said, lab)
        await lab.next_from_bot(after=asked, containing=shown)
        await next_is_answered(guild, lab)


async def test_the_real_agent_answers_odd_text_too(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        await here.ask("the word is a\0b\ud800c kiwi", workshop, "first thing")
        await here.ask("/reset " + "@x " * 1331, workshop, "")
        assert "kiwi" in (await here.ask("what was the word", workshop, "told me 3 things")).content


async def test_a_message_with_a_file_alone_is_answered(tmp_path: Path) -> None:
    async with scene(tmp_path) as (guild, _, lab):
        said = await guild.user("ann").says("", lab, files={"notes.txt": b"hello"})
        await lab.next_from_bot(after=said, containing="inbox/")
        await next_is_answered(guild, lab)


@pytest.mark.parametrize("declared_bytes", [LARGE_BYTES, 10], ids=["declared", "lying about its size"])
async def test_a_file_of_30_mb_is_refused_by_its_name(tmp_path: Path, declared_bytes: int) -> None:
    async with scene(tmp_path) as (guild, _, lab):
        said = _says_with_file(guild, lab, declared_bytes)
        refusal = "I could not take big.bin. It is larger than 25 MiB."
        await lab.next_from_bot(after=said, containing=refusal)
        await next_is_answered(guild, lab)


async def test_a_file_that_the_server_cuts_off_is_refused_by_its_name(tmp_path: Path) -> None:
    async with scene(tmp_path) as (guild, _, lab):
        guild.faults.rest("GET", "/attachments/", times=3, abort=True)
        said = await guild.user("ann").says("look", lab, files={"notes.txt": b"hello"})
        await lab.next_from_bot(after=said, containing="I could not take notes.txt.")
        await next_is_answered(guild, lab)


async def test_a_channel_that_is_deleted_under_a_turn_costs_nothing_else(tmp_path: Path) -> None:
    async with scene(tmp_path) as (guild, bot, lab):
        await _is_busy(guild, lab)
        lab.delete()
        bot.manager.stop(session_key(lab.id))
        await next_is_answered(guild, guild.channel("desk"))


async def test_a_permission_that_is_lost_under_a_turn_comes_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as (guild, bot, lab):
        await _is_busy(guild, lab)
        lab.deny(guild.bot.id, Permission.SEND_MESSAGES)
        bot.manager.stop(session_key(lab.id))
        await _until(lambda: bot.outbox.dropped > 0)
        lab.allow(guild.bot.id, Permission.SEND_MESSAGES)
        await next_is_answered(guild, lab)


async def test_a_long_answer_with_an_open_fence_arrives_whole_and_pings_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path) as (guild, bot, lab):
        said = await guild.user("ann").says("5,000 please", lab)
        answer = await lab.next_from_bot(after=said, matching=lambda m: bool(m.attachments))
        assert await bot.outbox.flush(60)
        assert "The code, 200 lines, is in the file code-1.py." in answer.content
        [file] = answer.attachments
        code = guild.world.files[file.id].decode()
        assert code.splitlines() == [f"line_{n} = {n}  # and so on" for n in range(200)]
        assert guild.ledger.pings() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "times": 3},
        {"status": 429, "is_global": True},
        {"status": 500},
        {"status": 503},
        {"status": 500, "stored": True},
        {"abort": True, "stored": True},
        {"status": 400, "code": 160002},
    ],
    ids=["429 three times", "429 of all", "500", "503", "500 but stored", "cut but stored", "no history"],
)
async def test_an_answer_is_seen_exactly_once(tmp_path: Path, fault: dict[str, object]) -> None:
    async with scene(tmp_path) as (guild, bot, lab):
        guild.faults.rest("POST", r"/messages$", **fault)  # type: ignore[arg-type]
        said = await guild.user("ann").says("hello", lab)
        await lab.next_from_bot(after=said, containing="hello", timeout=60)
        await next_is_answered(guild, lab)
        assert await bot.outbox.flush(60)
        assert len(from_bot(guild, lab)) == 2
        assert guild.faults.left() == 0


async def test_a_connection_that_drops_under_a_turn_loses_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as (guild, bot, lab):
        await _is_busy(guild, lab)
        await guild.gateway.drop()
        said = await guild.user("ann").says("said in the gap", lab)
        bot.manager.stop(session_key(lab.id))
        await lab.next_from_bot(after=said, containing="Stopped.")
        await lab.next_from_bot(after=said, containing="said in the gap", timeout=60)


async def test_an_absent_discord_is_one_line_for_each_try(tmp_path: Path) -> None:
    async with world(tmp_path, settings=QUICK) as here:
        here.guild.faults.rest("GET", r"/users/@me$", times=2, status=503)
        await here.start(*_logging_to(tmp_path / "log"))
        assert await here.stop() == 0
        lines = (tmp_path / "log").read_text().splitlines()
        assert ["Discord cannot be reached, trying again" in line for line in lines] == [True, True]


async def test_an_absent_gateway_is_one_line_for_each_try(tmp_path: Path) -> None:
    async with world(tmp_path, settings=QUICK | {"ROOMKEY_DISCORD__GATEWAY_URL": "ws://127.0.0.1:9"}) as here:
        bot = await _spawn(here)
        assert bot.stderr is not None
        for _ in range(2):
            assert b"Discord cannot be reached, trying again" in await bot.stderr.readline()
        assert await here.stop() == 0
        assert b"Traceback" not in await bot.stderr.read()


@pytest.mark.parametrize(
    ("settings", "granted", "code", "words"),
    [
        ({"DISCORD_BOT_TOKEN": "not.the.token"}, None, 77, "DISCORD_BOT_TOKEN"),
        ({}, Intent(0), 78, "https://discord.com/developers/applications/"),
    ],
    ids=["refused token", "missing intent"],
)
async def test_what_a_person_must_mend_ends_the_bot_with_a_sentence(
    tmp_path: Path, settings: dict[str, str], granted: Intent | None, code: int, words: str
) -> None:
    async with world(tmp_path, settings=QUICK | settings) as here:
        if granted is not None:
            here.guild.gateway.options = GatewayOptions(granted=granted)
        bot = await _spawn(here)
        _, said = await bot.communicate()
        assert bot.returncode == code, said.decode()
        [sentence] = said.decode().splitlines()
        assert sentence.startswith("roomkey: ")
        assert words in sentence


@pytest.mark.parametrize("signals", [1, 2])
async def test_a_stop_under_a_turn_leaves_what_was_written_and_a_notice(tmp_path: Path, signals: int) -> None:
    async with world(tmp_path, settings={"ROOMKEY_AGENT__GRACE_S": "0.2"}) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        said = await here.guild.user("ann").says("slow:60", workshop)
        await workshop.next_from_bot(after=said, containing="word1", timeout=60)
        assert here.bot is not None
        for _ in range(signals):
            here.bot.terminate()
        assert await here.stop() == 0
        left, card = from_bot(here.guild, workshop)
        assert left.startswith("-# Not finished:")
        assert "word1" in left
        assert "Interrupted" in card
        await here.start()
        await here.ask("and now", workshop, "things in this room")


async def _is_busy(guild: OfflineGuild, place: Place) -> None:
    said = await guild.user("ann").says("take your time", place)
    await place.next_from_bot(after=said, containing="one")


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


def _says_with_file(guild: OfflineGuild, place: Place, declared_bytes: int) -> Message:
    """Say something with a file larger than the guild lets its own actors upload."""
    file = Attachment(guild.world.ids.new(), "big.bin", declared_bytes, "application/octet-stream")
    guild.world.files[file.id] = bytes(LARGE_BYTES)
    ann = guild.user("ann").id
    now = guild.world.clock.now()
    said = Message(guild.world.ids.new(), place.id, ann, now, "look", attachments=(file,))
    return messages.insert(guild.world, said)


async def _spawn(here: World) -> asyncio.subprocess.Process:
    here.bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env=here.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    return here.bot


def _logging_to(file: Path) -> tuple[str, ...]:
    return ("/bin/sh", "-c", 'exec "$0" -m bot run 2>"$1"', sys.executable, str(file))

"""The offline guild's gateway and a real discord.py client: refusals, resuming, invalid sessions, intents."""

import asyncio
from typing import Any

import discord
import pytest

from bot.demo.guild import GatewayOptions, OfflineGuild
from bot.demo.guild.changes import BotOnline
from bot.demo.guild.gateway import IDENTIFY, RESUME
from bot.demo.guild.intents import Intent
from tests.support.discord_client import Bot, connected, pointed_at
from tests.support.hurry import QuickWaits, hurry

NARROW = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> QuickWaits:
    """Nobody waits for discord.py's own waits."""
    return hurry(monkeypatch)


class Listener(Bot):
    """Notes what it hears and how often it became ready or resumed."""

    def __init__(self, intents: discord.Intents = NARROW, **options: Any) -> None:
        super().__init__(intents, **options)
        self.heard: list[str] = []
        self.states: list[str] = []

    async def on_message(self, message: discord.Message, /) -> None:
        """Note the text."""
        self.heard.append(message.content)
        self.dispatch("heard", message.content)

    async def on_ready(self) -> None:
        """Note it."""
        self.states.append("ready")
        self.dispatch("state", "ready")

    async def on_resumed(self) -> None:
        """Note it."""
        self.states.append("resumed")
        self.dispatch("state", "resumed")

    async def hears(self, text: str) -> None:
        """Return once a message with this text was heard."""
        if text not in self.heard:
            await self.wait_for("heard", check=lambda heard: heard == text, timeout=60)


async def refused(guild: OfflineGuild, bot: Bot, token: str | None = None) -> Exception:
    async with pointed_at(guild), bot, asyncio.timeout(60):
        try:
            await bot.start(token or guild.token)
        except Exception as error:  # noqa: BLE001 - the error is the result
            return error
    raise AssertionError("the client was not refused")


async def test_a_bad_token_is_refused_at_login_with_401():
    async with OfflineGuild() as guild:
        error = await refused(guild, Listener(), "wrong")

    assert isinstance(error, discord.LoginFailure)


async def test_a_token_that_went_bad_is_refused_by_the_gateway_with_4004():
    class Late(Listener):
        async def setup_hook(self) -> None:
            self.http.token = "wrong"

    async with OfflineGuild() as guild:
        error = await refused(guild, Late())

    assert isinstance(error, discord.ConnectionClosed)
    assert error.code == 4004


async def test_an_intent_that_does_not_exist_is_refused_with_4013():
    invalid = discord.Intents()
    invalid.value = 1 << 30
    async with OfflineGuild() as guild:
        error = await refused(guild, Listener(invalid))

    assert isinstance(error, discord.ConnectionClosed)
    assert error.code == 4013


async def test_a_privileged_intent_that_is_not_granted_is_refused_with_4014():
    async with OfflineGuild(gateway=GatewayOptions(granted=Intent(0))) as guild:
        error = await refused(guild, Listener())

    assert isinstance(error, discord.PrivilegedIntentsRequired)


async def test_a_dropped_connection_is_resumed_and_misses_nothing():
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        await ann.says("before", desk)
        lost = guild.wait_for(lambda change: change == BotOnline(guild.bot.id, "lost"), "the loss")
        waiting = asyncio.create_task(lost)
        await asyncio.sleep(0)
        await guild.gateway.drop()
        await waiting
        for number in range(5):
            await ann.says(f"gap {number}", desk)
        await bot.hears("gap 4")

    assert bot.heard == ["before", *(f"gap {number}" for number in range(5))]
    assert bot.states == ["ready", "resumed"]
    assert [frame.op for frame in guild.ledger.frames if frame.op in (IDENTIFY, RESUME)] == [IDENTIFY, RESUME]


@pytest.mark.parametrize(
    "how", ["close 1000", "close 1001", "close 4000", "close 4009", "op 7", "op 9 resumable"]
)
async def test_each_soft_end_of_a_connection_is_resumed(how: str):
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        resumed = bot.wait_for("state", check=lambda state: state == "resumed", timeout=60)
        match how:
            case "op 7":
                await guild.gateway.reconnect()
            case "op 9 resumable":
                await guild.gateway.invalidate(resumable=True)
            case _:
                await guild.gateway.close(int(how.split()[1]))
        await guild.user("ann").says("after", guild.channel("desk"))
        await resumed
        await bot.hears("after")

    assert bot.heard == ["after"]


async def test_after_an_invalid_session_events_of_the_gap_are_lost_but_in_the_history():
    class Patient(Listener):
        async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
            """Do not wait Discord's 5 s; the gap is made below instead."""
            await gap.wait()

    gap = asyncio.Event()
    gap.set()
    bot = Patient()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        gap.clear()
        again = bot.wait_for("state", check=lambda state: state == "ready", timeout=60)
        await guild.gateway.invalidate()
        await guild.user("ann").says("in the gap", guild.channel("desk"))
        gap.set()
        await again
        channel = bot.get_channel(int(guild.channel("desk").id))
        assert isinstance(channel, discord.TextChannel)
        found = [message.content async for message in channel.history()]

    assert bot.heard == []
    assert found == ["in the gap"]
    assert bot.states == ["ready", "ready"]
    assert channel.last_message_id == int(guild.channel("desk").messages()[0].id)


async def test_without_the_content_intent_texts_are_empty_except_where_the_bot_is_meant():
    bot = Listener(discord.Intents(guilds=True, guild_messages=True, dm_messages=True))
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        await ann.says("secret", desk, files={"a.txt": b"x"})
        await ann.says(f"<@{guild.bot.id}> hello", desk)
        await ann.says("psst", ann.dm(guild.bot))
        await bot.hears("psst")

    assert bot.heard == ["", f"<@{guild.bot.id}> hello", "psst"]
    assert [len(message.attachments) for message in bot.cached_messages] == [0, 0, 0]


async def test_events_without_their_intent_stay_away():
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        events: list[str] = []

        @bot.event
        async def on_socket_event_type(name: str) -> None:
            events.append(name)

        ann, desk = guild.user("ann"), guild.channel("desk")
        said = await ann.says("hello", desk)
        await ann.types(desk)
        await ann.reacts(said, "👍")
        guild.add_user("carl")
        await ann.says("done", desk)
        await bot.hears("done")

    assert events == ["MESSAGE_CREATE", "MESSAGE_CREATE"]


async def test_events_can_be_doubled_lost_and_broken():
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        guild.faults.event("MESSAGE_CREATE", copies=2)
        guild.faults.event("MESSAGE_CREATE", copies=0)
        for text in ("doubled", "lost", "plain"):
            await ann.says(text, desk)
        await bot.hears("plain")
        assert guild.faults.left() == 0

    assert bot.heard == ["doubled", "doubled", "plain"]


async def test_an_event_without_a_required_key_ends_the_client():
    class Doomed(Listener):
        async def on_ready(self) -> None:
            await guild.user("ann").says("hello", guild.channel("desk"))

    async with OfflineGuild(channels=["desk"]) as guild:
        guild.faults.event("MESSAGE_CREATE", without="author")
        error = await refused(guild, Doomed())

    assert isinstance(error, AttributeError)


async def test_two_bots_share_the_guild():
    first, second = Listener(), Listener()
    async with (
        OfflineGuild(channels=["desk"], bots=["one", "two"]) as guild,
        connected(guild, first),
        connected(guild, second, list(guild.tokens)[1]),
    ):
        await guild.user("ann").says("hello both", guild.channel("desk"))
        await first.hears("hello both")
        await second.hears("hello both")

    assert (first.user.name, second.user.name) == ("one", "two")  # type: ignore[union-attr]


async def test_a_half_open_connection_is_noticed_and_resumed_and_misses_nothing():
    bot = Listener(heartbeat_timeout=0.2)
    options = GatewayOptions(heartbeat_s=0.05)
    async with OfflineGuild(channels=["desk"], gateway=options) as guild, connected(guild, bot):
        guild.gateway.freeze()
        await guild.user("ann").says("into the void", guild.channel("desk"))
        await bot.hears("into the void")

    assert bot.states == ["ready", "resumed"]


async def test_a_frozen_connection_that_thaws_goes_on():
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        guild.gateway.freeze()
        await ann.says("lost on the way", desk)
        guild.gateway.freeze(frozen=False)
        await ann.says("after", desk)
        await bot.hears("after")

    assert bot.heard == ["after"]


async def test_a_deaf_connection_has_its_heartbeats_answered_and_hears_nothing():
    bot = Listener(heartbeat_timeout=0.3)
    options = GatewayOptions(heartbeat_s=0.05)
    async with OfflineGuild(channels=["desk"], gateway=options) as guild, connected(guild, bot):
        guild.gateway.deafen()
        await guild.user("ann").says("anybody?", guild.channel("desk"))
        await asyncio.sleep(0.5)
        assert (bot.heard, bot.states) == ([], ["ready"])
        await guild.gateway.drop()
        await bot.hears("anybody?")

    assert bot.states == ["ready", "resumed"]


@pytest.mark.parametrize("how", ["drop", "close"])
async def test_a_session_that_was_forgotten_meanwhile_is_opened_anew(how: str):
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        again = bot.wait_for("state", check=lambda state: state == "ready", timeout=60)
        if how == "drop":
            await guild.gateway.drop(forget=True)
        else:
            await guild.gateway.close(4000, forget=True)
        await again

    ops = [frame.op for frame in guild.ledger.frames if frame.op in (IDENTIFY, RESUME)]
    assert ops == [IDENTIFY, RESUME, IDENTIFY]


async def test_events_can_be_late_and_the_next_overtake_them():
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        guild.faults.event("MESSAGE_CREATE", delay_s=0.05)
        for text in ("late", "in time"):
            await ann.says(text, desk)
        await bot.hears("late")

    assert bot.heard == ["in time", "late"]


async def test_events_can_come_in_another_order():
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        guild.faults.event("MESSAGE_CREATE", behind=2)
        for text in ("1", "2", "3", "4"):
            await ann.says(text, desk)
        await bot.hears("4")

    assert bot.heard == ["2", "3", "1", "4"]


async def test_an_event_can_come_twice_with_a_while_between():
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        ann, desk = guild.user("ann"), guild.channel("desk")
        guild.faults.event("MESSAGE_CREATE", copies=2, delay_s=0.05)
        guild.faults.event("MESSAGE_CREATE", delay_s=0.08)
        await ann.says("twice", desk)
        await ann.says("between", desk)
        while len(bot.heard) < 3:
            await bot.wait_for("heard", timeout=60)

    assert bot.heard == ["twice", "between", "twice"]


async def test_a_gateway_that_does_not_say_hello_is_left_and_dialled_again():
    bot = Listener(heartbeat_timeout=0.2)
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        resumed = bot.wait_for("state", check=lambda state: state == "resumed", timeout=60)
        guild.faults.event("^HELLO$", copies=0)
        await guild.gateway.drop()
        await resumed
        assert guild.faults.left() == 0


async def test_without_ready_a_client_waits():
    bot = Listener()
    async with OfflineGuild() as guild, pointed_at(guild), bot, asyncio.TaskGroup() as tasks:
        guild.faults.event("^(READY|GUILD_CREATE)$", times=2, copies=0)
        running = tasks.create_task(bot.start(guild.token))
        await guild.wait_online()
        await asyncio.sleep(0.2)
        assert guild.faults.left() == 0
        assert not bot.is_ready()
        running.cancel()


@pytest.mark.parametrize("fault", [{"status": 503}, {"abort": True}], ids=["503", "cut"])
async def test_a_gateway_that_refuses_connections_is_dialled_until_it_does_not(fault: dict[str, Any]):
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        resumed = bot.wait_for("state", check=lambda state: state == "resumed", timeout=60)
        guild.faults.rest("GET", "^/gateway$", **fault)
        await guild.gateway.drop()
        await resumed
        assert guild.faults.left() == 0


async def test_a_guild_that_is_away_refuses_everybody_and_comes_back_where_it_was():
    bot = Listener()
    async with OfflineGuild(channels=["desk"]) as guild, connected(guild, bot):
        async with guild.away():
            with pytest.raises(OSError):
                await bot.fetch_user(int(guild.bot.id))
            await guild.user("ann").says("while it was away", guild.channel("desk"))
        await bot.hears("while it was away")

    assert bot.states == ["ready", "resumed"]

"""What every ChatPort keeps: the one in memory that tests use, and Discord's against the offline guild."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from bot.chat import Button, ChatError, ChatPort, ChatRefused, MessageGone
from bot.chat_discord.login import default_intents
from bot.chat_discord.port import DiscordPort
from bot.demo.guild import OfflineGuild, Permission, Place, RateLimits
from tests.support.discord_client import Bot, connected
from tests.support.ports import FakePort

ALLOW = Button(label="Allow once", action="rk:allow:1:0123456789abcdef", style="good")


@dataclass(slots=True)
class Chat:
    """A port with one open and one closed channel, and a look at what is shown."""

    port: ChatPort
    open_id: str
    closed_id: str
    guild: OfflineGuild | None = None

    def shown(self) -> list[str]:
        """Return the texts in the open channel."""
        if isinstance(self.port, FakePort):
            return self.port.bodies(self.open_id)
        return [message.content for message in self._place().messages()]

    def buttons(self) -> list[str]:
        """Return the labels of the buttons of the newest message."""
        if isinstance(self.port, FakePort):
            return [button.label for button in list(self.port.messages.values())[-1].buttons]
        rows = self._place().messages()[-1].components
        return [button["label"] for row in rows for button in row["components"]]  # type: ignore[index,union-attr]

    def answers(self) -> str | None:
        """Return which message the newest one answers."""
        if isinstance(self.port, FakePort):
            return list(self.port.messages.values())[-1].reply_to
        reference = self._place().messages()[-1].reference
        return None if reference is None else reference.message_id

    def _place(self) -> Place:
        assert self.guild is not None
        return self.guild.place(self.open_id)


@pytest.fixture(params=["memory", "discord"])
async def chat(request: pytest.FixtureRequest) -> AsyncGenerator[Chat]:
    if request.param == "memory":
        port = FakePort()
        port.closed.add("2")
        yield Chat(port, "1", "2")
        return
    async with OfflineGuild(channels=["desk", "attic"], rate_limits=RateLimits.off()) as guild:
        attic = guild.channel("attic")
        attic.deny(guild.bot.id, Permission.SEND_MESSAGES)
        async with connected(guild, Bot(default_intents())) as bot:
            yield Chat(DiscordPort(bot), guild.channel("desk").id, attic.id, guild)
        assert guild.ledger.unknown_routes == []
        assert guild.ledger.mention_violations() == []


async def test_what_is_sent_is_shown(chat: Chat) -> None:
    await chat.port.send(chat.open_id, "hello")
    assert chat.shown() == ["hello"]


async def test_the_same_nonce_shows_one_message_and_gives_its_id_again(chat: Chat) -> None:
    first = await chat.port.send(chat.open_id, "hello", nonce="abc")
    assert await chat.port.send(chat.open_id, "hello", nonce="abc") == first
    assert await chat.port.send(chat.open_id, "hello", nonce="abd") != first
    assert chat.shown() == ["hello", "hello"]


async def test_a_message_may_answer_another(chat: Chat) -> None:
    first = await chat.port.send(chat.open_id, "hello")
    await chat.port.send(chat.open_id, "you too", reply_to=first)
    assert chat.answers() == first


async def test_an_answer_to_a_deleted_message_arrives_all_the_same(chat: Chat) -> None:
    first = await chat.port.send(chat.open_id, "hello")
    await chat.port.delete(chat.open_id, first)
    await chat.port.send(chat.open_id, "you too", reply_to=first)
    assert chat.shown() == ["you too"]


async def test_an_edit_replaces_text_and_buttons(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "may I?", buttons=[ALLOW])
    assert chat.buttons() == ["Allow once"]
    await chat.port.edit(chat.open_id, sent, "you may")
    assert chat.shown() == ["you may"]
    assert chat.buttons() == []
    await chat.port.edit(chat.open_id, sent, "may I?", buttons=[ALLOW])
    assert chat.buttons() == ["Allow once"]


async def test_an_edit_of_a_deleted_message_says_so(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "hello")
    await chat.port.delete(chat.open_id, sent)
    with pytest.raises(MessageGone):
        await chat.port.edit(chat.open_id, sent, "hello?")


async def test_a_message_may_be_deleted_twice(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "hello")
    await chat.port.delete(chat.open_id, sent)
    await chat.port.delete(chat.open_id, sent)
    assert chat.shown() == []


async def test_typing_is_shown(chat: Chat) -> None:
    await chat.port.typing(chat.open_id)


async def test_a_closed_channel_is_refused_for_good(chat: Chat) -> None:
    with pytest.raises(ChatRefused):
        await chat.port.send(chat.closed_id, "hello")


async def test_a_text_over_the_limit_is_refused_for_good(chat: Chat) -> None:
    await chat.port.send(chat.open_id, "x" * chat.port.capabilities.message_chars)
    with pytest.raises(ChatRefused):
        await chat.port.send(chat.open_id, "x" * (chat.port.capabilities.message_chars + 1))


async def test_a_blank_text_is_refused_for_good(chat: Chat) -> None:
    with pytest.raises(ChatRefused):
        await chat.port.send(chat.open_id, " \n")


@pytest.mark.parametrize(
    ("fault", "for_good"),
    [
        ({"status": 503}, False),
        ({"abort": True}, False),
        ({"status": 429, "via": False}, False),
        ({"status": 401}, False),
        ({"status": 400, "code": 20016}, False),
        ({"status": 403, "code": 50013}, True),
        ({"status": 404, "code": 10003}, True),
    ],
)
async def test_discords_refusals_are_for_now_or_for_good(fault: dict[str, object], for_good: bool) -> None:
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        guild.faults.rest("POST", r"/messages$", times=1, **fault)  # type: ignore[arg-type]
        async with connected(guild, Bot(default_intents())) as bot:
            with pytest.raises(ChatError) as caught:
                await DiscordPort(bot).send(guild.channel("desk").id, "hello")
        assert isinstance(caught.value, ChatRefused) is for_good


async def test_live_messages_make_no_sound_and_no_previews() -> None:
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        desk = guild.channel("desk").id
        async with connected(guild, Bot(default_intents())) as bot:
            port = DiscordPort(bot)
            await port.send(desk, "quiet", silent=True)
            await port.send(desk, "one https://a.example")
            await port.send(desk, "two https://a.example https://b.example")
        sent = guild.ledger.requests("POST", r"/messages$")
        assert [entry.body.get("flags", 0) for entry in sent] == [4096 + 4, 0, 4]  # type: ignore[union-attr]

"""What every ChatPort keeps about files: attached once, refused with a reason, found again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from bot.chat import ChatPort, ChatRefused, FilesRefused
from bot.chat_discord.login import default_intents
from bot.chat_discord.port import DiscordPort
from bot.components import FileOut
from bot.demo.guild import OfflineGuild, Permission, RateLimits
from sessions.redaction import MASK, Redactor
from tests.support.discord_client import Bot, connected
from tests.support.ports import FakePort

MIB = 1024**2
PNG = FileOut("a.png", b"\x89PNG\r\n\x1a\n")
TEXT = FileOut("b.txt", b"two\n")


@asynccontextmanager
async def discord_port(*secrets: str) -> AsyncGenerator[tuple[OfflineGuild, DiscordPort]]:
    async with OfflineGuild(channels=["desk", "attic"], rate_limits=RateLimits.off()) as guild:
        async with connected(guild, Bot(default_intents())) as bot:
            yield guild, DiscordPort(bot, redactor=Redactor(secrets))
        assert guild.ledger.unknown_routes == []


@pytest.fixture(params=["memory", "discord"])
async def chat(request: pytest.FixtureRequest) -> AsyncGenerator[tuple[ChatPort, str]]:
    if request.param == "memory":
        yield FakePort(), "1"
        return
    async with discord_port() as (guild, port):
        yield port, guild.channel("desk").id


async def test_files_need_no_text_and_are_sent_once(chat: tuple[ChatPort, str]) -> None:
    port, channel_id = chat
    first = await port.send(channel_id, "", nonce="n", files=[PNG, TEXT])
    assert await port.send(channel_id, "", nonce="n", files=[PNG, TEXT]) == first
    assert await port.send(channel_id, "", nonce="m", files=[PNG, TEXT]) != first


async def test_a_message_is_found_by_its_text_and_how_many_files_it_has(chat: tuple[ChatPort, str]) -> None:
    port, channel_id = chat
    before = await port.send(channel_id, "here")
    sent = await port.send(channel_id, "here", files=[TEXT])
    bare = await port.send(channel_id, "", files=[PNG, TEXT])
    assert await port.find_sent(channel_id, "here", after_id=None, files=1) == sent
    assert await port.find_sent(channel_id, "here", after_id=None) == before
    assert await port.find_sent(channel_id, "", after_id=before, files=2) == bare
    assert await port.find_sent(channel_id, "here", after_id=None, files=2) is None


async def test_a_file_over_the_limit_is_refused_and_the_text_alone_is_not(chat: tuple[ChatPort, str]) -> None:
    port, channel_id = chat
    limit = port.file_limit_bytes(channel_id)
    assert limit == 10 * MIB
    with pytest.raises(FilesRefused) as caught:
        await port.send(channel_id, "here", nonce="n", files=[FileOut("a", b"x" * (limit + 1))])
    assert caught.value.reason == "too_large"
    await port.send(channel_id, "here", nonce="n")


async def test_discord_gets_each_file_with_its_name_and_content() -> None:
    async with discord_port() as (guild, port):
        desk = guild.channel("desk")
        await port.send(desk.id, "two", files=[PNG, TEXT])
        [message] = desk.messages()
        assert [file.name for file in message.attachments] == ["a.png", "b.txt"]
        assert [guild.world.files[file.id] for file in message.attachments] == [PNG.content, TEXT.content]


async def test_where_discord_lets_us_attach_nothing_the_files_are_refused_and_the_text_is_not() -> None:
    async with discord_port() as (guild, port):
        attic = guild.channel("attic")
        attic.deny(guild.bot.id, Permission.ATTACH_FILES)
        with pytest.raises(FilesRefused) as caught:
            await port.send(attic.id, "here", nonce="n", files=[TEXT])
        assert caught.value.reason == "forbidden"
        await port.send(attic.id, "here", nonce="n")
        assert [message.content for message in attic.messages()] == ["here"]


async def test_where_discord_lets_us_say_nothing_the_text_is_refused_as_well() -> None:
    async with discord_port() as (guild, port):
        attic = guild.channel("attic")
        attic.deny(guild.bot.id, Permission.SEND_MESSAGES)
        for files in ([TEXT], []):
            with pytest.raises(ChatRefused):
                await port.send(attic.id, "here", files=files)


@pytest.mark.parametrize("fault", [{"status": 413, "code": 0}, {"status": 400, "code": 40005}])
async def test_both_words_of_discord_for_too_large_are_understood(fault: dict[str, int]) -> None:
    async with discord_port() as (guild, port):
        guild.faults.rest("POST", r"/messages$", times=1, **fault)  # type: ignore[arg-type]
        with pytest.raises(FilesRefused) as caught:
            await port.send(guild.channel("desk").id, "here", files=[TEXT])
        assert caught.value.reason == "too_large"


async def test_no_secret_leaves_in_a_file_or_in_its_name() -> None:
    secret = "correct-horse-battery"
    async with discord_port(secret) as (guild, port):
        desk = guild.channel("desk")
        files = [FileOut(f"{secret}.txt", f"key={secret}".encode()), FileOut("b", b"\xff" + secret.encode())]
        await port.send(desk.id, "", files=files)
        [message] = desk.messages()
        sent = [guild.world.files[file.id] for file in message.attachments]
        assert sent == [f"key={MASK}".encode(), b"\xff" + MASK.encode()]
        assert secret not in message.attachments[0].name


async def test_in_a_direct_message_the_least_limit_holds() -> None:
    async with discord_port() as (_, port):
        assert port.file_limit_bytes("1") == 10 * MIB

"""What every ChatPort keeps: the one in memory that tests use, and Discord's against the offline guild."""

import inspect
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from bot.chat import Banned, ChatError, ChatPort, ChatRefused, MessageGone
from bot.chat_discord.login import default_intents
from bot.chat_discord.port import DiscordPort
from bot.components import Button
from bot.demo.guild import OfflineGuild, Permission, Place, RateLimits
from bot.stop_button import stop_button
from sessions.keys import TurnId
from sessions.redaction import Redactor
from tests.support.clocks import SetClock
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
    somebodys_id: str = "50"

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

    def marks(self, message_id: str) -> list[str]:
        """Return the reactions under a message of the open channel."""
        if isinstance(self.port, FakePort):
            return self.port.marks.get(message_id, [])
        [message] = [one for one in self._place().messages() if one.id == message_id]
        return [reaction.emoji for reaction in message.reactions]

    def threads(self) -> dict[str, str]:
        """Return the names of the threads of the open channel by their id."""
        if isinstance(self.port, FakePort):
            return self.port.threads
        return {thread.id: thread.name for thread in self._place().threads()}

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
        attic.deny(
            guild.bot.id,
            Permission.SEND_MESSAGES | Permission.ADD_REACTIONS | Permission.CREATE_PUBLIC_THREADS,
        )
        async with connected(guild, Bot(default_intents())) as bot:
            said = await guild.user("ann").says("hi", attic)
            yield Chat(DiscordPort(bot), guild.channel("desk").id, attic.id, guild, said.id)
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
    sent = await chat.port.send(chat.open_id, "may I?", rows=[(ALLOW,)])
    assert chat.buttons() == ["Allow once"]
    await chat.port.edit(chat.open_id, sent, "you may")
    assert chat.shown() == ["you may"]
    assert chat.buttons() == []
    await chat.port.edit(chat.open_id, sent, "may I?", rows=[(ALLOW,)])
    assert chat.buttons() == ["Allow once"]


async def test_an_edit_of_a_deleted_message_says_so(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "hello")
    await chat.port.delete(chat.open_id, sent)
    with pytest.raises(MessageGone):
        await chat.port.edit(chat.open_id, sent, "hello?")


async def test_a_message_can_be_read_again_unless_it_carries_buttons(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "one\ntwo")
    card = await chat.port.send(chat.open_id, "yes?", rows=[(Button(label="Yes", action="rk:yes"),)])
    assert await chat.port.written(chat.open_id, sent) == "one\ntwo"
    assert await chat.port.written(chat.open_id, card) == ""
    await chat.port.delete(chat.open_id, sent)
    assert await chat.port.written(chat.open_id, sent) == ""


async def test_a_live_message_can_be_read_again_although_it_can_be_stopped(chat: Chat) -> None:
    live = await chat.port.send(chat.open_id, "one\n-# 4 s", rows=[(stop_button(TurnId(7)),)])
    assert await chat.port.written(chat.open_id, live) == "one\n-# 4 s"


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


async def test_a_mark_is_put_under_a_message_and_taken_away_each_as_often_as_one_likes(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "hello")
    for _ in range(2):
        await chat.port.react(chat.open_id, sent, "⏳")
    await chat.port.react(chat.open_id, sent, "✅")
    assert chat.marks(sent) == ["⏳", "✅"]
    for _ in range(2):
        await chat.port.unreact(chat.open_id, sent, "⏳")
    assert chat.marks(sent) == ["✅"]


async def test_a_deleted_message_takes_no_mark(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "hello")
    await chat.port.delete(chat.open_id, sent)
    with pytest.raises(MessageGone):
        await chat.port.react(chat.open_id, sent, "⏳")
    with pytest.raises(MessageGone):
        await chat.port.unreact(chat.open_id, sent, "⏳")


async def test_a_mark_where_none_is_allowed_is_refused_for_good(chat: Chat) -> None:
    with pytest.raises(ChatRefused):
        await chat.port.react(chat.closed_id, chat.somebodys_id, "⏳")


async def test_what_was_sent_is_found_by_its_exact_text_the_newest_first(chat: Chat) -> None:
    first = await chat.port.send(chat.open_id, "hello")
    await chat.port.send(chat.open_id, "hello you")
    again = await chat.port.send(chat.open_id, "hello")
    assert await chat.port.find_sent(chat.open_id, "hello", after_id=None) == again
    assert await chat.port.find_sent(chat.open_id, "hello", after_id=first) == again
    assert await chat.port.find_sent(chat.open_id, "hello", after_id=again) is None
    assert await chat.port.find_sent(chat.open_id, "goodbye", after_id=None) is None


async def test_a_message_has_one_thread_however_often_it_is_opened(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "hello")
    assert await chat.port.open_thread(chat.open_id, "an idea", message_id=sent) == sent
    assert await chat.port.open_thread(chat.open_id, "another", message_id=sent) == sent
    assert chat.threads() == {sent: "an idea"}


async def test_a_thread_is_found_also_when_the_message_it_was_opened_on_is_gone(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "hello")
    await chat.port.open_thread(chat.open_id, "an idea", message_id=sent)
    await chat.port.delete(chat.open_id, sent)
    assert await chat.port.open_thread(chat.open_id, "an idea", message_id=sent) == sent


async def test_a_thread_on_a_message_that_is_gone_is_refused_for_good(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "hello")
    await chat.port.delete(chat.open_id, sent)
    with pytest.raises(ChatRefused):
        await chat.port.open_thread(chat.open_id, "an idea", message_id=sent)


async def test_a_thread_stands_alone_and_is_renamed(chat: Chat) -> None:
    first = await chat.port.open_thread(chat.open_id, "one")
    second = await chat.port.open_thread(chat.open_id, "one")
    await chat.port.rename(second, "two")
    assert chat.threads() == {first: "one", second: "two"}
    with pytest.raises(ChatRefused):
        await chat.port.rename(chat.open_id, "no thread")


async def test_threads_that_stand_alone_are_found_by_their_first_name_the_newest_first(chat: Chat) -> None:
    sent = await chat.port.send(chat.open_id, "one")
    await chat.port.open_thread(chat.open_id, "one", message_id=sent)
    first, other, second = [
        await chat.port.open_thread(chat.open_id, name) for name in ("one", "another", "one")
    ]
    await chat.port.rename(first, "two")
    assert await chat.port.find_threads(chat.open_id, "one") == [second, first]
    assert await chat.port.find_threads(chat.open_id, "another") == [other]
    assert await chat.port.find_threads(chat.open_id, "two") == []


async def test_a_thread_where_none_is_allowed_is_refused_for_good(chat: Chat) -> None:
    with pytest.raises(ChatRefused):
        await chat.port.open_thread(chat.closed_id, "an idea", message_id=chat.somebodys_id)


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


async def test_only_our_own_words_are_found() -> None:
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        desk = guild.channel("desk").id
        async with connected(guild, Bot(default_intents())) as bot:
            port = DiscordPort(bot)
            ours = await port.send(desk, " hello")
            await guild.user("ann").says("hello", guild.channel("desk"))
            assert await port.find_sent(desk, " hello", after_id=None) == ours


async def test_a_search_goes_back_over_many_pages_to_where_it_is_told() -> None:
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        desk = guild.channel("desk").id
        async with connected(guild, Bot(default_intents())) as bot:
            port = DiscordPort(bot)
            before = await port.send(desk, "hello")
            for number in range(150):
                await port.send(desk, f"{number}")
            assert await port.find_sent(desk, "hello", after_id=None) == before
            assert await port.find_sent(desk, "hello", after_id=before) is None
            assert await port.find_sent(desk, "0", after_id=before) is not None
        assert len(guild.ledger.requests("GET", r"/messages$")) == 2 * 3


@pytest.mark.parametrize(("status", "code"), [(400, 10014), (400, 30010), (403, 90001)])
async def test_a_mark_that_discord_does_not_take_is_refused_for_good(status: int, code: int) -> None:
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        desk = guild.channel("desk").id
        guild.faults.rest("PUT", r"/reactions/", status=status, code=code)
        async with connected(guild, Bot(default_intents())) as bot:
            port = DiscordPort(bot)
            with pytest.raises(ChatRefused):
                await port.react(desk, await port.send(desk, "hello"), "⏳")


async def test_taking_away_a_mark_that_discord_does_not_know_is_no_error() -> None:
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        desk = guild.channel("desk").id
        guild.faults.rest("DELETE", r"/reactions/", status=400, code=10014)
        async with connected(guild, Bot(default_intents())) as bot:
            port = DiscordPort(bot)
            await port.unreact(desk, await port.send(desk, "hello"), "⏳")


async def test_discord_is_left_alone_after_its_edge_has_turned_us_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        desk = guild.channel("desk").id
        async with connected(guild, Bot(default_intents())) as bot:
            clock = SetClock()
            port = DiscordPort(bot, clock)
            sent = await port.send(desk, "hello")
            guild.faults.rest("POST", r"/messages$", status=429, via=False)
            before = len(guild.ledger.entries)
            calls = [
                lambda: port.send(desk, "one"),
                lambda: port.send(desk, "two"),
                lambda: port.edit(desk, sent, "three"),
                lambda: port.delete(desk, sent),
                lambda: port.typing(desk),
                lambda: port.react(desk, sent, "⏳"),
                lambda: port.unreact(desk, sent, "⏳"),
                lambda: port.find_sent(desk, "hello", after_id=None),
                lambda: port.open_thread(desk, "hello", message_id=sent),
                lambda: port.find_threads(desk, "hello"),
                lambda: port.rename(desk, "hello"),
            ]
            for call in calls:
                with pytest.raises(Banned):
                    await call()
            assert len(guild.ledger.entries) == before + 1
            assert [
                record.message for record in caplog.records if record.name == "bot.chat_discord.port"
            ] == ["Discord turns this machine away"]
            clock.pass_s(300)
            await port.send(desk, "one")


async def test_of_our_threads_those_are_found_that_are_there_though_they_sleep_and_nobody_elses() -> None:
    async with OfflineGuild(channels=["desk"], users=["ann"], rate_limits=RateLimits.off()) as guild:
        desk, ann = guild.channel("desk"), guild.user("ann")
        async with connected(guild, Bot(default_intents())) as bot:
            port = DiscordPort(bot)
            asleep, gone = [await port.open_thread(desk.id, "idea") for _ in range(2)]
            await ann.opens_thread(desk, "idea")
            await ann.says("idea", desk)
            guild.place(asleep).archive()
            guild.place(gone).delete()
            assert await port.find_threads(desk.id, "idea") == [asleep]


async def test_a_limit_of_one_route_stops_no_other() -> None:
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        desk = guild.channel("desk").id
        guild.faults.rest("POST", r"/messages$", times=5, status=429, retry_after_s=0.01)
        async with connected(guild, Bot(default_intents())) as bot:
            port = DiscordPort(bot)
            with pytest.raises(ChatError) as caught:
                await port.send(desk, "hello")
            assert not isinstance(caught.value, Banned)
            await port.typing(desk)


async def test_no_text_leaves_by_any_method_with_a_secret_in_it() -> None:
    """Walks the methods of `ChatPort`: a new one that takes text must be called here."""
    secret = "sk-ant-api03-0123456789"
    button = Button(label=f"Use {secret}", action="rk:use")
    async with OfflineGuild(channels=["desk"], rate_limits=RateLimits.off()) as guild:
        desk = guild.channel("desk").id
        async with connected(guild, Bot(default_intents())) as bot:
            port = DiscordPort(bot, redactor=Redactor([secret]))
            sent = await port.send(desk, f"one {secret}", rows=[(button,)], nonce="a1")
            found = await port.find_sent(desk, f"one {secret}", after_id=None)
            assert found == sent
            await port.edit(desk, sent, f"two {secret}", rows=[(button,)])
            thread = await port.open_thread(desk, f"three {secret}", message_id=sent)
            await port.rename(thread, f"four {secret}")
            alone = await port.open_thread(desk, f"five {secret}")
            assert await port.find_threads(desk, f"five {secret}") == [alone]
        texts = [message.content for message in guild.channel("desk").messages()]
        assert texts == ["two [secret]", "five [secret]"]
        assert secret not in repr([(entry.path, entry.query, entry.body) for entry in guild.ledger.entries])
    takers = {
        name
        for name, method in vars(ChatPort).items()
        if inspect.isfunction(method)
        and {"body", "text", "buttons", "files", "file", "name"} & set(inspect.signature(method).parameters)
    }
    assert takers == {"send", "edit", "find_sent", "open_thread", "find_threads", "rename"}

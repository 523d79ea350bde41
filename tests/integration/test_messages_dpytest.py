"""Messages on discord.py's own objects, with no server: where they land, what is ignored, what is sent.

dpytest swallows what a listener raises; the fixture fails for it. It needs the members intent,
which the product does not ask for.
"""

import asyncio
import sys
import warnings
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass
from typing import Any

import discord
import pytest

from bot.access import Rules
from bot.chat_discord.client import RoomkeyClient
from bot.desk import Desk
from bot.gate import Gate
from bot.open_asks import OpenAsks
from bot.render import pieces
from sessions.errors import QueueFull, ReadOnly
from sessions.store.values import Accepted, Inbound
from tests.support.desk_rooms import Rooms
from tests.support.people import people

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # dpytest's source has escapes that Python warns of when it compiles them
    import discord.ext.test as dpytest
    from discord.ext.test import backend


class WatchedClient(RoomkeyClient):
    """The client, keeping what its listeners raised."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.all())
        self.failures: list[BaseException] = []

    async def setup_hook(self) -> None:
        """Nothing to set up: there is no server to send commands to."""

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Keep the exception for the test, then do what the client does."""
        error = sys.exception()
        assert error is not None
        self.failures.append(error)
        await super().on_error(event_method, *args, **kwargs)


@dataclass(slots=True)
class Scene:
    """A guild with a listen channel (0) and another one (1), and two members."""

    client: WatchedClient
    rooms: Rooms
    rules: Rules

    @property
    def guild(self) -> discord.Guild:
        return self.client.guilds[0]

    def keys(self) -> list[str]:
        """Return where the messages landed."""
        return [row.key for row in self.rooms.rows]

    def serve(self, *, rules: Rules | None = None, reply_to: Any = "all") -> None:
        """Take messages by these rules from now on."""
        listen = {str(self.guild.text_channels[0].id)}
        gate = Gate(people=people(rules or self.rules), listen_channels=listen, reply_to=lambda _: reply_to)
        self.client._desk = Desk(gate=gate, rooms=self.rooms, asks=OpenAsks())


@pytest.fixture
async def scene(tmp_path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Scene]:
    monkeypatch.chdir(tmp_path)  # dpytest writes files to where it is started
    # The port sends by id alone; dpytest looks for permissions on the channel that it is handed.
    everything = discord.Permissions.all()
    monkeypatch.setattr(discord.PartialMessageable, "permissions_for", lambda *_: everything)
    client = WatchedClient()
    await client._async_setup_hook()
    dpytest.configure(client, guilds=1, text_channels=2, members=2)
    made = Scene(client, Rooms(), Rules(guilds=frozenset({str(client.guilds[0].id)})))
    made.serve()
    yield made
    await dpytest.empty_queue()
    assert not client.failures


def thread_in(channel: discord.TextChannel) -> discord.Thread:
    """Return a new thread; dpytest has none of its own."""
    thread = discord.Thread(
        guild=channel.guild,
        state=backend.get_state(),
        data={  # type: ignore[typeddict-item]
            "id": str(channel.id + 5),
            "guild_id": str(channel.guild.id),
            "parent_id": str(channel.id),
            "owner_id": "1",
            "name": "idea",
            "type": 11,
            "message_count": 0,
            "member_count": 1,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 60,
                "archive_timestamp": "2030-01-01T00:00:00+00:00",
            },
        },
    )
    channel.guild._add_thread(thread)
    return thread


async def said_back() -> discord.Message:
    """Return the next message of the bot."""
    async with asyncio.timeout(60):
        return await dpytest.sent_queue.get()


async def test_a_listen_channel_is_the_default_room(scene: Scene) -> None:
    await dpytest.message("hello", channel=0)
    assert scene.keys() == ["default"]


async def test_another_channel_is_a_room_of_its_own(scene: Scene) -> None:
    await dpytest.message("hello", channel=1)
    assert scene.keys() == [str(scene.guild.text_channels[1].id)]


@pytest.mark.parametrize("parent", [0, 1])
async def test_a_thread_is_a_room_of_its_own_wherever_it_is(scene: Scene, parent: int) -> None:
    thread = thread_in(scene.guild.text_channels[parent])
    await dpytest.message("hello", channel=thread)  # type: ignore[arg-type]
    assert scene.keys() == [str(thread.id)]


async def test_messages_keep_their_order(scene: Scene) -> None:
    for n in range(20):
        await dpytest.message(str(n), channel=n % 2)
    assert [row.prompt.text for row in scene.rooms.rows] == [str(n) for n in range(20)]


async def test_who_speaks_is_part_of_the_prompt(scene: Scene) -> None:
    await dpytest.message("hello", channel=0, member=1)
    prompt = scene.rooms.rows[0].prompt
    member = scene.guild.members[1]
    assert (prompt.author_id, prompt.author_name) == (str(member.id), member.display_name)


async def test_an_attachment_is_part_of_the_prompt(scene: Scene, tmp_path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"hello")
    await dpytest.message("", channel=0, attachments=[str(tmp_path / "notes.txt")])
    assert [file.name for file in scene.rooms.rows[0].prompt.attachments] == ["notes.txt"]


async def test_the_bot_never_answers_itself(scene: Scene) -> None:
    await scene.client.port.send(str(scene.guild.text_channels[0].id), "I said this")
    await said_back()
    assert scene.keys() == []


async def test_other_bots_are_not_answered(scene: Scene) -> None:
    robot = backend.make_user("robot", 1)
    robot.bot = True
    member = backend.make_member(robot, scene.guild)
    await dpytest.message("hello", channel=0, member=member)
    assert scene.keys() == []


async def test_who_is_not_allowed_gets_silence(scene: Scene) -> None:
    scene.serve(rules=Rules(users=frozenset({str(scene.guild.members[0].id)})))
    await dpytest.message("let me in", channel=0, member=1)
    await dpytest.message("hello", channel=0, member=0)
    assert [row.prompt.text for row in scene.rooms.rows] == ["hello"]
    assert dpytest.sent_queue.empty()


async def test_a_role_opens_the_door(scene: Scene) -> None:
    ops = backend.make_role("ops", scene.guild)
    member = scene.guild.members[1]
    member._roles.add(ops.id)
    scene.serve(rules=Rules(roles=frozenset({str(ops.id)})))
    await dpytest.message("hello", channel=0, member=0)
    await dpytest.message("hello", channel=0, member=member)
    assert [row.prompt.author_id for row in scene.rooms.rows] == [str(member.id)]


async def test_a_message_to_somebody_else_is_not_answered(scene: Scene) -> None:
    other = scene.guild.members[1]
    await dpytest.message(f"<@{other.id}> look", channel=0, member=0)
    assert scene.keys() == []


async def test_where_mentions_count_only_they_are_answered(scene: Scene) -> None:
    scene.serve(reply_to="mention")
    assert scene.client.user is not None
    await dpytest.message("not for you", channel=0)
    await dpytest.message(f"<@{scene.client.user.id}> for you", channel=0)
    assert [row.prompt.text for row in scene.rooms.rows] == ["for you"]


@pytest.mark.parametrize(
    ("failure", "words"),
    [(QueueFull(), "too many prompts waiting"), (ReadOnly("/srv is full."), "cannot reach its own storage")],
)
async def test_a_message_that_is_not_taken_is_refused_in_the_open(
    scene: Scene, failure: Exception, words: str
) -> None:
    scene.rooms.failure = failure
    await dpytest.message("hello", channel=0)
    told = (await said_back()).content
    assert words in told
    assert "/srv" not in told  # where the bot keeps its things is nobody's business in the chat


async def test_a_bug_is_told_with_a_reference_and_no_traceback(scene: Scene) -> None:
    class Broken(Rooms):
        def accept(self, row: Inbound) -> Awaitable[Accepted]:
            raise RuntimeError("secret path /etc/passwd")

    scene.rooms = Broken()
    scene.serve()
    await dpytest.message("hello", channel=0)
    told = (await said_back()).content
    assert told.startswith("Something in Roomkey broke (reference ")
    assert "passwd" not in told
    scene.client.failures.clear()


async def test_a_long_answer_is_split_and_every_part_arrives(scene: Scene) -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 60 for n in range(20))
    channel = str(scene.guild.text_channels[1].id)
    parts = pieces(text, scene.client.port.capabilities.message_chars)
    for part in parts:
        await scene.client.port.send(channel, part)
    sent = [(await said_back()).content for _ in parts]
    assert len(sent) > 2
    assert all(len(part) <= 2000 for part in sent)
    assert "\n\n".join(sent).split() == text.split()

"""Every payload the offline guild sends has what discord.py's own typed payloads require."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.demo.guild import GuildClock, OfflineGuild, Permission
from bot.demo.guild import interactions as guild_interactions
from bot.demo.guild.dispatch import Audience, Event, events
from bot.demo.guild.intents import KNOWN
from bot.demo.guild.interaction import Kind
from bot.demo.guild.rest import Call, Route
from bot.demo.guild.server import ROUTES
from tests.support.typed_dicts import faults, load_types

TYPES = load_types(Path(discord.__file__).parent / "types")
appinfo, channel, command, components = (
    TYPES[name] for name in ("appinfo", "channel", "command", "components")
)
gateway, guild_types, interactions_types = (TYPES[name] for name in ("gateway", "guild", "interactions"))
member, message, role, threads_types, user = (
    TYPES[name] for name in ("member", "message", "role", "threads", "user")
)

EVENTS: dict[str, Any] = {
    "CHANNEL_CREATE": channel.GuildChannel,
    "CHANNEL_UPDATE": channel.GuildChannel,
    "CHANNEL_DELETE": channel.GuildChannel,
    "CHANNEL_PINS_UPDATE": gateway.ChannelPinsUpdateEvent,
    "GUILD_MEMBER_ADD": gateway.GuildMemberAddEvent,
    "GUILD_MEMBER_UPDATE": gateway.GuildMemberUpdateEvent,
    "GUILD_MEMBER_REMOVE": gateway.GuildMemberRemoveEvent,
    "GUILD_ROLE_CREATE": gateway.GuildRoleCreateEvent,
    "GUILD_ROLE_UPDATE": gateway.GuildRoleUpdateEvent,
    "INTERACTION_CREATE": interactions_types.Interaction,
    "MESSAGE_CREATE": message.Message,
    "MESSAGE_UPDATE": message.Message,
    "MESSAGE_DELETE": gateway.MessageDeleteEvent,
    "MESSAGE_DELETE_BULK": gateway.MessageDeleteBulkEvent,
    "MESSAGE_REACTION_ADD": gateway.MessageReactionAddEvent,
    "MESSAGE_REACTION_REMOVE": gateway.MessageReactionRemoveEvent,
    "MESSAGE_REACTION_REMOVE_ALL": gateway.MessageReactionRemoveAllEvent,
    "MESSAGE_REACTION_REMOVE_EMOJI": gateway.MessageReactionRemoveEmojiEvent,
    "THREAD_CREATE": gateway.ThreadCreateEvent,
    "THREAD_UPDATE": gateway.ThreadUpdateEvent,
    "THREAD_DELETE": gateway.ThreadDeleteEvent,
    "THREAD_MEMBERS_UPDATE": gateway.ThreadMembersUpdate,
    "TYPING_START": gateway.TypingStartEvent,
}

BUTTONS = [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "go"}]}]
MENU = [{"type": 1, "components": [{"type": 5, "custom_id": "who"}]}]
MODAL = {
    "custom_id": "m",
    "title": "Why?",
    "components": [{"type": 18, "label": "Why", "component": {"type": 4, "custom_id": "why", "style": 1}}],
}
COMMAND = {
    "name": "ask",
    "description": "Ask.",
    "type": 1,
    "options": [
        {"type": 3, "name": "text", "description": "x", "autocomplete": True},
        {"type": 6, "name": "who", "description": "x"},
        {"type": 7, "name": "where", "description": "x"},
    ],
}
NONE = {"parse": []}


def a_guild() -> OfflineGuild:
    """Return a guild that is not served: payloads need no socket."""
    guild = OfflineGuild(
        channels=["desk"], forum=["ideas"], roles={"ops": ["ann"]}, clock=GuildClock(lambda: 1_750_000_000.0)
    )
    mods = guild.add_role("mods", granted=Permission.MANAGE_MESSAGES | Permission.MANAGE_CHANNELS)
    guild.give_role(guild.bot, mods)
    return guild


def call(guild: OfflineGuild, method: str, path: str, body: Any = None, **query: str) -> Any:
    """Ask a route as the bot would, without HTTP, and return what it answers."""
    route, params = _route(method, path)
    return route.answer(guild.world, Call(params, query, {} if body is None else body, (), guild.bot.id)).body


def _route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    asked = path.split("/")
    for route in ROUTES:
        known = route.path.split("/")
        if route.method != method or len(known) != len(asked):
            continue
        pairs = list(zip(known, asked, strict=True))
        if all(name.startswith("{") or name == value for name, value in pairs):
            return route, {
                name[1:-1].partition(":")[0]: value for name, value in pairs if name.startswith("{")
            }
    raise AssertionError(f"no route for {method} {path}")


async def scenes(guild: OfflineGuild) -> None:
    """Let everything happen once that has an event."""
    ann, ben, desk = guild.user("ann"), guild.user("ben"), guild.channel("desk")
    said = await ann.says("hello <@" + ben.id + ">", desk, files={"a b.txt": b"x"})
    reply = await ben.says("yes", desk, reply_to=said)
    await ann.forwards(reply, desk)
    await ann.edits(said, "hello again")
    await ann.types(desk)
    await ann.reacts(said, "👍")
    await ann.unreacts(said, "👍")
    await ann.reacts(said, "👍")
    base = f"/channels/{desk.id}/messages/{said.id}"
    call(guild, "DELETE", f"{base}/reactions/👍")
    call(guild, "DELETE", f"{base}/reactions")
    call(guild, "PUT", f"/channels/{desk.id}/messages/pins/{said.id}")
    many = [(await ann.says("x", desk)).id for _ in range(2)]
    call(guild, "POST", f"/channels/{desk.id}/messages/bulk-delete", {"messages": many})
    thread = await ann.opens_thread(desk, "topic", on=said)
    await ben.says("in", thread)
    await ann.archives(thread)
    call(guild, "DELETE", f"/channels/{thread.id}")
    alone = await ann.opens_thread(desk, "alone")
    await ann.posts(guild.channel("ideas"), "post", "text")
    private = ann.dm(guild.bot)
    await ann.says("psst", private)
    await ann.types(private)
    desk.webhook_says("hook", "beep")
    carl = guild.add_user("carl")
    guild.give_role(carl, guild.add_role("new"))
    guild.world.put_role("renamed", 0, role_id=guild.add_role("old"))
    guild.world.remove_member(carl.id)
    desk.rename("bureau")
    lab = guild.add_channel("lab")
    lab.delete()
    await ben.deletes(reply)
    await _interactions(guild, alone.id)


async def _interactions(guild: OfflineGuild, thread_id: str) -> None:
    world, ann, desk = guild.world, guild.user("ann"), guild.channel("bureau")
    call(guild, "PUT", f"/applications/{guild.bot.id}/commands", [COMMAND])
    body = {"content": "go?", "components": BUTTONS + MENU, "allowed_mentions": NONE}
    call(guild, "POST", f"/channels/{desk.id}/messages", body)
    shown = desk.messages()[-1]
    for place in (desk, guild.place(thread_id), ann.dm(guild.bot)):
        with pytest.raises(AssertionError):
            await ann.runs("/ask", place, timeout=0, text="x", who=guild.user("ben"), where=desk)
    with pytest.raises(AssertionError):
        await ann.suggestions("/ask", desk, focused="text", text="x", timeout=0)
    with pytest.raises(AssertionError):
        await ann.clicks(shown, label="Go", timeout=0)
    with pytest.raises(AssertionError):
        await ann.selects(shown, guild.user("ben"), timeout=0)
    click = next(one for one in world.interactions.values() if one.kind is Kind.COMPONENT)
    guild_interactions.answer(
        world, click.id, click.token, guild_interactions.CallbackBody(type=9, data=MODAL), ()
    )
    (modal,) = world.modals.values()
    with pytest.raises(AssertionError):
        await ann.submits(modal, {"why": "because"}, timeout=0)


async def test_every_event_has_what_its_type_requires():
    guild = a_guild()
    audience = Audience(guild.bot.id, KNOWN)
    sent: list[Event] = []
    with guild.world.feed.listening(lambda change: sent.extend(events(guild.world, change, audience))):
        await scenes(guild)

    wrong = [f"{event.name}{fault}" for event in sent for fault in faults(event.payload, EVENTS[event.name])]
    assert wrong == []
    assert {event.name for event in sent} == set(EVENTS)
    assert {event.payload["type"] for event in sent if event.name == "INTERACTION_CREATE"} == {2, 3, 4, 5}


@dataclass(frozen=True)
class Asked:
    """One request and the type of its answer."""

    method: str
    path: str
    answer: Any
    body: Any = None


def requests(guild: OfflineGuild) -> list[Asked]:
    """Return a request to every route, in an order in which each finds what it needs."""
    world, bot_id, desk, ideas = guild.world, guild.bot.id, guild.channel("desk"), guild.channel("ideas")
    said = {"content": "hello", "allowed_mentions": NONE, "components": BUTTONS}
    sent = call(guild, "POST", f"/channels/{desk.id}/messages", said)
    other = call(guild, "POST", f"/channels/{desk.id}/messages", said)
    more = call(guild, "POST", f"/channels/{desk.id}/messages", said)
    opened = call(guild, "POST", f"/channels/{desk.id}/messages/{sent['id']}/threads", {"name": "t"})
    used = guild_interactions.begin(world, Kind.COMMAND, bot_id, guild.user("ann").id, desk.id, {}, name="x")
    place, thread = f"/channels/{desk.id}", f"/channels/{opened['id']}"
    one, hook = f"{place}/messages/{sent['id']}", f"/webhooks/{bot_id}/{used.token}"
    home = f"/guilds/{world.guild_id}"
    commands = f"/applications/{bot_id}/commands"
    home_commands = f"/applications/{bot_id}{home}/commands"
    users = world.users[bot_id].id
    return [
        Asked("GET", "/users/@me", user.User),
        Asked("GET", "/users/@me/guilds", list[dict[str, Any]]),
        Asked("GET", f"/users/{users}", user.User),
        Asked("POST", "/users/@me/channels", channel.DMChannel, {"recipient_id": guild.user("ann").id}),
        Asked("GET", "/oauth2/applications/@me", appinfo.AppInfo),
        Asked("GET", "/applications/@me", appinfo.AppInfo),
        Asked("GET", "/gateway/bot", gateway.GatewayBot),
        Asked("GET", home, guild_types.Guild),
        Asked("GET", f"{home}/members", list[member.MemberWithUser]),
        Asked("GET", f"{home}/members/{users}", member.MemberWithUser),
        Asked("GET", f"{home}/roles", list[role.Role]),
        Asked("GET", f"{home}/channels", list[channel.GuildChannel]),
        Asked("POST", f"{home}/channels", channel.GuildChannel, {"name": "new", "type": 0}),
        Asked("GET", f"{home}/threads/active", threads_types.ThreadPaginationPayload),
        Asked("PUT", commands, list[command.GlobalApplicationCommand], [COMMAND]),
        Asked("GET", commands, list[command.GlobalApplicationCommand]),
        Asked("PUT", home_commands, list[command.GuildApplicationCommand], [COMMAND]),
        Asked("GET", home_commands, list[command.GuildApplicationCommand]),
        Asked("POST", f"{place}/messages", message.Message, said),
        Asked("GET", f"{place}/messages", list[message.Message]),
        Asked("GET", one, message.Message),
        Asked("PATCH", one, message.Message, {"content": "changed", "allowed_mentions": NONE}),
        Asked("PUT", f"{place}/messages/pins/{sent['id']}", None),
        Asked("GET", f"{place}/messages/pins", message.ChannelPins),
        Asked("DELETE", f"{place}/messages/pins/{sent['id']}", None),
        Asked("POST", f"{place}/typing", None),
        Asked("PUT", f"{one}/reactions/👍/@me", None),
        Asked("GET", f"{one}/reactions/👍", list[user.User]),
        Asked("DELETE", f"{one}/reactions/👍/@me", None),
        Asked("DELETE", f"{one}/reactions/👍/{users}", None),
        Asked("DELETE", f"{one}/reactions/👍", None),
        Asked("DELETE", f"{one}/reactions", None),
        Asked("POST", f"{place}/messages/{other['id']}/threads", threads_types.Thread, {"name": "on it"}),
        Asked("POST", f"{place}/threads", threads_types.Thread, {"name": "alone", "type": 11}),
        Asked(
            "POST", f"/channels/{ideas.id}/threads", threads_types.ForumThread, {"name": "p", "message": said}
        ),
        Asked("PUT", f"{thread}/thread-members/@me", None),
        Asked("PUT", f"{thread}/thread-members/{guild.user('ben').id}", None),
        Asked("GET", f"{thread}/thread-members", list[threads_types.ThreadMember]),
        Asked("GET", f"{thread}/thread-members/@me", threads_types.ThreadMember),
        Asked("GET", f"{thread}/thread-members/{guild.user('ben').id}", threads_types.ThreadMember),
        Asked("DELETE", f"{thread}/thread-members/{guild.user('ben').id}", None),
        Asked("DELETE", f"{thread}/thread-members/@me", None),
        Asked("PATCH", thread, threads_types.Thread, {"archived": True}),
        Asked("GET", f"{place}/threads/archived/public", threads_types.ThreadPaginationPayload),
        Asked("GET", thread, threads_types.Thread),
        Asked(
            "POST",
            f"/interactions/{used.id}/{used.token}/callback",
            interactions_types.InteractionCallback,
            {"type": 4, "data": said},
        ),
        Asked("POST", hook, message.Message, said),
        Asked("GET", f"{hook}/messages/@original", message.Message),
        Asked("PATCH", f"{hook}/messages/@original", message.Message, {"content": "x"}),
        Asked("DELETE", f"{hook}/messages/@original", None),
        Asked("POST", f"{place}/messages/bulk-delete", None, {"messages": [other["id"], more["id"]]}),
        Asked("DELETE", one, None),
        Asked("GET", place, channel.TextChannel),
        Asked("PATCH", place, channel.TextChannel, {"topic": "new"}),
        Asked("DELETE", place, channel.TextChannel),
    ]


def test_every_route_answers_with_what_its_type_requires():
    guild = a_guild()
    wrong: list[str] = []
    reached: set[tuple[str, str]] = set()
    for asked in requests(guild):
        route, _ = _route(asked.method, asked.path)
        reached.add((route.method, route.path))
        answer = call(guild, asked.method, asked.path, asked.body, with_response="1")
        wrong += [f"{asked.method} {route.path}{fault}" for fault in faults(answer, asked.answer)]

    assert wrong == []
    assert reached == {(route.method, route.path) for route in ROUTES}


def test_ready_and_guild_create_have_what_their_types_require():
    guild = a_guild()
    sent = _first_frames(guild)
    assert faults(sent["READY"], gateway.ReadyEvent) == []
    assert faults(sent["GUILD_CREATE"], guild_types.Guild) == []


def _first_frames(guild: OfflineGuild) -> dict[str, Any]:
    frames: list[dict[str, Any]] = []

    class Wire:
        frozen = False

        def put(self, item: Any) -> None:
            frames.append(item)

    guild.gateway._identify(Wire(), {"token": guild.token, "intents": int(KNOWN)})  # type: ignore[arg-type]
    return {frame["t"]: frame["d"] for frame in frames}


def test_the_checker_finds_missing_keys_deep_inside():
    broken = {"id": 1, "type": 1, "components": [{"type": 2, "style": 1}, {"type": 2}]}
    assert faults(broken, components.ActionRow) == [".components[1].style: missing"]
    assert faults({"id": "1"}, user.User)[0] == ".username: missing"
    assert faults({"channel_id": 1.5}, message.MessageReference) == [".channel_id: 1.5 is no str"]


@pytest.mark.parametrize("spoil", [lambda m: m.pop("timestamp"), lambda m: m["author"].pop("avatar")])
def test_a_spoiled_payload_is_found(spoil: Callable[[dict[str, Any]], Any]):
    guild = a_guild()
    sent = call(guild, "POST", f"/channels/{guild.channel('desk').id}/messages", {"content": "hello"})
    assert faults(sent, message.Message) == []
    spoil(sent)
    assert faults(sent, message.Message) != []

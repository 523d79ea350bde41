"""Which events a gateway session hears of a change, by its intents and by what its bot may see. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from bot.demo.guild import changes, guild_payloads, message_payloads, payloads
from bot.demo.guild.changes import Change
from bot.demo.guild.intents import Intent
from bot.demo.guild.model import Channel, ChannelKind, Message, Payload
from bot.demo.guild.state import World


@dataclass(frozen=True, slots=True)
class Audience:
    """A session's bot and intents. `strict_threads`: nothing is heard of threads that are not joined."""

    bot_id: str
    intents: Intent
    strict_threads: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A gateway event: its name and its payload."""

    name: str
    payload: Payload


def events(world: World, change: Change, audience: Audience) -> list[Event]:
    """Return what the audience hears of a change, in order; often nothing."""
    match change:
        case changes.MessageCreated() | changes.MessageEdited() | changes.MessageDeleted():
            found = _of_message(world, change, audience)
        case changes.ReactionChanged() | changes.ReactionsCleared():
            found = _of_reaction(world, change, audience)
        case changes.TypingStarted():
            found = _of_typing(world, change, audience)
        case changes.ChannelCreated() | changes.ChannelChanged() | changes.ChannelDeleted():
            found = _of_channel(world, change, audience)
        case changes.ThreadMembersChanged():
            found = _of_thread_members(world, change, audience)
        case changes.RoleChanged():
            name = "GUILD_ROLE_CREATE" if change.created else "GUILD_ROLE_UPDATE"
            role = {"guild_id": world.guild_id, "role": payloads.role(change.role)}
            found = _guild(audience, Event(name, role))
        case changes.MemberChanged():
            found = _of_member(world, change, audience)
        case changes.InteractionBegun():
            mine = change.interaction.application_id == audience.bot_id
            shown = guild_payloads.interaction(world, change.interaction) if mine else {}
            found = iter([Event("INTERACTION_CREATE", shown)] if mine else [])
        case (
            changes.InteractionAnswered()
            | changes.ModalOpened()
            | changes.ChoicesOffered()
            | changes.CommandsSynced()
            | changes.BotOnline()
        ):
            found = iter(())
        case _:
            assert_never(change)
    return list(found)


def hears(world: World, place: Channel, audience: Audience) -> bool:
    """Whether a session gets events of a place at all."""
    if audience.strict_threads and place.thread and not place.thread.has(audience.bot_id):
        return False
    if place.is_dm:
        return audience.bot_id in place.recipient_ids
    return world.can_see(audience.bot_id, place)


def without_content(world: World, message: Message, shown: Payload, audience: Audience) -> Payload:
    """Empty what the message content intent guards, unless the bot may read this message anyway."""
    free = (
        Intent.MESSAGE_CONTENT in audience.intents
        or world.channels[message.channel_id].is_dm
        or message.author_id == audience.bot_id
        or audience.bot_id in message.mentions.user_ids
    )
    return shown if free else shown | {"content": "", "embeds": [], "attachments": [], "components": []}


def _of_message(
    world: World,
    change: changes.MessageCreated | changes.MessageEdited | changes.MessageDeleted,
    audience: Audience,
) -> Iterator[Event]:
    message = change.message
    place = world.channels[message.channel_id]
    wanted = Intent.DIRECT_MESSAGES if place.is_dm else Intent.GUILD_MESSAGES
    if message.visible_to or wanted not in audience.intents or not hears(world, place, audience):
        return
    if isinstance(change, changes.MessageDeleted):
        where: Payload = {"channel_id": message.channel_id} | _guild_id(world, place)
        if not change.bulk:
            yield Event("MESSAGE_DELETE", where | {"id": message.id})
        elif message.id == change.bulk[-1]:
            yield Event("MESSAGE_DELETE_BULK", where | {"ids": list(change.bulk)})
        return
    shown = without_content(world, message, message_payloads.event(world, message, audience.bot_id), audience)
    yield Event("MESSAGE_CREATE" if isinstance(change, changes.MessageCreated) else "MESSAGE_UPDATE", shown)
    if isinstance(change, changes.MessageEdited) and message.pinned != change.before.pinned:
        pins: Payload = {"channel_id": place.id, "last_pin_timestamp": None}
        yield Event("CHANNEL_PINS_UPDATE", pins | _guild_id(world, place))


def _of_reaction(
    world: World, change: changes.ReactionChanged | changes.ReactionsCleared, audience: Audience
) -> Iterator[Event]:
    message = change.message
    place = world.channels[message.channel_id]
    wanted = Intent.DIRECT_MESSAGE_REACTIONS if place.is_dm else Intent.GUILD_MESSAGE_REACTIONS
    if wanted not in audience.intents or not hears(world, place, audience):
        return
    where: Payload = {"channel_id": place.id, "message_id": message.id} | _guild_id(world, place)
    if isinstance(change, changes.ReactionsCleared):
        if change.emoji is None:
            yield Event("MESSAGE_REACTION_REMOVE_ALL", where)
        else:
            yield Event(
                "MESSAGE_REACTION_REMOVE_EMOJI", where | {"emoji": message_payloads.emoji(change.emoji)}
            )
        return
    shown = where | {
        "user_id": change.user_id,
        "emoji": message_payloads.emoji(change.emoji),
        "burst": False,
        "type": 0,
        "message_author_id": message.author_id,
    }
    if not change.added:
        yield Event("MESSAGE_REACTION_REMOVE", shown)
        return
    if not place.is_dm:
        shown["member"] = payloads.member(world, world.members[change.user_id])
    yield Event("MESSAGE_REACTION_ADD", shown)


def _of_typing(world: World, change: changes.TypingStarted, audience: Audience) -> Iterator[Event]:
    place = world.channels[change.channel_id]
    wanted = Intent.DIRECT_MESSAGE_TYPING if place.is_dm else Intent.GUILD_MESSAGE_TYPING
    if wanted not in audience.intents or not hears(world, place, audience):
        return
    shown: Payload = {
        "channel_id": place.id,
        "user_id": change.user_id,
        "timestamp": int(change.at),
    } | _guild_id(world, place)
    if not place.is_dm:
        shown["member"] = payloads.member(world, world.members[change.user_id])
    yield Event("TYPING_START", shown)


def _of_channel(
    world: World,
    change: changes.ChannelCreated | changes.ChannelChanged | changes.ChannelDeleted,
    audience: Audience,
) -> Iterator[Event]:
    place = change.channel
    if Intent.GUILDS not in audience.intents or place.is_dm:
        return
    verb = {
        changes.ChannelCreated: "CREATE",
        changes.ChannelChanged: "UPDATE",
        changes.ChannelDeleted: "DELETE",
    }
    shown = payloads.channel(world, place, audience.bot_id)
    if not place.thread:
        yield Event(f"CHANNEL_{verb[type(change)]}", shown)
        return
    # A deleted parent takes its threads along without an event of their own.
    if place.thread.parent_id not in world.channels or not _sees(world, place, audience):
        return
    if isinstance(change, changes.ChannelDeleted):
        shown = {key: shown[key] for key in ("id", "guild_id", "parent_id", "type")}
    elif isinstance(change, changes.ChannelCreated):
        shown["newly_created"] = True
    yield Event(f"THREAD_{verb[type(change)]}", shown)


def _sees(world: World, thread: Channel, audience: Audience) -> bool:
    """Whether a session is told that a thread exists: of public ones also before its bot has joined."""
    is_private = thread.kind is ChannelKind.PRIVATE_THREAD
    return hears(world, thread, audience if is_private else replace(audience, strict_threads=False))


def _of_thread_members(
    world: World, change: changes.ThreadMembersChanged, audience: Audience
) -> Iterator[Event]:
    facts = change.channel.thread
    concerned = audience.bot_id in (*change.added, *change.removed)
    if facts is None or Intent.GUILDS not in audience.intents:
        return
    if not concerned and Intent.GUILD_MEMBERS not in audience.intents:
        return
    if not concerned and not hears(world, change.channel, audience):
        return
    added = [payloads.thread_member(change.channel, facts, user_id) for user_id in change.added]
    shown: Payload = {
        "id": change.channel.id,
        "guild_id": world.guild_id,
        "member_count": len(facts.members),
        "added_members": added,
        "removed_member_ids": list(change.removed),
    }
    yield Event("THREAD_MEMBERS_UPDATE", shown)


def _of_member(world: World, change: changes.MemberChanged, audience: Audience) -> Iterator[Event]:
    own = change.member.user_id == audience.bot_id
    if Intent.GUILD_MEMBERS not in audience.intents and not own:
        return
    if not change.present:
        user = payloads.user(world.users[change.member.user_id])
        yield Event("GUILD_MEMBER_REMOVE", {"guild_id": world.guild_id, "user": user})
        return
    shown = payloads.member(world, change.member) | {"guild_id": world.guild_id}
    if change.came:
        yield Event("GUILD_MEMBER_ADD", shown)
    else:
        yield Event("GUILD_MEMBER_UPDATE", shown | {"avatar": None})


def _guild(audience: Audience, event: Event) -> Iterator[Event]:
    if Intent.GUILDS in audience.intents:
        yield event


def _guild_id(world: World, place: Channel) -> Payload:
    return {} if place.is_dm else {"guild_id": world.guild_id}

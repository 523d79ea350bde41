"""How threads begin: on a message, on their own, or as a post in a forum. Pure over a `World`."""

from dataclasses import replace

from bot.demo.guild import admission, limits, messages
from bot.demo.guild.drafts import Draft
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import (
    Channel,
    ChannelKind,
    Message,
    MessageFlag,
    MessageKind,
    Reference,
    Thread,
)
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World

DAY_MIN = 1440


def on_message(
    world: World, opener_id: str, channel_id: str, message_id: str, name: str, *, quiet_min: int = DAY_MIN
) -> Channel:
    """Open a thread on a message; its id is the message's.

    Raises:
        ApiError: 160004 when the message has one already; else permissions, name or archive time.
    """
    message = world.message(channel_id, message_id)
    parent = world.channel(channel_id)
    if parent.thread or parent.is_dm:
        raise ApiError(Code.WRONG_CHANNEL_TYPE)
    world.require(opener_id, parent, Permission.CREATE_PUBLIC_THREADS)
    if message_id in world.channels:
        raise ApiError(Code.HAS_THREAD)
    thread = _insert(world, opener_id, parent, message_id, name, ChannelKind.PUBLIC_THREAD, quiet_min)
    messages.put(world, replace(message, flags=message.flags | MessageFlag.HAS_THREAD))
    reference = Reference(channel_id, message_id)
    starter = messages.system(world, opener_id, thread.id, MessageKind.THREAD_STARTER, "", reference)
    messages.insert(world, starter)
    return world.channel(thread.id)


def alone(
    world: World,
    opener_id: str,
    channel_id: str,
    name: str,
    *,
    private: bool = False,
    quiet_min: int = DAY_MIN,
) -> Channel:
    """Open a thread without a message; a public one is announced in the parent by a message of type 18."""
    parent = world.channel(channel_id)
    if parent.kind is not ChannelKind.TEXT and parent.kind is not ChannelKind.NEWS:
        raise ApiError(Code.WRONG_CHANNEL_TYPE)
    kind = ChannelKind.PRIVATE_THREAD if private else ChannelKind.PUBLIC_THREAD
    needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
    world.require(opener_id, parent, needed)
    thread = _insert(world, opener_id, parent, world.ids.new(), name, kind, quiet_min)
    if not private:
        reference = Reference(thread.id)
        notice = messages.system(world, opener_id, parent.id, MessageKind.THREAD_CREATED, name, reference)
        messages.insert(world, notice)
    return world.channel(thread.id)


def in_forum(
    world: World, opener_id: str, forum_id: str, name: str, draft: Draft, *, quiet_min: int = DAY_MIN
) -> tuple[Channel, Message]:
    """Open a post in a forum: a thread and its first message, which has the thread's id."""
    forum = world.channel(forum_id)
    if forum.kind is not ChannelKind.FORUM:
        raise ApiError(Code.WRONG_CHANNEL_TYPE)
    world.require(opener_id, forum, Permission.SEND_MESSAGES)
    admission.check_draft(world, opener_id, draft)
    thread = _insert(world, opener_id, forum, world.ids.new(), name, ChannelKind.PUBLIC_THREAD, quiet_min)
    message = messages.post(world, opener_id, thread.id, draft, message_id=thread.id)
    return world.channel(thread.id), message


def _insert(
    world: World,
    opener_id: str,
    parent: Channel,
    thread_id: str,
    name: str,
    kind: ChannelKind,
    quiet_min: int,
) -> Channel:
    limits.check_thread(name, quiet_min)
    active = sum(1 for c in world.channels.values() if c.thread and not c.thread.archived)
    if active >= limits.ACTIVE_THREADS:
        raise ApiError(Code.TOO_MANY_THREADS)
    now = world.clock.now()
    facts = Thread(parent.id, opener_id, now, now, quiet_min=quiet_min, members=((opener_id, now),))
    thread = Channel(thread_id, kind, name, thread=facts)
    world.insert_channel(thread)
    if parent.kind is ChannelKind.FORUM:
        world.put_channel(replace(parent, last_message_id=thread_id), tell=False)
    return thread

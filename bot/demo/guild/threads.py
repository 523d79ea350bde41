"""What threads do once they exist: join, leave, fall asleep, wake up, lock. Pure over a `World`."""

from dataclasses import replace
from typing import Any

from bot.demo.guild import limits
from bot.demo.guild.changes import ChannelCreated, ThreadMembersChanged
from bot.demo.guild.clock import made_at
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Channel, ChannelKind, Thread
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World


def thread_of(channel: Channel) -> Thread:
    """Return a channel's thread side, or raise 50024 when it is no thread."""
    if channel.thread is None:
        raise ApiError(Code.WRONG_CHANNEL_TYPE)
    return channel.thread


def check_awake(channel: Channel) -> None:
    """Raise 50083 when the channel is an archived thread: nothing but a new message is possible there."""
    if channel.thread and channel.thread.archived:
        raise ApiError(Code.THREAD_ARCHIVED)


def check_open(world: World, user_id: str, channel: Channel) -> None:
    """Raise 160005 when the channel is a locked thread and the user cannot manage threads."""
    locked = channel.thread is not None and channel.thread.locked
    if locked and Permission.MANAGE_THREADS not in world.permissions(user_id, channel):
        raise ApiError(Code.THREAD_LOCKED)


def wake(world: World, channel_id: str, author_id: str) -> None:
    """Un-archive a thread in which somebody is about to write, and make the author its member."""
    channel = world.channel(channel_id)
    if channel.thread is None:
        return
    if channel.thread.archived:
        change(world, channel, archived=False)
    join(world, channel_id, author_id)


def join(world: World, channel_id: str, user_id: str) -> None:
    """Make somebody a member of a thread; doing it again changes nothing."""
    channel = world.channel(channel_id)
    thread = thread_of(channel)
    if thread.has(user_id) or user_id not in world.users:
        return
    members = (*thread.members, (user_id, world.clock.now()))
    channel = world.put_channel(replace(channel, thread=replace(thread, members=members)), tell=False)
    if channel.kind is ChannelKind.PRIVATE_THREAD:
        world.publish(ChannelCreated(channel))
    world.publish(ThreadMembersChanged(channel, added=(user_id,)))


def leave(world: World, channel_id: str, user_id: str) -> None:
    """Take somebody out of a thread."""
    channel = world.channel(channel_id)
    thread = thread_of(channel)
    if not thread.has(user_id):
        return
    members = tuple(member for member in thread.members if member[0] != user_id)
    channel = world.put_channel(replace(channel, thread=replace(thread, members=members)), tell=False)
    world.publish(ThreadMembersChanged(channel, removed=(user_id,)))


def change(world: World, channel: Channel, *, name: str | None = None, **facts: Any) -> Channel:
    """Set a thread's name or facts (`archived`, `locked`, `quiet_min`) without asking who may, and tell."""
    thread = replace(thread_of(channel), **facts)
    if thread.archived != thread_of(channel).archived:
        thread = replace(thread, archived_at=world.clock.now())
    changed = replace(channel, name=channel.name if name is None else name, thread=thread)
    limits.check_thread(changed.name, thread.quiet_min)
    return world.put_channel(changed)


def may_change(world: World, user_id: str, channel: Channel, *, wakes_only: bool) -> None:
    """Raise unless the user opened the thread, may manage threads, or only wakes it and it is not locked."""
    thread = thread_of(channel)
    world.require(user_id, channel, Permission.VIEW_CHANNEL)
    granted = world.permissions(user_id, channel)
    if Permission.MANAGE_THREADS in granted:
        return
    check_open(world, user_id, channel)
    may_wake = wakes_only and Permission.SEND_MESSAGES_IN_THREADS in granted
    if user_id != thread.owner_id and not may_wake:
        raise ApiError(Code.NO_PERMISSION)


def archive_quiet(world: World) -> None:
    """Archive every thread in which nobody wrote for its archive time."""
    for channel in list(world.channels.values()):
        if not channel.thread or channel.thread.archived:
            continue
        last = made_at(channel.last_message_id or channel.id)
        since = max(last, channel.thread.archived_at)
        if world.clock.now() - since >= channel.thread.quiet_min * 60:
            change(world, channel, archived=True)

"""Reactions: pressed, taken back and cleared, by the rules of Discord. Pure over a `World`."""

import re
from dataclasses import replace

from bot.demo.guild import limits, threads
from bot.demo.guild.changes import ReactionChanged, ReactionsCleared
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import Message, Reaction
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World

NO_EMOJI = re.compile(r"[\w\s]*[A-Za-z_\s][\w\s]*|\d{2,}|.+:\d+")
"""Text, numbers, and emoji of a guild's own: this guild has none."""

LONGEST = 100
"""No emoji has more characters, however many people are in it."""


def add(world: World, user_id: str, channel_id: str, message_id: str, emoji: str) -> None:
    """Let somebody press an emoji; pressing it again changes nothing.

    Raises:
        ApiError: the message or emoji is unknown, the thread is archived, 20 emoji are there already.
    """
    message = world.message(channel_id, message_id)
    channel = world.channel(channel_id)
    world.require(user_id, channel, Permission.READ_MESSAGE_HISTORY)
    threads.check_awake(channel)
    if not emoji or len(emoji) > LONGEST or NO_EMOJI.fullmatch(emoji):
        raise ApiError(Code.UNKNOWN_EMOJI)
    found = _of(message, emoji)
    if not found:
        world.require(user_id, channel, Permission.ADD_REACTIONS)
        if len(message.reactions) >= limits.REACTIONS:
            raise ApiError(Code.TOO_MANY_REACTIONS)
    elif user_id in found.user_ids:
        return
    pressed = Reaction(emoji, (*found.user_ids, user_id) if found else (user_id,))
    _store(world, message, pressed, user_id, added=True)


def remove(world: World, actor_id: str, channel_id: str, message_id: str, emoji: str, user_id: str) -> None:
    """Let somebody take back an emoji: their own, or with Manage Messages anybody's."""
    message = world.message(channel_id, message_id)
    channel = world.channel(channel_id)
    threads.check_awake(channel)
    if actor_id != user_id:
        world.require(actor_id, channel, Permission.MANAGE_MESSAGES)
    found = _of(message, emoji)
    if found and user_id in found.user_ids:
        left = Reaction(emoji, tuple(other for other in found.user_ids if other != user_id))
        _store(world, message, left, user_id, added=False)


def clear(world: World, actor_id: str, channel_id: str, message_id: str, emoji: str | None = None) -> None:
    """Let somebody with Manage Messages remove all reactions, or all of one emoji."""
    message = world.message(channel_id, message_id)
    world.require(actor_id, world.channel(channel_id), Permission.MANAGE_MESSAGES)
    left = tuple(r for r in message.reactions if emoji is not None and r.emoji != emoji)
    cleared = replace(message, reactions=left)
    world.messages[channel_id][message_id] = cleared
    world.publish(ReactionsCleared(cleared, emoji))


def _of(message: Message, emoji: str) -> Reaction | None:
    return next((r for r in message.reactions if r.emoji == emoji), None)


def _store(world: World, message: Message, reaction: Reaction, user_id: str, *, added: bool) -> None:
    others = {r.emoji: r for r in message.reactions} | {reaction.emoji: reaction}
    changed = replace(message, reactions=tuple(r for r in others.values() if r.user_ids))
    world.messages[message.channel_id][message.id] = changed
    world.publish(ReactionChanged(changed, reaction.emoji, user_id, added))

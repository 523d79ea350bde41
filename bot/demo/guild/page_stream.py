"""What the page is told of each change, as one viewer may know it. Pure.

An event carries what stands now, not what changed: telling one twice, or late, does no harm.
"""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from bot.demo.guild.changes import (
    BotOnline,
    Change,
    ChannelChanged,
    ChannelCreated,
    ChannelDeleted,
    ChoicesOffered,
    CommandsSynced,
    InteractionAnswered,
    InteractionBegun,
    MemberChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ModalOpened,
    ReactionChanged,
    ReactionsCleared,
    RoleChanged,
    ThreadMembersChanged,
    TypingStarted,
)
from bot.demo.guild.model import Message, Payload
from bot.demo.guild.page_messages import is_shown, shown
from bot.demo.guild.page_world import dialogue, picture
from bot.demo.guild.state import World

Event: TypeAlias = tuple[str, Payload]
"""The name and the data of a Server-Sent Event."""


def whole(world: World, viewer_id: str, is_online: Callable[[str], bool]) -> Event:
    """Return the event that carries everything the viewer sees; a stream begins with it."""
    return "world", picture(world, viewer_id, is_online)


def told(world: World, change: Change, viewer_id: str, is_online: Callable[[str], bool]) -> Event | None:
    """Return the event for a change, or None when it is not the viewer's to know."""
    match change:
        case MessageCreated() | MessageEdited() | ReactionChanged() | ReactionsCleared():
            now = world.find_message(change.message)
            return (
                ("message", shown(world, now, viewer_id)) if now and is_shown(world, now, viewer_id) else None
            )
        case MessageDeleted(message=message):
            return ("gone", _gone(message)) if is_shown(world, message, viewer_id) else None
        case TypingStarted(channel_id=place_id, user_id=user_id):
            place = world.channels.get(place_id)
            if place is None or user_id == viewer_id or not world.can_see(viewer_id, place):
                return None
            return "typing", {"place": place_id, "user": user_id, "name": world.users[user_id].name}
        case ModalOpened(modal=modal):
            is_open = modal.user_id == viewer_id and modal.id in world.modals
            return ("dialogue", dialogue(world, modal)) if is_open else None
        case InteractionBegun() | InteractionAnswered() | ChoicesOffered():
            return None
        case (
            ChannelCreated()
            | ChannelChanged()
            | ChannelDeleted()
            | ThreadMembersChanged()
            | RoleChanged()
            | MemberChanged()
            | CommandsSynced()
            | BotOnline()
        ):
            return whole(world, viewer_id, is_online)
        case _:
            assert_never(change)


def _gone(message: Message) -> Payload:
    return {"id": message.id, "place": message.channel_id}

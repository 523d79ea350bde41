"""The guild as the page shows it to one viewer: places, people, commands, messages, open dialogues. Pure."""

from collections.abc import Callable, Iterator

from bot.demo.guild import changing, commands
from bot.demo.guild.interaction import CommandKind, Modal
from bot.demo.guild.model import Channel, ChannelKind, Payload, User
from bot.demo.guild.page_messages import component_texts, is_shown, names, shown
from bot.demo.guild.permissions import Permission
from bot.demo.guild.state import World

MESSAGES_MOST = 200
"""How many messages of a place are shown; older ones stay with the guild."""

KINDS = {
    ChannelKind.TEXT: "text",
    ChannelKind.NEWS: "text",
    ChannelKind.DM: "dm",
    ChannelKind.PUBLIC_THREAD: "thread",
    ChannelKind.PRIVATE_THREAD: "thread",
    ChannelKind.FORUM: "forum",
}


def people(world: World) -> Iterator[User]:
    """Yield whom a person at the page can speak as: all members but bots and the guild's owner."""
    for user in world.users.values():
        if not user.bot and user.id != world.owner_id and user.id in world.members:
            yield user


def picture(world: World, viewer_id: str, is_online: Callable[[str], bool]) -> Payload:
    """Return everything that somebody sees now; `is_online` tells whether a bot is connected."""
    seen = [place for place in world.channels.values() if world.can_see(viewer_id, place)]
    return {
        "guild": world.name,
        "me": _user(world.users[viewer_id]),
        "people": [_user(user) for user in people(world)],
        "members": [_user(world.users[user_id]) for user_id in world.members if user_id != world.owner_id],
        "bots": [
            _user(user) | {"online": is_online(user.id), "dm": _dm(seen, user.id)}
            for user in world.users.values()
            if user.bot and user.id in world.members
        ],
        "places": [_place(world, place, viewer_id) for place in seen],
        "commands": {
            one.id: {
                "name": one.name,
                "description": one.description,
                "options": one.spec.get("options") or [],
                "bot": world.users[one.application_id].name,
            }
            for one in world.commands.values()
            if one.kind is not CommandKind.USER
        },
        "messages": {place.id: _messages(world, place, viewer_id) for place in seen},
        "dialogues": [dialogue(world, one) for one in world.modals.values() if one.user_id == viewer_id],
    }


def dialogue(world: World, one: Modal) -> Payload:
    """Return an open dialogue."""
    known = names(world, one.user_id)
    return {"id": one.id, "title": one.title, "components": component_texts(one.components, known)}


def _user(user: User) -> Payload:
    return {"id": user.id, "name": user.name, "bot": user.bot}


def _dm(seen: list[Channel], bot_id: str) -> str | None:
    return next((place.id for place in seen if place.is_dm and bot_id in place.recipient_ids), None)


def _place(world: World, place: Channel, viewer_id: str) -> Payload:
    granted = world.permissions(viewer_id, place)
    thread = place.thread
    writes = Permission.SEND_MESSAGES_IN_THREADS if thread else Permission.SEND_MESSAGES
    locked = thread is not None and thread.locked and Permission.MANAGE_THREADS not in granted
    partner = next((user_id for user_id in place.recipient_ids if user_id != viewer_id), None)
    offered = [*commands.offered(world, viewer_id, place)]
    return {
        "id": place.id,
        "kind": KINDS[place.kind],
        "name": world.users[partner].name if partner else place.name,
        "topic": place.topic,
        "position": place.position,
        "parent": thread.parent_id if thread else None,
        "owner": world.users[thread.owner_id].name if thread else None,
        "private": place.kind is ChannelKind.PRIVATE_THREAD,
        "archived": thread is not None and thread.archived,
        "may_write": (place.is_dm or writes in granted) and not locked,
        "may_open": place.kind in (ChannelKind.TEXT, ChannelKind.NEWS)
        and Permission.CREATE_PUBLIC_THREADS in granted,
        "may_rename": changing.may_rename(world, viewer_id, place),
        "may_close": thread is not None
        and not thread.archived
        and changing.may_rename(world, viewer_id, place),
        "may_remove": changing.may_remove(world, viewer_id, place),
        "commands": [one.id for one in offered if one.kind is CommandKind.SLASH],
        "on_messages": [one.id for one in offered if one.kind is CommandKind.MESSAGE],
    }


def _messages(world: World, place: Channel, viewer_id: str) -> list[Payload]:
    said = [one for one in world.messages[place.id].values() if is_shown(world, one, viewer_id)]
    return [shown(world, one, viewer_id) for one in said[-MESSAGES_MOST:]]

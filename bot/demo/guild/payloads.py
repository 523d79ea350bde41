"""People and places of the world as Discord's JSON. Pure; ids are text, times ISO 8601."""

from bot.demo.guild.clock import iso
from bot.demo.guild.model import Channel, ChannelKind, Member, Payload, Role, Thread, User
from bot.demo.guild.permissions import Overwrite
from bot.demo.guild.state import World


def user(account: User) -> Payload:
    """Return an account as others see it."""
    return {
        "id": account.id,
        "username": account.name,
        "global_name": account.name,
        "discriminator": "0",
        "avatar": None,
        "bot": account.bot,
        "public_flags": 0,
    }


def member(world: World, one: Member, *, with_user: bool = True) -> Payload:
    """Return a member; messages and mentions carry it without its user."""
    whole: Payload = {
        "roles": list(one.role_ids),
        "joined_at": iso(one.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return whole | {"user": user(world.users[one.user_id])} if with_user else whole


def role(one: Role) -> Payload:
    """Return a role."""
    return {
        "id": one.id,
        "name": one.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": one.position,
        "permissions": str(one.permissions),
        "managed": False,
        "mentionable": True,
        "flags": 0,
    }


def channel(world: World, place: Channel, viewer_id: str) -> Payload:
    """Return a channel, thread or direct messages as `viewer_id` sees it."""
    if place.thread:
        return thread(world, place, place.thread, viewer_id)
    if place.is_dm:
        others = [user(world.users[user_id]) for user_id in place.recipient_ids if user_id != viewer_id]
        return {
            "id": place.id,
            "type": int(place.kind),
            "name": "",
            "last_message_id": place.last_message_id,
            "recipients": others,
            "flags": 0,
        }
    shown: Payload = {
        "id": place.id,
        "type": int(place.kind),
        "guild_id": world.guild_id,
        "name": place.name,
        "position": place.position,
        "permission_overwrites": [overwrite(one) for one in place.overwrites],
        "parent_id": place.category_id,
        "nsfw": False,
        "last_message_id": place.last_message_id,
        "rate_limit_per_user": place.slow_mode_s,
        "flags": 0,
    }
    if place.topic:
        shown["topic"] = place.topic
    if place.kind is ChannelKind.FORUM:
        shown |= {
            "available_tags": [],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
        }
    return shown


def thread(world: World, place: Channel, facts: Thread, viewer_id: str) -> Payload:
    """Return a thread; `member` is there when the viewer joined it."""
    shown: Payload = {
        "id": place.id,
        "type": int(place.kind),
        "guild_id": world.guild_id,
        "parent_id": facts.parent_id,
        "owner_id": facts.owner_id,
        "name": place.name,
        "last_message_id": place.last_message_id,
        "nsfw": False,
        "message_count": facts.message_count,
        "total_message_sent": facts.message_count,
        "member_count": len(facts.members),
        "rate_limit_per_user": place.slow_mode_s,
        "thread_metadata": {
            "archived": facts.archived,
            "auto_archive_duration": facts.quiet_min,
            "archive_timestamp": iso(facts.archived_at),
            "locked": facts.locked,
            "create_timestamp": iso(facts.made_at),
        },
        "applied_tags": [],
        "flags": 0,
    }
    if facts.has(viewer_id):
        shown["member"] = thread_member(place, facts, viewer_id)
    return shown


def thread_member(place: Channel, facts: Thread, user_id: str) -> Payload:
    """Return one member of a thread."""
    joined_at = dict(facts.members)[user_id]
    return {"id": place.id, "user_id": user_id, "join_timestamp": iso(joined_at), "flags": 0}


def overwrite(one: Overwrite) -> Payload:
    """Return a permission overwrite of a channel."""
    return {
        "id": one.target_id,
        "type": 0 if one.is_role else 1,
        "allow": str(one.allow),
        "deny": str(one.deny),
    }

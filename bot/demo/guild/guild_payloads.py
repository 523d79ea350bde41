"""The guild, the bot's application, its commands and interactions as Discord's JSON. Pure."""

from bot.demo.guild import message_payloads, payloads
from bot.demo.guild.clock import iso
from bot.demo.guild.intents import Intent
from bot.demo.guild.interaction import Command, Interaction
from bot.demo.guild.limits import FILE_BYTES
from bot.demo.guild.model import Channel, Payload
from bot.demo.guild.state import World

_SWITCHED_ON = {
    Intent.GUILD_PRESENCES: 1 << 13,
    Intent.GUILD_MEMBERS: 1 << 15,
    Intent.MESSAGE_CONTENT: 1 << 19,
}
"""An application's flags for the privileged intents, as a bot in fewer than a hundred guilds has them."""


def guild(world: World, viewer_id: str, *, whole: bool = False, all_members: bool = False) -> Payload:
    """Return the guild; `whole` adds channels, threads and members, as GUILD_CREATE does.

    `all_members` is for a session with the presence intent; other bots are told of themselves alone.
    """
    shown: Payload = {
        "id": world.guild_id,
        "name": world.name,
        "owner_id": world.owner_id,
        "roles": [payloads.role(role) for role in world.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "icon": None,
        "banner": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "incidents_data": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "max_members": 500_000,
        "max_video_channel_users": 25,
        "stage_instances": [],
        "guild_scheduled_events": [],
    }
    if not whole:
        return shown
    members = [m for m in world.members.values() if all_members or m.user_id == viewer_id]
    return shown | {
        "unavailable": False,
        "large": False,
        "joined_at": iso(world.members[viewer_id].joined_at),
        "member_count": len(world.members),
        "members": [payloads.member(world, one) for one in members],
        "channels": [payloads.channel(world, one, viewer_id) for one in visible_channels(world)],
        "threads": active_threads(world, viewer_id),
        "presences": [],
        "voice_states": [],
        "soundboard_sounds": [],
    }


def visible_channels(world: World) -> list[Channel]:
    """Return the guild's channels without threads; Discord lists also those that the bot cannot read."""
    return [one for one in world.channels.values() if not one.thread and not one.is_dm]


def active_threads(world: World, viewer_id: str) -> list[Payload]:
    """Return the threads that are not archived and that the viewer can see."""
    return [
        payloads.thread(world, one, one.thread, viewer_id)
        for one in world.channels.values()
        if one.thread and not one.thread.archived and world.can_see(viewer_id, one)
    ]


def application(world: World, bot_id: str) -> Payload:
    """Return a bot's application; its id is the bot's."""
    return {
        "id": bot_id,
        "name": world.users[bot_id].name,
        "icon": None,
        "description": "",
        "summary": "",
        "verify_key": "0" * 64,
        "flags": sum(_SWITCHED_ON[intent] for intent in _SWITCHED_ON if intent in world.granted_intents),
        "bot_public": False,
        "bot_require_code_grant": False,
        "owner": payloads.user(world.users[world.owner_id]),
        "interactions_endpoint_url": world.interactions_url,
    }


def command(one: Command) -> Payload:
    """Return a registered command."""
    shown: Payload = {
        "contexts": None,
        "integration_types": [0],
        "default_member_permissions": None,
        "type": 1,
        "nsfw": False,
        **one.spec,
        "id": one.id,
        "application_id": one.application_id,
        "version": one.id,
    }
    shown["contexts"] = shown["contexts"] or [0, 1, 2]
    return shown | {"guild_id": one.guild_id} if one.guild_id else shown


def interaction(world: World, one: Interaction) -> Payload:
    """Return an interaction as INTERACTION_CREATE carries it."""
    place = world.channels[one.channel_id]
    bits = world.permissions(one.user_id, place)
    shown: Payload = {
        "id": one.id,
        "token": one.token,
        "type": int(one.kind),
        "version": 1,
        "application_id": one.application_id,
        "data": one.data,
        "channel_id": one.channel_id,
        "channel": payloads.channel(world, place, one.application_id) | {"permissions": str(int(bits))},
        "locale": "en-US",
        "app_permissions": str(int(world.permissions(one.application_id, place))),
        "authorizing_integration_owners": {"0": world.guild_id},
        "entitlements": [],
        "attachment_size_limit": FILE_BYTES,
    }
    who = payloads.user(world.users[one.user_id])
    if place.is_dm:
        shown |= {"user": who, "context": 1}
    else:
        member = payloads.member(world, world.members[one.user_id])
        shown |= {
            "guild_id": world.guild_id,
            "guild": {"id": world.guild_id, "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": member | {"permissions": str(int(bits))},
            "context": 0,
        }
    if one.message_id and (found := world.messages[one.channel_id].get(one.message_id)):
        shown["message"] = message_payloads.message(world, found, one.application_id)
    return shown


def resolved_channel(world: World, place: Channel, user_id: str) -> Payload:
    """Return the part of a channel that a command's option carries."""
    whole = payloads.channel(world, place, user_id)
    return whole | {"permissions": str(int(world.permissions(user_id, place)))}

"""The doctor's checks of what Discord says: token, intents, commands, permissions, clock, connections."""

from typing import Final

from bot.chat import ChatError, TokenRefused
from bot.chat_discord.inquiry import ChannelRights, GuildRights, Identity
from bot.chat_discord.permissions import SEND_MESSAGES, VIEW_CHANNEL, invite_link, missing
from bot.doctor import Finding
from bot.doctor_scene import Scene
from sessions.errors import RoomkeyError

_ADRIFT_S: Final = 10.0
_LOST_S: Final = 300.0
_FEW_STARTS: Final = 50


async def token(scene: Scene) -> Finding:
    """Whether there is a token and Discord takes it."""
    try:
        who = await scene.identity()
    except TokenRefused as error:
        return Finding("fail", str(error), "Then run `roomkey setup` to put it in its place.")
    except ChatError as error:
        return Finding("fail", str(error), "Look at the network, a proxy, or https://discordstatus.com")
    except RoomkeyError as error:
        return Finding("fail", str(error), "Run `roomkey setup`.")
    return Finding("ok", f"Discord takes the token: the bot is {who.bot_name} ({who.bot_id}).")


async def intents(scene: Scene) -> Finding:
    """Whether the bot may read what is said."""
    try:
        who = await scene.identity()
    except RoomkeyError:
        return _not_asked()
    if not who.has_content_intent:
        return Finding(
            "fail",
            "Message Content Intent is off: Discord does not let the bot in.",
            f"Switch it on at {who.portal_page}, then start Roomkey again.",
        )
    unused = " Server Members Intent is on, which Roomkey does not need." if who.has_members_intent else ""
    return Finding("ok", f"Message Content Intent is on.{unused}")


async def commands(scene: Scene) -> Finding:
    """Whether commands and clicks come to the bot, and not to a web server."""
    try:
        who = await scene.identity()
    except RoomkeyError:
        return _not_asked()
    if who.endpoint_url is not None:
        return Finding(
            "fail",
            f"Discord sends commands and clicks to {who.endpoint_url}, not to the bot.",
            f"Empty Interactions Endpoint URL at {who.portal_page.removesuffix('/bot')}/information.",
        )
    return Finding("ok", "Commands and clicks come to the bot.")


async def permissions(scene: Scene) -> Finding:
    """Whether the bot may do in each channel what it needs to."""
    try:
        who = await scene.identity()
        guilds = await scene.guilds()
    except RoomkeyError:
        return _not_asked()
    assert scene.settings is not None
    return permissions_finding(who, guilds, frozenset(scene.settings.discord.listen_channels))


def permissions_finding(
    who: Identity, guilds: tuple[GuildRights, ...], listen_channels: frozenset[str]
) -> Finding:
    """Judge what the bot may in each channel. Pure.

    A channel that it does not see may be hidden on purpose, unless it is to be listened to.
    """
    link = invite_link(who.application_id)
    if not guilds:
        return Finding("fail", "The bot is in no guild yet.", f"Open {link}")
    blind = [guild.name for guild in guilds if not any(place.bits & VIEW_CHANNEL for place in guild.channels)]
    lacking = [
        (place, f"#{place.name} of {guild.name}: {', '.join(missing(place.bits))}")
        for guild in guilds
        for place in guild.channels
        if missing(place.bits) and (place.bits & VIEW_CHANNEL or place.id in listen_channels)
    ]
    known = {place.id for guild in guilds for place in guild.channels}
    gone = [
        f"listen channel {place}: not in any guild of the bot" for place in sorted(listen_channels - known)
    ]
    details = (*(f"{name}: no channel at all" for name in blind), *(text for _, text in lacking), *gone)
    mute = any(_is_mute(place) and place.id in listen_channels for place, _ in lacking)
    if details:
        return Finding(
            "fail" if blind or gone or mute else "warn",
            f"The bot lacks permissions in {_count(len(details), 'place')}.",
            f"Grant them to its role, or open {link}",
            details,
        )
    seen = sum(bool(place.bits & VIEW_CHANNEL) for guild in guilds for place in guild.channels)
    text = f"The bot may do what it needs in {_count(seen, 'channel')} of {_count(len(guilds), 'guild')}."
    return Finding("ok", text)


async def clock(scene: Scene) -> Finding:
    """Whether this machine's clock agrees with Discord's, whose ids are times."""
    try:
        ahead_s = (await scene.identity()).clock_ahead_s
    except RoomkeyError:
        return _not_asked()
    return clock_finding(ahead_s)


def clock_finding(ahead_s: float | None) -> Finding:
    """Judge how far this machine's clock is before Discord's. Pure."""
    if ahead_s is None:
        return Finding("skipped", "Discord did not say what time it is.")
    if abs(ahead_s) < _ADRIFT_S:
        return Finding("ok", "The clock agrees with Discord's.")
    return Finding(
        "fail" if abs(ahead_s) > _LOST_S else "warn",
        f"The clock is {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} Discord's.",
        "Let the system set it: timedatectl set-ntp true",
    )


async def connections(scene: Scene) -> Finding:
    """How often the bot may still connect today: at nothing left, Discord resets the token."""
    try:
        left = (await scene.identity()).starts_left
    except RoomkeyError:
        return _not_asked()
    if left < _FEW_STARTS:
        return Finding(
            "warn",
            f"Discord grants the bot only {left} more connections today.",
            "Find out why it starts so often: roomkey service logs",
        )
    return Finding("ok", f"Discord grants the bot {left} more connections today.")


def _is_mute(place: ChannelRights) -> bool:
    return not (place.bits & VIEW_CHANNEL and place.bits & SEND_MESSAGES)


def _not_asked() -> Finding:
    return Finding("skipped", "Discord could not be asked; see token.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

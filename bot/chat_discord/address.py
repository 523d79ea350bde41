"""Discord's objects -> Incoming, Place, Person; only here Discord's ids become ours. Pure."""

from typing import Final, Literal

import discord

from bot.chat import Incoming, Person, Place
from bot.chat_discord import PLATFORM
from bot.chat_discord.message_text import attachments, beyond, quoted
from sessions.store.values import Quote

_QUOTE_CHARS: Final = 4000
"""How much of a message is stored that somebody replies to: its shown part is shorter still."""
_ACTIVE_THREADS: Final = 1000
"""How many threads that are not archived a guild may have."""
_ORDINARY: Final = frozenset({discord.MessageType.default, discord.MessageType.reply})


def incoming(message: discord.Message, me: discord.abc.User) -> Incoming:
    """Return a message in words of no platform. Reads what came with the event, and asks nobody."""
    mentions_bot = addresses(message, me)
    others = {user.id for user in message.mentions} | {_replied_to(message)}
    return Incoming(
        place=place_of(message.channel, message.guild),
        person=_author(message),
        message_id=message.id,
        text=text_of(message, me),
        attachments=tuple(attachments(message)),
        mentions_bot=mentions_bot,
        mentions_others=not mentions_bot and bool(others - {None, me.id, message.author.id}),
        names_bot=any(called in message.content for called in _callings(me)),
        ordinary=message.type in _ORDINARY and message.webhook_id is None,
        ours=message.author.id == me.id,
        quote=_quote(message, me),
        replies_to=_answered_id(message),
        threads=_threads(message),
    )


def place_of_interaction(interaction: discord.Interaction) -> Place:
    """Return where a command was typed or a button clicked."""
    channel = interaction.channel
    return Place(
        platform=PLATFORM,
        channel_id=str(interaction.channel_id),
        guild_id=_id(interaction.guild_id),
        parent_id=_id(channel.parent_id) if isinstance(channel, discord.Thread) else None,
    )


def person(user: discord.User | discord.Member) -> Person:
    """Return somebody with the roles that Discord sent along; none outside a guild."""
    roles = user.roles if isinstance(user, discord.Member) else []
    return Person(
        id=str(user.id),
        name=user.display_name,
        role_ids=frozenset(str(role.id) for role in roles),
        is_bot=user.bot or user.system,
    )


def has_nothing_to_read(message: discord.Message) -> bool:
    """Whether a message came without any content: what all look like if the intent is missing."""
    return not (
        message.content
        or message.attachments
        or message.embeds
        or message.stickers
        or message.message_snapshots
        or message.poll
        or message.components
    )


def _threads(message: discord.Message) -> Literal["none", "forbidden", "full", "possible"]:
    channel = message.channel
    if not isinstance(channel, discord.TextChannel) or message.type not in _ORDINARY:
        return "none"
    guild = channel.guild
    may = channel.permissions_for(guild.me) if guild.me else discord.Permissions.all()
    if not (may.create_public_threads and may.send_messages_in_threads):
        return "forbidden"
    return "full" if len(guild.threads) >= _ACTIVE_THREADS else "possible"  # until some of them are archived


def _author(message: discord.Message) -> Person:
    user = message.author
    if message.guild is None and isinstance(user, discord.Member):
        # A guild that is not in the cache: its roles cannot be read, so the person has none.
        return Person(id=str(user.id), name=user.display_name, is_bot=user.bot)
    return person(user)


def place_of(channel: "discord.abc.MessageableChannel", guild: discord.Guild | None) -> Place:
    """Return what a channel of a guild is to us."""
    # A channel that is not in the cache, such as an archived thread, shows its ids alone.
    unknown = isinstance(channel, discord.PartialMessageable)
    guild_id = channel.guild_id if unknown else guild and guild.id
    return Place(
        platform=PLATFORM,
        channel_id=str(channel.id),
        guild_id=_id(guild_id),
        parent_id=_id(channel.parent_id) if isinstance(channel, discord.Thread) else None,
    )


def _id(snowflake: int | None) -> str | None:
    return None if snowflake is None else str(snowflake)


def addresses(message: discord.Message, me: discord.abc.User) -> bool:
    """Whether a message mentions the bot, or replies to it."""
    # Discord offers the bot's own role beside the bot itself, and people pick either.
    role = message.guild.self_role if message.guild else None
    return (
        me.id in {user.id for user in message.mentions}
        or (role is not None and role in message.role_mentions)
        or _replied_to(message) == me.id
    )


def _replied_to(message: discord.Message) -> int | None:
    answered = _answered(message)
    return None if answered is None else answered.author.id


def _answered(message: discord.Message) -> discord.Message | None:
    reference = message.reference
    if message.type is not discord.MessageType.reply or reference is None:
        return None
    # An edit may come without the message that it replies to.
    answered = reference.resolved or reference.cached_message
    return answered if isinstance(answered, discord.Message) else None


def _answered_id(message: discord.Message) -> str | None:
    reference = message.reference
    if message.type is not discord.MessageType.reply or reference is None:
        return None
    return _id(reference.message_id)


def _quote(message: discord.Message, me: discord.abc.User) -> Quote | None:
    answered = _answered(message)
    text = "" if answered is None else quoted(answered)
    if answered is None or not text:
        return None
    author = answered.author
    return Quote(
        text=text[:_QUOTE_CHARS],
        author_id=str(author.id),
        author_name=author.display_name,
        ours=author.id == me.id,
    )


def _callings(me: discord.abc.User) -> tuple[str, str]:
    return f"<@{me.id}>", f"<@!{me.id}>"


def text_of(message: discord.Message, me: discord.abc.User) -> str:
    """Return what a message says, with what it forwards, its stickers and its poll as text."""
    # The mention that calls the bot is no part of what is asked, unless nothing else is said.
    said = message.content
    for calling in _callings(me):
        rest = said.lstrip().removeprefix(calling)
        if rest != said.lstrip() and rest.strip():
            said = rest.lstrip()
            break
    return "\n\n".join(part for part in (said, *beyond(message)) if part)

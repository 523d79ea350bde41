"""Which session a place belongs to, and whether a message there wants an answer. Pure."""

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum

from bot.chat import Incoming, Place
from bot.settings import ReplyTo
from sessions.keys import DEFAULT_KEY, SessionKey, session_key


class Silence(StrEnum):
    """Why a message is not answered, in words that follow "not answered:"."""

    OURS = "written by this bot itself"
    NOT_ORDINARY = "a webhook or system message"
    BOT = "written by a bot"
    BOT_UNNAMED = "written by a bot that does not name this one"
    OTHERS = "it names somebody else and not me"
    NOT_MENTIONED = "it does not mention me, and only mentions are answered here"
    EMPTY = "neither text nor files"


def key_for(place: Place, listen_channels: Collection[str]) -> SessionKey:
    """Return the key of a place: `default` for a listen channel, else the id of where it is said.

    A thread has an id of its own, so it never shares the session of the channel around it; nor
    does it matter whether that channel is known. Every ingress asks this one function.

    Raises:
        ValueError: the channel id has not the shape of a key.
    """
    return DEFAULT_KEY if place.channel_id in listen_channels else session_key(place.channel_id)


def own_thread(place: Place, message_id: int) -> Place:
    """Return the place of the thread on a message: its id is the message's, also before it is opened."""
    return replace(place, channel_id=str(message_id), parent_id=place.channel_id)


def why_silent(incoming: Incoming, reply_to: ReplyTo, bots: Collection[str] = ()) -> Silence | None:
    """Return why a message is not answered; None means that it is for the bot.

    A direct message is always meant for the bot, whatever `reply_to` says. A bot must be one of
    `bots` and name this one in its text: a reply alone pings, too, so two would answer each other for ever.
    """
    if incoming.ours:
        return Silence.OURS
    if not incoming.ordinary:
        return Silence.NOT_ORDINARY
    if incoming.person.is_bot and incoming.person.id not in bots:
        return Silence.BOT
    if incoming.person.is_bot and not incoming.names_bot:
        return Silence.BOT_UNNAMED
    if incoming.place.guild_id is not None and not incoming.mentions_bot:
        if incoming.mentions_others:
            return Silence.OTHERS
        if reply_to == "mention":
            return Silence.NOT_MENTIONED
    if not incoming.text.strip() and not incoming.attachments:
        return Silence.EMPTY
    return None

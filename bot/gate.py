"""The one gate for messages, commands and clicks: who may, is it for us, which session. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.access import Allow, Deny, Rules, authorize
from bot.chat import Incoming, Person, Place
from bot.routing import Silence, key_for, why_silent
from bot.settings import ReplyTo, Settings
from sessions.keys import SessionKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Access and routing as they are set. Every ingress comes through here, so all decide alike."""

    rules: Rules
    listen_channels: Collection[str]
    reply_to: Callable[[Place], ReplyTo]

    def admit(self, person: Person, place: Place) -> SessionKey | Deny:
        """Return the key of the place, or why the person may do nothing there."""
        verdict = authorize(person, place, self.rules)
        return key_for(place, self.listen_channels) if isinstance(verdict, Allow) else verdict

    def sift(self, incoming: Incoming) -> SessionKey | Deny | Silence:
        """Return the key that a message is for, or why it is not answered."""
        silence = why_silent(incoming, self.reply_to(incoming.place))
        return silence if silence is not None else self.admit(incoming.person, incoming.place)


def gate_of(settings: Settings) -> Gate:
    """Return the gate that the settings describe."""
    lists = settings.discord
    return Gate(
        rules=Rules(
            users=frozenset(lists.allowed_users),
            roles=frozenset(lists.allowed_roles),
            guilds=frozenset(lists.allowed_guilds),
        ),
        listen_channels=frozenset(lists.listen_channels),
        reply_to=lambda place: settings.reply_to_for(place.guild_id, place.channel_id, place.parent_id),
    )

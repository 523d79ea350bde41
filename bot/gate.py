"""The one gate for messages, commands and clicks: who may, is it for us, which session. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.access import Allow, Deny, Rules, Tier, may_concern
from bot.chat import Incoming, Person, Place
from bot.people import People
from bot.routing import Silence, key_for, why_silent
from bot.settings import ReplyTo, Settings
from sessions.keys import SessionKey


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody may: in the room of that key, as somebody of that tier."""

    key: SessionKey
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Access and routing as they are now. Every ingress comes through here, so all decide alike."""

    people: People
    listen_channels: Collection[str]
    reply_to: Callable[[Place], ReplyTo]

    @property
    def rules(self) -> Rules:
        """Who may do what now."""
        return self.people.rules

    def admit(self, person: Person, place: Place, needs: Tier, ingress: str) -> Admitted | Deny:
        """Return the room of the place, or why the person may not do there what `needs` that tier."""
        verdict = self.people.authorize(ingress, person, place, needs)
        if isinstance(verdict, Allow):
            return Admitted(key_for(place, self.listen_channels), verdict.tier)
        return verdict

    def sift(self, incoming: Incoming, ingress: str = "message") -> SessionKey | Deny | Silence:
        """Return the key that a message is for, or why it is not answered."""
        silence = why_silent(incoming, self.reply_to(incoming.place), self.rules.bots)
        if silence is not None:
            return silence
        admitted = self.admit(incoming.person, incoming.place, Tier.USER, ingress)
        return admitted.key if isinstance(admitted, Admitted) else admitted

    def concerns(self, guild_id: str | None) -> bool:
        """Whether anybody may speak to us in that guild, or in direct messages; asked where nobody acts."""
        return may_concern(guild_id, self.people.rules)


def rules_of(settings: Settings) -> Rules:
    """Return who may do what by the settings alone."""
    lists = settings.discord
    return Rules(
        users=frozenset(lists.allowed_users),
        roles=frozenset(lists.allowed_roles),
        guilds=frozenset(lists.allowed_guilds),
        owners=frozenset(lists.owners),
        operators=frozenset(lists.operators),
        operator_roles=frozenset(lists.operator_roles),
        bots=frozenset(lists.allowed_bots),
        shared=frozenset(lists.listen_channels),
    )


def gate_of(settings: Settings, people: People) -> Gate:
    """Return the gate that the settings describe, for those people."""
    return Gate(
        people=people,
        listen_channels=frozenset(settings.discord.listen_channels),
        reply_to=lambda place: settings.reply_to_for(place.guild_id, place.channel_id, place.parent_id),
    )

"""Who may speak to the bot, and where: `authorize`, asked by every ingress. Closed by default. Pure."""

from dataclasses import dataclass

from bot.chat import Person, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The allow-lists, ids as text. All three empty means nobody."""

    users: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    guilds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes."""


@dataclass(frozen=True, slots=True)
class Deny:
    """No. `reason` is for the log and for whoever asks why; a message is refused in silence."""

    reason: str


def authorize(person: Person, place: Place, rules: Rules) -> Allow | Deny:
    """Say whether `person` may use the bot in `place`.

    A guild must be listed unless no guild is. The person must be listed or have a listed role;
    if neither users nor roles are listed, naming the guild lets everybody in it speak. A direct
    message shows no roles and no guild, so there the person must be listed by id.
    """
    if not (rules.users or rules.roles or rules.guilds):
        return Deny("nobody is allowed yet: the allow-lists are empty")
    if place.guild_id is None:
        return Allow() if person.id in rules.users else Deny("direct messages need an allowed user")
    if rules.guilds and place.guild_id not in rules.guilds:
        return Deny("this guild is not allowed")
    if not (rules.users or rules.roles):
        return Allow()
    if person.id in rules.users or person.role_ids & rules.roles:
        return Allow()
    return Deny("neither the user nor a role of theirs is allowed")


def may_concern(guild_id: str, rules: Rules) -> bool:
    """Whether anybody at all could be allowed in that guild."""
    return guild_id in rules.guilds if rules.guilds else bool(rules.users or rules.roles)

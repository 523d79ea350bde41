"""Who may do what, and where: `authorize`, asked by every ingress. Closed by default. Pure."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import IntEnum
from typing import Final

from bot.chat import Person, Place

log = logging.getLogger(__name__)


class Tier(IntEnum):
    """What somebody may do; each may all that the ones before it may.

    A `STRANGER` may pair with a bot that has no owner, and nothing else. A `USER` asks, and sees to what
    they asked themselves. An `OPERATOR` sees to everybody's turns and to the rooms. An `OWNER` says who may.
    """

    STRANGER = 0
    USER = 1
    OPERATOR = 2
    OWNER = 3


@dataclass(frozen=True, slots=True)
class Needs:
    """What it takes to decide about a turn: `own` of whoever asked for it, `others` of everybody else."""

    own: Tier
    _: KW_ONLY
    others: Tier


Places = Mapping[str, Tier | None]
"""What was granted, by the id of a channel or guild, "" for everywhere. None denies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The allow-lists and the grants, ids as text. All of them empty means nobody.

    `shared` are the channels whose rooms reach further than their own place: see `authorize`.
    """

    users: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    guilds: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    operator_roles: frozenset[str] = frozenset()
    bots: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    user_grants: Mapping[str, Places] = field(default_factory=dict[str, Places])
    role_grants: Mapping[str, Places] = field(default_factory=dict[str, Places])

    @property
    def is_empty(self) -> bool:
        """Whether nobody may speak anywhere."""
        return not (self.guilds or self.bots or self.name_people)

    @property
    def name_people(self) -> bool:
        """Whether anybody is named, by id or by role."""
        listed = self.users or self.roles or self.owners or self.operators or self.operator_roles
        return bool(listed or self.user_grants or self.role_grants)

    @property
    def name_roles(self) -> bool:
        """Whether anything hangs on somebody's roles."""
        return bool(self.roles or self.operator_roles or self.role_grants)

    @property
    def denies_roles(self) -> bool:
        """Whether a role is denied anywhere."""
        return any(tier is None for places in self.role_grants.values() for tier in places.values())


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes, as somebody of that tier. `why` follows "because"."""

    tier: Tier
    why: str = ""


@dataclass(frozen=True, slots=True)
class Deny:
    """No. `reason` is for the log and for whoever asks why; a message is refused in silence.

    `tier` is what they are all the same, where that is not enough.
    """

    reason: str
    tier: Tier | None = None


EMPTY: Final = Deny("nobody is allowed yet: the allow-lists are empty")
BROKEN: Final = Deny("who may speak could not be checked")
_DENIED: Final = Deny("denied by an owner")
_BOT: Final = Deny("written by a bot")
_GUILD: Final = Deny("this guild is not allowed")
_DIRECT: Final = Deny("direct messages need an allowed user")
_NOT_LISTED: Final = Deny("neither the user nor a role of theirs is allowed")
_TOO_LITTLE: Final = {
    Tier.OPERATOR: "only operators and owners may do that",
    Tier.OWNER: "only owners may do that",
}
_OWNER: Final = Allow(Tier.OWNER, "they own this bot")


def authorize(person: Person, place: Place, needs: Tier, rules: Rules) -> Allow | Deny:
    """Say whether `person` may do in `place` what `needs` that tier. Never raises.

    An owner may everything everywhere. Who was denied may nothing, whatever a list says. A guild must be
    listed unless no guild is, or something was granted right there. The person must be listed, have a
    listed role or a grant; if neither users nor roles are listed, naming the guild lets everybody in it
    speak. A thread has the grants of its channel. A direct message shows no roles and no guild, so there
    the person must be named by id. Another bot must be named as one, and is never more than a user.

    In `shared` channels, who is an operator by a grant for that place alone counts as a user: what they
    did there would reach other places.
    """
    try:
        verdict = _standing(person, place, rules)
        if isinstance(verdict, Allow):
            enough = verdict.tier >= needs
            return verdict if enough else Deny(_TOO_LITTLE[needs], verdict.tier)
        pairs = needs is Tier.STRANGER and not rules.owners and not person.is_bot
        return Allow(Tier.STRANGER) if pairs else verdict
    except Exception:  # whoever cannot be checked is refused
        log.exception("the check of who may do something broke")
        return BROKEN


def may_concern(guild_id: str | None, rules: Rules) -> bool:
    """Whether anybody at all could be allowed in that guild, or in direct messages. Never raises."""
    try:
        if rules.owners or rules.user_grants:
            return True
        if guild_id is None:
            return bool(rules.users or rules.operators)
        if rules.role_grants:
            return True
        return guild_id in rules.guilds if rules.guilds else rules.name_people or bool(rules.bots)
    except Exception:
        log.exception("the check of who may do something broke")
        return False


def _standing(person: Person, place: Place, rules: Rules) -> Allow | Deny:
    if person.is_bot:
        if any(tier is None for _, tier in _granted(person, place, rules)):
            return _DENIED
        named = person.id in rules.bots and (not rules.guilds or place.guild_id in rules.guilds)
        return Allow(Tier.USER, "this bot is listed in the settings") if named else _BOT
    if person.id in rules.owners:
        return _OWNER
    if rules.is_empty:
        return EMPTY
    is_listed = place.guild_id is None or not rules.guilds or place.guild_id in rules.guilds
    best = _listed(person, place, rules) if is_listed else None
    is_shared = place.channel_id in rules.shared
    for where, tier in _granted(person, place, rules):
        if tier is None:
            return _DENIED
        if not where and not is_listed:
            continue
        counted = Tier.USER if where and is_shared else tier
        if best is None or counted > best.tier:
            best = Allow(counted, "an owner allowed it " + ("for this place" if where else "everywhere"))
    if best is not None:
        return best
    if place.guild_id is None:
        return _DIRECT
    return _NOT_LISTED if is_listed else _GUILD


def _listed(person: Person, place: Place, rules: Rules) -> Allow | None:
    if person.id in rules.operators:
        return Allow(Tier.OPERATOR, "they are listed in the settings")
    if place.guild_id is None:
        return Allow(Tier.USER, "they are listed in the settings") if person.id in rules.users else None
    if not person.role_ids.isdisjoint(rules.operator_roles):
        return Allow(Tier.OPERATOR, "a role of theirs is listed in the settings")
    if person.id in rules.users:
        return Allow(Tier.USER, "they are listed in the settings")
    if not person.role_ids.isdisjoint(rules.roles):
        return Allow(Tier.USER, "a role of theirs is listed in the settings")
    if rules.guilds and not (rules.users or rules.roles):
        return Allow(Tier.USER, "everybody in this server is allowed by the settings")
    return None


def _granted(person: Person, place: Place, rules: Rules) -> Iterator[tuple[str, Tier | None]]:
    """Yield what was granted to the person, or to a role of theirs, in the place or around it."""
    here = [one for one in (place.channel_id, place.parent_id, place.guild_id) if one] + [""]
    found = [rules.user_grants[person.id]] if person.id in rules.user_grants else []
    if place.guild_id is not None and rules.role_grants:
        found += [rules.role_grants[one] for one in person.role_ids if one in rules.role_grants]
    for grants in found:
        for where in here:
            if where in grants:
                yield where, grants[where]

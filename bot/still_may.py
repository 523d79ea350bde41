"""Whether a turn that waited may still run: who asked for it is checked again when it is taken."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError

from bot.access import Deny, Tier, authorize
from bot.chat import Person, Place
from bot.gate import Gate
from bot.render import plain
from sessions.clock import Clock
from sessions.store.values import Kind, Origin, Turn
from sessions.switching import Resumption

_NEEDS: Final = {
    Kind.RESET: Tier.OPERATOR,
    Kind.RESUME: Tier.OPERATOR,
    Kind.REWIND: Tier.OPERATOR,
    Kind.COMPACT: Tier.OPERATOR,
    Kind.CWD: Tier.OWNER,
}
RolesNow = Callable[[Place, str], Awaitable[frozenset[str] | None]]
"""The roles that a person has now in the guild of a place; None if the platform cannot be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StillMay:
    """Asked for each turn that is about to run.

    Where the platform cannot be asked, the roles count that somebody had when they spoke.
    `place_of` says of a channel what the platform has listed: for turns that were stored without. For
    `fresh_s` the roles count that came with the message itself.
    """

    gate: Gate
    roles_now: RolesNow
    place_of: Callable[[str], Place | None]
    clock: Clock
    fresh_s: float = 5.0

    async def __call__(self, turn: Turn) -> str | None:
        """Return what to say where a turn was asked for that may not run; None if it may."""
        if turn.origin is not Origin.HUMAN or turn.prompt.author_id is None:
            return None
        person, place = self._asked(turn, turn.prompt.author_id)
        needs = _needs(turn)
        waited = self.clock.utc() - turn.created
        if self._hangs_on_roles(person, place, needs) and waited.total_seconds() > self.fresh_s:
            roles = await self.roles_now(place, person.id)
            person = person if roles is None else replace(person, role_ids=roles)
        if not isinstance(self.gate.admit(person, place, needs, "turn"), Deny):
            return None
        who = plain(turn.prompt.author_name or "somebody")
        if turn.kind in _NEEDS:
            return f"The `/{turn.kind}` of {who} was dropped: they may not do that here any more."
        return f"What {who} had waiting here was dropped: they may not speak to me here any more."

    def _asked(self, turn: Turn, author_id: str) -> tuple[Person, Place]:
        prompt, address = turn.prompt, turn.address
        person = Person(id=author_id, name=prompt.author_name or "", is_bot=prompt.by_bot)
        if prompt.asker is None:
            found = self.place_of(address.channel_id)
            nowhere = Place(platform=address.platform, channel_id=address.channel_id, guild_id=None)
            return person, found or nowhere
        asker = prompt.asker
        place = Place(
            platform=address.platform,
            channel_id=turn.said_in or address.channel_id,
            guild_id=asker.guild_id,
            parent_id=asker.parent_id,
        )
        return replace(person, role_ids=frozenset(asker.role_ids)), place

    def _hangs_on_roles(self, person: Person, place: Place, needs: Tier) -> bool:
        rules = self.gate.rules
        if place.guild_id is None or person.is_bot or not rules.name_roles:
            return False
        without = authorize(replace(person, role_ids=frozenset()), place, needs, rules)
        return isinstance(without, Deny) or rules.denies_roles


def _needs(turn: Turn) -> Tier:
    """Return who may have a turn done. What only an owner may resume, no former owner does."""
    if turn.kind is Kind.RESUME:
        try:
            if Resumption.model_validate_json(turn.prompt.text).owner:
                return Tier.OWNER
        except ValidationError:  # its turn says so
            pass
    return _NEEDS.get(turn.kind, Tier.USER)

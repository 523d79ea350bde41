"""The people in force: what the settings say, what owners said since, the first owner, and the audit log."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from bot.access import Allow, Deny, Places, Rules, Tier, authorize
from bot.chat import Person, Place
from bot.pairing import Pairing, Tried
from sessions.errors import NotAllowed, StateError
from sessions.store.people import AuditEntry, Grant, PeopleStore, Standing
from sessions.store.said import Asker

log = logging.getLogger(__name__)
audit = logging.getLogger("audit")

TIERS: Final[dict[Standing, Tier | None]] = {
    "none": None,
    "user": Tier.USER,
    "operator": Tier.OPERATOR,
    "owner": Tier.OWNER,
}


class People:
    """Who may do what now. A change is in force as soon as it is stored.

    `refused` counts what was refused, by the name of the ingress.
    """

    def __init__(self, listed: Rules, store: PeopleStore, platform: str, pairing: Pairing) -> None:
        """Begin with what the settings say; `load` adds what the store knows."""
        self._listed = listed
        self._store = store
        self._platform = platform
        self._pairing = pairing
        self._grants: Sequence[Grant] = ()
        self._rules = listed
        self._changing = asyncio.Lock()
        self.refused: Counter[str] = Counter()

    @property
    def rules(self) -> Rules:
        """What holds now."""
        return self._rules

    @property
    def listed_owners(self) -> frozenset[str]:
        """The owners whom the settings name."""
        return self._listed.owners

    @property
    def grants(self) -> Sequence[Grant]:
        """What was granted and denied beside the settings."""
        return self._grants

    async def load(self) -> None:
        """Take over what was granted so far; without any owner, open the pairing. Raises StateError."""
        self._hold(await self._store.grants(self._platform))
        if not self._rules.owners:
            self._pairing.open()

    def authorize(self, ingress: str, person: Person, place: Place, needs: Tier) -> Allow | Deny:
        """Ask `bot.access.authorize`, and count what it refuses."""
        verdict = authorize(person, place, needs, self._rules)
        if isinstance(verdict, Deny):
            self.refused[ingress] += 1
        return verdict

    def asker(self, person: Person, place: Place) -> Asker:
        """Return what has to be remembered of somebody who asks, to be checked again later."""
        return Asker(
            role_ids=tuple(sorted(person.role_ids)),
            guild_id=place.guild_id,
            parent_id=place.parent_id,
        )

    async def grant(self, grant: Grant, action: str) -> None:
        """Let somebody do something from now on, or deny it.

        Raises:
            StateError: it is not stored, and nothing changed.
            NotAllowed: whoever says so is no owner any more, by the change before this one.
        """
        detail = f"{grant.standing} {f'in {grant.place}' if grant.place else 'everywhere'}"
        entry = self._entry(grant.given_by, action, f"{grant.kind} {grant.id}", detail)
        async with self._changing:
            if grant.given_by not in self._rules.owners:
                raise NotAllowed
            await self._store.grant(grant, entry)
            self._hold(applied(self._grants, grant))
        _say(entry)

    @property
    def can_pair(self) -> bool:
        """Whether somebody can still become the first owner."""
        return self._pairing.is_open

    def try_code(self, person: Person, code: str) -> Tried:
        """Say what a pairing code is worth that somebody gave, and count it if it is wrong."""
        return Tried.CLOSED if person.is_bot else self._pairing.try_code(person.id, code)

    async def own(self, person: Person) -> bool:
        """Make whoever gave the right code the owner; False if somebody was faster. Raises StateError."""
        grant = Grant(
            platform=self._platform, kind="user", id=person.id, standing="owner", given_by=person.id
        )
        entry = self._entry(person.id, "pair", f"user {person.id}", "owner everywhere")
        async with self._changing:
            done = not self._rules.owners and await self._store.pair(grant, entry)
            self._pairing.close()
            if done:
                self._hold(applied(self._grants, grant))
        if done:
            _say(entry)
        return done

    async def note(self, person: Person, action: str, target: str = "", detail: str = "") -> None:
        """Write down that somebody used a right that not everybody has. Never raises."""
        entry = self._entry(person.id, action, target, detail)
        _say(entry)
        try:
            await self._store.note(entry)
        except StateError as error:
            log.warning("an audit entry was not stored", extra={"action": action, "reason": str(error)})

    def _hold(self, grants: Sequence[Grant]) -> None:
        self._grants, self._rules = grants, with_grants(self._listed, grants)

    def _entry(self, actor: str, action: str, target: str, detail: str) -> AuditEntry:
        return AuditEntry(platform=self._platform, actor=actor, action=action, target=target, detail=detail)


def with_grants(listed: Rules, grants: Iterable[Grant]) -> Rules:
    """Return the rules with what was granted beside them."""
    owners = set(listed.owners)
    users: dict[str, dict[str, Tier | None]] = {}
    roles: dict[str, dict[str, Tier | None]] = {}
    for grant in grants:
        if grant.standing == "owner":
            owners.add(grant.id)
        else:
            by_id = users if grant.kind == "user" else roles
            by_id.setdefault(grant.id, {})[grant.place] = TIERS[grant.standing]
    return replace(
        listed,
        owners=frozenset(owners),
        user_grants=dict[str, Places](users),
        role_grants=dict[str, Places](roles),
    )


def applied(grants: Iterable[Grant], change: Grant) -> Sequence[Grant]:
    """Return grants as `PeopleStore.grant` leaves them."""

    def stays(one: Grant) -> bool:
        if (one.platform, one.kind, one.id) != (change.platform, change.kind, change.id):
            return True
        within = not change.place or (change.place == change.guild and one.guild == change.guild)
        return one.place != change.place and not (change.standing == "none" and within)

    return (*filter(stays, grants), change)


def _say(entry: AuditEntry) -> None:
    facts = {"platform": entry.platform, "actor": entry.actor, "target": entry.target, "detail": entry.detail}
    audit.info("%s", entry.action, extra={name: fact for name, fact in facts.items() if fact})

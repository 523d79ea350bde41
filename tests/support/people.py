"""People without a database: grants and audit entries kept in lists, by the rules of the store."""

from collections.abc import Sequence

from bot.access import Rules
from bot.pairing import Pairing
from bot.people import People, applied
from sessions.clock import SystemClock
from sessions.errors import StateError
from sessions.store.people import AuditEntry, Grant


class KeptPeople:
    """A `sessions.store.people.PeopleStore`. With a `failure` every change raises it."""

    def __init__(self) -> None:
        self.granted: Sequence[Grant] = ()
        self.entries: list[AuditEntry] = []
        self.failure: StateError | None = None

    async def grants(self, platform: str) -> Sequence[Grant]:
        return [one for one in self.granted if one.platform == platform]

    async def grant(self, grant: Grant, entry: AuditEntry) -> None:
        await self.note(entry)
        self.granted = applied(self.granted, grant)

    async def pair(self, grant: Grant, entry: AuditEntry) -> bool:
        if any(one.standing == "owner" for one in self.granted):
            return False
        await self.grant(grant, entry)
        return True

    async def note(self, entry: AuditEntry) -> None:
        if self.failure is not None:
            raise self.failure
        self.entries.append(entry)

    async def audit(self, limit: int) -> Sequence[AuditEntry]:
        return self.entries[::-1][:limit]


def people(
    rules: Rules | None = None, store: KeptPeople | None = None, pairing: Pairing | None = None
) -> People:
    """Return people to whom the settings say `rules`, nobody without."""
    return People(rules or Rules(), store or KeptPeople(), "chat", pairing or Pairing(SystemClock()))

"""Who may do what by somebody's word, and the audit log: values of the store, and what it promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Standing = Literal["none", "user", "operator", "owner"]
"""What a grant gives; `none` denies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What somebody, or all with a role, may do in a place. Ids are the platform's, as text.

    `place` is a channel or a guild, "" for everywhere; `guild` is the guild that it lies in, "" without
    one. `given_by` is the id of whoever said so.
    """

    platform: str
    kind: Literal["user", "role"]
    id: str
    standing: Standing
    place: str = ""
    guild: str = ""
    given_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """That somebody used a right that not everybody has.

    `actor` is a person's id, `target` a person, a role, a room or a turn; `detail` are words about it, in
    which nothing foreign stands. `at` is None until it is stored.
    """

    platform: str
    actor: str
    action: str
    target: str = ""
    detail: str = ""
    at: datetime | None = None


class PeopleStore(Protocol):
    """Grants and the audit log. As with `Store`: each call is one transaction and raises StateError."""

    async def grants(self, platform: str) -> Sequence[Grant]:
        """Return all grants of a platform."""
        ...

    async def grant(self, grant: Grant, entry: AuditEntry) -> None:
        """Store a grant in place of the one of the same subject and place, with its audit entry.

        A `none` also takes away what the subject was granted within its place.
        """
        ...

    async def pair(self, grant: Grant, entry: AuditEntry) -> bool:
        """Store the first owner of a platform, with its audit entry; False if there is one already."""
        ...

    async def note(self, entry: AuditEntry) -> None:
        """Store an audit entry."""
        ...

    async def audit(self, limit: int) -> Sequence[AuditEntry]:
        """Return the newest audit entries, the newest first."""
        ...

"""/permissions as a person sees it: the rules of a room, page by page, each with its Revoke button. Pure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.access import Needs, Tier
from bot.components import Button
from bot.durations import ago
from bot.render import plain
from bot.said import Said
from sessions.room_permissions import Taught

_ACTION: Final = re.compile(r"rk:rule:(?P<op>show|revoke):(?P<page>[0-9]{1,4})(:(?P<rule>[0-9a-f]{16}))?")
_PER_PAGE: Final = 5
"""One row of buttons."""

NONE: Final = (
    "Nothing is allowed here for good: the agent asks each time. An owner can press Always here when it asks."
)


@dataclass(frozen=True, slots=True)
class RuleClick:
    """What a button under /permissions says. `rule` is a rule's short name; it stands on `page`."""

    op: Literal["show", "revoke"]
    page: int = 0
    rule: str = ""

    @property
    def turn(self) -> None:
        """It is about no turn."""
        return

    @property
    def needs(self) -> Needs:
        """Who may do it: all may look, an owner takes back."""
        tier = Tier.OWNER if self.op == "revoke" else Tier.USER
        return Needs(tier, others=tier)


def parse_rule_click(action: str) -> RuleClick | None:
    """Return what a button says; None if it is none of these."""
    found = _ACTION.fullmatch(action)
    if found is None:
        return None
    return RuleClick("revoke" if found["op"] == "revoke" else "show", int(found["page"]), found["rule"] or "")


def rule_name(rule: str) -> str:
    """Return a rule's name for its button."""
    return hashlib.sha256(rule.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def permissions_view(taught: Sequence[Taught], tier: Tier, page: int = 0, note: str = "") -> Said:
    """Return a page of a room's rules; `note` comes first. Those who may not revoke see no such button."""
    if not taught:
        return Said("\n".join(filter(None, [note, NONE])))
    pages = -(-len(taught) // _PER_PAGE)
    page = max(0, min(page, pages - 1))
    shown = list(enumerate(taught, 1))[page * _PER_PAGE : (page + 1) * _PER_PAGE]
    lines = [note, "**Allowed in this room without asking**"]
    lines += [f"{at}\\. `{one.rule}` · by {plain(one.by_name)} {ago(one.at)}" for at, one in shown]
    if pages > 1:
        lines.append(f"-# Page {page + 1} of {pages}")
    revoke = tuple(
        Button(label=f"Revoke {at}", action=f"rk:rule:revoke:{page}:{rule_name(one.rule)}", style="danger")
        for at, one in shown
        if tier >= Tier.OWNER
    )
    turn = [Button(label="Back", action=f"rk:rule:show:{page - 1}")] if page else []
    turn += [Button(label="More", action=f"rk:rule:show:{page + 1}")] if page + 1 < pages else []
    return Said("\n".join(filter(None, lines)), tuple(row for row in (revoke, tuple(turn)) if row))

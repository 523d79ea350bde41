"""What a bot may do in a guild and its channels, what Roomkey needs, and the link that asks for it. Pure.

Order and meaning: Discord's documentation, "Permissions", "Permission Overwrites".
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Need:
    """One permission that Roomkey uses: Discord's bit, its name there, and what it is for."""

    bit: int
    label: str
    purpose: str


VIEW_CHANNEL: Final = 1 << 10
SEND_MESSAGES: Final = 1 << 11

NEEDS: Final = (
    Need(VIEW_CHANNEL, "View Channels", "hear what is said"),
    Need(SEND_MESSAGES, "Send Messages", "answer"),
    Need(1 << 38, "Send Messages in Threads", "answer in threads and forum posts"),
    Need(1 << 16, "Read Message History", "find what was missed, and answer as a reply"),
    Need(1 << 35, "Create Public Threads", "open threads where a channel is set to, and for forks"),
    Need(1 << 15, "Attach Files", "send what the agent made, and answers too long for messages, as files"),
    Need(1 << 6, "Add Reactions", "show under each message what becomes of it"),
)
"""Written by hand, one line for each; the offline guild tells the tests when one is used that is not here."""

LEAST: Final = sum(need.bit for need in NEEDS)
"""The permissions that the invite link asks for."""

_ADMINISTRATOR: Final = 1 << 3
_EVERYTHING: Final = -1
_INVITE: Final = "https://discord.com/oauth2/authorize"
_SCOPES: Final = "bot applications.commands"


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What one role or one member is given or denied in one channel."""

    target_id: str
    allow: int = 0
    deny: int = 0


def invite_link(application_id: str, guild_id: str | None = None) -> str:
    """Return the address at which somebody lets the bot into a guild, with no more rights than it needs.

    `guild_id` chooses the guild beforehand.
    """
    chosen = {} if guild_id is None else {"guild_id": guild_id, "disable_guild_select": "true"}
    asked = {"client_id": application_id, "scope": _SCOPES, "permissions": str(LEAST), **chosen}
    return f"{_INVITE}?{urlencode(asked).replace('+', '%20')}"


def in_guild(granted: Iterable[int], *, is_owner: bool) -> int:
    """Fold the permissions of a member's roles, everybody's among them, into what it may at large."""
    whole = _union(granted)
    return _EVERYTHING if is_owner or whole & _ADMINISTRATOR else whole


def in_channel(
    at_large: int, overwrites: Iterable[Overwrite], *, guild_id: str, role_ids: Collection[str], user_id: str
) -> int:
    """Fold a channel's overwrites into what a member may there: everybody's, the roles', then its own.

    Who cannot see the channel may do nothing in it.
    """
    if at_large == _EVERYTHING:
        return at_large
    by_target = {overwrite.target_id: overwrite for overwrite in overwrites}
    bits = at_large
    # The role that everybody has is called as its guild.
    for targets in ({guild_id}, {*role_ids} - {guild_id}, {user_id}):
        applied = [by_target[target] for target in targets if target in by_target]
        bits &= ~_union(overwrite.deny for overwrite in applied)
        bits |= _union(overwrite.allow for overwrite in applied)
    return bits if bits & VIEW_CHANNEL else 0


def missing(bits: int) -> tuple[str, ...]:
    """Return the labels of what Roomkey needs and does not have."""
    return tuple(need.label for need in NEEDS if not bits & need.bit)


def _union(many: Iterable[int]) -> int:
    bits = 0
    for one in many:
        bits |= one
    return bits

"""Who may do what in a channel: roles and overwrites folded into one set of bits. Pure.

Order and meaning: Discord's documentation, "Permissions", "Permission Overwrites".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    """Discord's permission bits that the guild checks."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


ALL = Permission((1 << 53) - 1)
"""What an administrator and the owner may: every bit, also those that the guild never asks for."""

EVERYONE = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.USE_APPLICATION_COMMANDS
)
"""What everybody may in a new guild; 311385246784, also the least a bot that answers in threads needs."""

DIRECT = EVERYONE & ~(Permission.SEND_MESSAGES_IN_THREADS | Permission.CREATE_PUBLIC_THREADS)
"""What both sides may in direct messages."""


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What one role or one member (`is_role` tells which) is given or denied in one channel."""

    target_id: str
    is_role: bool
    allow: int = 0
    deny: int = 0


def base(granted: Iterable[int], *, is_owner: bool) -> Permission:
    """Fold the permissions of somebody's roles into what they may in the guild at large."""
    whole = Permission(_union(granted))
    return ALL if is_owner or Permission.ADMINISTRATOR in whole else whole


def in_channel(
    guild_wide: Permission,
    overwrites: Iterable[Overwrite],
    *,
    everyone_id: str,
    role_ids: Iterable[str],
    user_id: str,
) -> Permission:
    """Fold a channel's overwrites into what somebody may: everyone's, then the roles', then their own."""
    if Permission.ADMINISTRATOR in guild_wide:
        return ALL
    by_target = {overwrite.target_id: overwrite for overwrite in overwrites}
    roles = {*role_ids} - {everyone_id}
    bits = guild_wide
    for targets in ({everyone_id}, roles, {user_id}):
        applied = [by_target[target] for target in targets if target in by_target]
        # As numbers: the complement of a flag has no bits that it does not know.
        denied = _union(overwrite.deny for overwrite in applied)
        bits = Permission(int(bits) & ~denied | _union(overwrite.allow for overwrite in applied))
    # Who cannot see a channel can do nothing in it, whatever else is granted.
    return bits if Permission.VIEW_CHANNEL in bits else Permission(0)


def _union(many: Iterable[int]) -> int:
    bits = 0
    for one in many:
        bits |= one
    return bits

"""Whom a message pings: what its text names, what its sender allowed, and what the sender may. Pure."""

import re

from bot.demo.guild.drafts import AllowedMentions
from bot.demo.guild.model import Mentions

USER = re.compile(r"<@!?(\d+)>")
ROLE = re.compile(r"<@&(\d+)>")
EVERYONE = re.compile(r"@(?:everyone|here)\b")
PARSE_ALL = AllowedMentions(parse=("users", "roles", "everyone"), replied_user=True)


def pinged(
    content: str, allowed: AllowedMentions | None, *, replied_id: str | None, may_everyone: bool
) -> Mentions:
    """Return whom this text pings. `allowed` None means that the sender set no limit: all is parsed."""
    rule = PARSE_ALL if allowed is None else allowed
    users = [
        found
        for found in dict.fromkeys(USER.findall(content))
        if "users" in rule.parse or found in rule.users
    ]
    if rule.replied_user and replied_id and replied_id not in users:
        users.append(replied_id)
    roles = [
        found
        for found in dict.fromkeys(ROLE.findall(content))
        if "roles" in rule.parse or found in rule.roles
    ]
    everyone = may_everyone and "everyone" in rule.parse and EVERYONE.search(content) is not None
    return Mentions(tuple(users), tuple(roles), everyone)

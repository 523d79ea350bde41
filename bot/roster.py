"""Who may do what in a place, in words: one person's rights with the reason, and the list of all. Pure."""

from collections.abc import Iterable
from typing import Final

from bot.access import Allow, Deny, Places, Rules, Tier, authorize
from bot.chat import Person, Place

MAY: Final = {
    Tier.USER: "ask, and stop or take back what they asked for themselves",
    Tier.OPERATOR: "also reset and pause a room, and stop, remove and decide what others asked for",
    Tier.OWNER: "also say who may do what",
}
_NAMES: Final = {Tier.USER: "a user", Tier.OPERATOR: "an operator", Tier.OWNER: "an owner"}
_MOST: Final = 20


def standing_of(person: Person, place: Place, rules: Rules) -> str:
    """Return what somebody may do in a place, and why."""
    verdict = authorize(person, place, Tier.USER, rules)
    match verdict:
        case Allow():
            may = "; ".join(words for tier, words in MAY.items() if tier <= verdict.tier)
            return (
                f"{user(person.id)} is {_NAMES[verdict.tier]} here, because {verdict.why}."
                f"\n-# They may {may}."
            )
        case Deny():
            return f"{user(person.id)} may do nothing here: {verdict.reason}."


def roster(place: Place, rules: Rules, *, whole: bool) -> str:
    """Return who may do what in a place; without `whole` only whom to ask."""
    lines = [
        _line("Owners", map(user, rules.owners)),
        _line("Operators here", _named(place, rules, Tier.OPERATOR, rules.operators, rules.operator_roles)),
    ]
    if whole:
        lines.append(_line("Users here", _users(place, rules)))
        lines.append(_line("Denied here", _named(place, rules, None, (), ())))
    return "\n".join(lines)


def user(user_id: str) -> str:
    """Return somebody as the chat shows them; nobody is told of it."""
    return f"<@{user_id}>"


def role(role_id: str) -> str:
    """Return a role as the chat shows it."""
    return f"<@&{role_id}>"


def _users(place: Place, rules: Rules) -> Iterable[str]:
    in_guild = place.guild_id is not None
    if in_guild and place.guild_id in rules.guilds and not (rules.users or rules.roles):
        yield "everybody in this server"
    yield from _named(place, rules, Tier.USER, rules.users, rules.roles)


def _named(
    place: Place, rules: Rules, tier: Tier | None, users: Iterable[str], roles: Iterable[str]
) -> Iterable[str]:
    """Yield who is listed or was granted just that tier; `tier` None are those who were denied."""
    in_guild = place.guild_id is not None
    if not in_guild or not rules.guilds or place.guild_id in rules.guilds:
        yield from map(user, sorted(users))
        yield from map(role, sorted(roles) if in_guild else ())
    role_grants = rules.role_grants if in_guild else dict[str, Places]()
    here = {one for one in (place.channel_id, place.parent_id, place.guild_id, "") if one is not None}
    for grants, shown in ((rules.user_grants, user), (role_grants, role)):
        for one, places in sorted(grants.items()):
            if any(where in here and granted is tier for where, granted in places.items()):
                yield shown(one)


def _line(head: str, people: Iterable[str]) -> str:
    names = list(dict.fromkeys(people))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"**{head}**: {', '.join(names[:_MOST]) or 'nobody'}{more}"

"""/allow, /deny and /who: what people and roles may do, from now on and at once."""

from typing import Final, Literal

from bot.access import Deny, Tier, authorize
from bot.chat import Person, Role
from bot.commands.spec import Call, Command, Option
from bot.roster import role, roster, standing_of, user
from bot.said import Said
from sessions.errors import NotAllowed, UserError
from sessions.store.people import Grant, Standing

_WHERE: Final = Option(
    name="where",
    description="Here alone (this channel with its threads), in the whole server, or everywhere",
    kind="choice",
    choices=("here", "server", "everywhere"),
)
_USER: Final = Option(name="user", description="The person", kind="user")
_ROLE: Final = Option(name="role", description="The role: everybody who has it", kind="role")
_IN_WORDS: Final = {"here": "in this channel", "server": "in this server", "everywhere": "everywhere"}
_GOES_ON: Final = "\n-# What of theirs runs now goes on until it is done or stopped; what waits is dropped."


async def _allow(call: Call) -> Said:
    tier: Standing = "operator" if call.text("tier") == "operator" else "user"
    subject, grant = _grant(call, tier)
    if isinstance(subject, Person):
        if subject.is_bot:
            raise UserError("That is a bot. Bots are listed in the settings, as `discord.allowed_bots`.")
        if subject.id in call.people.rules.owners:
            raise UserError("That is an owner, who may everything already.")
    await call.people.grant(grant, "allow")
    done = f"{_shown(subject)} may now speak to me {_words(call)}"
    done += ", as an operator." if tier == "operator" else "."
    return Said(done + _but(call, subject, grant))


async def _deny(call: Call) -> Said:
    subject, grant = _grant(call, "none")
    if isinstance(subject, Person) and subject.id in call.people.rules.owners:
        _check_dethroning(call, subject, grant)
    await call.people.grant(grant, "deny")
    return Said(f"{_shown(subject)} may do nothing any more {_words(call)}.{_GOES_ON}")


async def _who(call: Call) -> Said:
    rules, place = call.people.rules, call.place
    asked = call.named_person("user")
    if asked is None:
        own = standing_of(call.person, place, rules)
        return Said(f"{own}\n{roster(place, rules, whole=call.tier >= Tier.OPERATOR)}")
    if asked.id != call.person.id and call.tier < Tier.OPERATOR:
        raise NotAllowed("Only an operator may ask about others; `/who` alone says what you may.")
    return Said(standing_of(asked, place, rules))


def _grant(call: Call, standing: Standing) -> tuple[Person | Role, Grant]:
    person, named = call.named_person("user"), call.role("role")
    if (person is None) == (named is None):
        raise UserError("Name either a `user` or a `role`.")
    subject = person or named
    assert subject is not None
    kind: Literal["user", "role"] = "user" if person is not None else "role"
    where, guild = _where(call), call.place.guild_id
    if guild is None and where != "everywhere":
        raise UserError("A direct message is nobody else's place. Say `where: everywhere`.")
    place = {"here": call.place.channel_id, "server": guild or "", "everywhere": ""}[where]
    return subject, Grant(
        platform=call.place.platform,
        kind=kind,
        id=subject.id,
        standing=standing,
        place=place,
        guild=(guild or "") if place else "",
        given_by=call.person.id,
    )


def _check_dethroning(call: Call, subject: Person, grant: Grant) -> None:
    """An owner whom the settings name can be denied there alone; one who paired, by another owner."""
    paired = any(one.id == subject.id and one.standing == "owner" for one in call.people.grants)
    if not paired or subject.id in call.people.listed_owners:
        raise UserError("That is an owner by the settings; take them out of `discord.owners` there.")
    if subject.id == call.person.id:
        raise UserError("You cannot deny yourself. Another owner can.")
    if grant.place:
        raise UserError("That is an owner. Say `where: everywhere` to take that from them.")


def _but(call: Call, subject: Person | Role, grant: Grant) -> str:
    """Return what keeps a grant from having its effect, if something does."""
    if grant.standing == "operator" and grant.place and call.place.channel_id in call.people.rules.shared:
        return (
            "\n-# This channel shares its session with others: here they count as a user."
            " Say `where: everywhere` to make them an operator of it."
        )
    if not isinstance(subject, Person):
        return ""
    verdict = authorize(subject, call.place, Tier.USER, call.people.rules)
    return f"\n-# Not yet in this channel: {verdict.reason}." if isinstance(verdict, Deny) else ""


def _where(call: Call) -> str:
    return call.text("where") or "here"


def _words(call: Call) -> str:
    return _IN_WORDS[_where(call)]


def _shown(subject: Person | Role) -> str:
    return user(subject.id) if isinstance(subject, Person) else role(subject.id)


ALLOW: Final = Command(
    name="allow",
    description="Let a person or a role speak to the bot, or operate it",
    tier=Tier.OWNER,
    run=_allow,
    options=(
        _USER,
        _ROLE,
        Option(
            name="tier",
            description="A user asks; an operator also decides about what others asked for",
            kind="choice",
            choices=("user", "operator"),
        ),
        _WHERE,
    ),
)
DENY: Final = Command(
    name="deny",
    description="Take away what a person or a role may do, also what the settings allow",
    tier=Tier.OWNER,
    run=_deny,
    options=(_USER, _ROLE, _WHERE),
)
WHO: Final = Command(
    name="who",
    description="Show who may do what here, and why",
    tier=Tier.USER,
    run=_who,
    options=(_USER,),
)

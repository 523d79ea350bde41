"""The steps of setup that speak with a person: token, intent, guild, owner, channels, login."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from bot.agent_logins import HOW_TO_LOG_IN, AgentFound, Login
from bot.chat import TokenRefused
from bot.chat_discord.inquiry import PORTAL, GuildRights, Identity, Inquiry, inquiring
from bot.chat_discord.permissions import invite_link
from bot.hosting import Hosting
from bot.installation import Installation
from bot.settings import Settings
from bot.settings_token import BadToken, checked_token
from bot.setup_questions import Asker, BadAnswer, Say
from sessions.ids import numeric_id

_TRIES: Final = 5
"""How often a person is asked the same thing; then they are told how to go on later."""


@dataclass(frozen=True, slots=True)
class LetIn:
    """A token that Discord takes, whose it is, and somebody who can ask more with it."""

    token: str
    who: Identity
    inquiry: Inquiry


async def let_in(
    given: str,
    installation: Installation,
    settings: Settings,
    asker: Asker,
    say: Say,
    stack: AsyncExitStack,
    limit_s: float,
) -> LetIn:
    """Return a token that works: the one that is given, the installed one, or one that a person types.

    Raises:
        BadAnswer: nobody gives one, or it has not the shape of one.
        TokenRefused, ChatUnusable, ChatError: Discord says no, or nothing.
    """

    async def tried(token: str) -> LetIn:
        inquiry = await stack.enter_async_context(inquiring(settings.discord.api_base, token, limit_s))
        who = await inquiry.identity()
        say(f"Discord takes the token: the bot is {who.bot_name} ({who.bot_id}).")
        return LetIn(token, who, inquiry)

    if given:
        return await tried(_shaped(given))
    if installation.token_problem:
        say(f"{installation.token_problem}.")
        if not asker.is_person:
            raise BadAnswer(f"{installation.token_problem}.")
    elif settings.token is not None:
        try:
            return await tried(settings.token.get_secret_value())
        except TokenRefused as error:
            if not asker.is_person:
                raise
            say(str(error))
    elif asker.is_person:
        say(f"Roomkey needs a bot of its own. Make one at {PORTAL}: New Application, Bot, Reset Token.")
    for left in reversed(range(_TRIES)):
        try:
            return await tried(_shaped(asker.secret("The bot's token", "--token-file")))
        except (BadAnswer, TokenRefused) as error:
            if not left or not asker.is_person:
                raise
            say(str(error))
    raise AssertionError


async def wait_for_intent(who: Identity, inquiry: Inquiry, asker: Asker, say: Say) -> Identity:
    """Let a person switch on what the bot needs to read messages; return what is so in the end."""
    for _ in range(_TRIES if asker.is_person else 0):
        if who.has_content_intent:
            break
        say(
            f"Message Content Intent is off, so the bot could read nothing. Switch it on at {who.portal_page}"
        )
        if not asker.yes("Is it on now?"):
            break
        who = await inquiry.identity()
    if who.has_content_intent:
        say("Message Content Intent is on. Roomkey needs no other.")
    return who


async def wait_for_guild(who: Identity, inquiry: Inquiry, asker: Asker, say: Say) -> tuple[GuildRights, ...]:
    """Show the invite link and let a person use it; return the guilds in which the bot is in the end."""
    say(f"Invite the bot, with no more rights than it needs: {invite_link(who.application_id)}")
    guilds = await inquiry.guilds(who.bot_id)
    for _ in range(_TRIES if asker.is_person else 0):
        if guilds or not asker.yes("It is in no guild yet. Look again?"):
            break
        guilds = await inquiry.guilds(who.bot_id)
    if guilds:
        say(f"It is in {', '.join(guild.name for guild in guilds)}.")
    return guilds


def ask_owners(who: Identity, asker: Asker, say: Say) -> tuple[str, ...]:
    """Return who owns the bot; nobody if that is to be decided by the pairing code."""
    found = _named_owner(who, asker, say) if asker.is_person else ""
    if found:
        return (found,)
    say("Nobody owns the bot yet. Its first start prints a code; who says it to the bot becomes its owner.")
    return ()


def _named_owner(who: Identity, asker: Asker, say: Say) -> str:
    """Return the id that a person gives, "" if they leave it open."""
    whose = f"The application belongs to {who.owner_name}. Does the bot obey that account?"
    if who.owner_id and asker.yes(whose):
        return who.owner_id
    for _ in range(_TRIES):
        raw = asker.text(
            "Your user id (in Discord: right click on your name, Copy User ID); Enter to pair later"
        )
        if not raw:
            return ""
        try:
            return numeric_id(raw)
        except ValueError as error:
            say(f"{error}.")
    return ""


def ask_listen_channels(settings: Settings, guilds: Sequence[GuildRights], asker: Asker) -> tuple[str, ...]:
    """Return the channels that are to share one session; none if that was decided, or nobody says."""
    channels = {place.name: place.id for guild in guilds for place in guild.channels if place.bits}
    if settings.discord.listen_channels or not asker.is_person or not channels:
        return ()
    shown = ", ".join(f"#{name}" for name in channels)
    raw = asker.text(f"Each channel is a room of its own. Which of these share one? {shown}; Enter for none")
    names = [word.strip().lstrip("#") for word in raw.replace(",", " ").split()]
    return tuple(channels.get(name, name) for name in names if name in channels or name.isdecimal())


def say_agent(agent: AgentFound, login: Login, hosting: Hosting, say: Say) -> None:
    """Tell which agent rooms run, and whether it is logged in; names of variables, no values."""
    if agent.is_installed:
        say(f"Rooms run {agent.vendor}{f' ({agent.program})' if agent.program else ''}.")
    else:
        say(f"The agent's program {agent.program} is not there.")
    if not login.is_needed:
        return
    if login.is_there:
        say(f"It is logged in by {', '.join(dict.fromkeys((*login.here, *login.in_service)))}.")
        return
    own = " A login made with /login is not seen by rooms." if login.of_own else ""
    say(f"It is not logged in.{own} {HOW_TO_LOG_IN}; for a service, in {hosting.login_file} (mode 0600).")


def _shaped(text: str) -> str:
    try:
        return checked_token(text.strip(), "What you gave").get_secret_value()
    except BadToken as error:
        raise BadAnswer(f"{error}.") from error

"""`roomkey setup`: from a bot's token to settings and token in their files, with every step explained."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from bot.agent_logins import AgentFound, Login, find_agent, find_login
from bot.blocking import in_own_thread
from bot.chat_discord.inquiry import GuildRights, Identity, inquiring
from bot.chat_discord.permissions import invite_link
from bot.installation import Installation
from bot.settings import Settings
from bot.settings_edit import Name
from bot.setup_files import Written, plan_files
from bot.setup_isolation import choose_isolation
from bot.setup_questions import Asker, BadAnswer, Say
from bot.setup_steps import (
    ask_listen_channels,
    ask_owners,
    let_in,
    say_agent,
    wait_for_guild,
    wait_for_intent,
)
from sessions.errors import StateError
from sessions.ids import numeric_id
from sessions.settings import Isolation

_LIMIT_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupOrder:
    """What was said by flags. Empty or None: not said. `force` replaces what is there without a question."""

    token: str = ""
    owner: str = ""
    guilds: tuple[str, ...] = ()
    listen: tuple[str, ...] = ()
    isolation: Isolation | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupReport:
    """What setup found and did. `problems` keep the bot from working; each says what to do."""

    who: Identity
    invite: str
    guilds: Sequence[GuildRights]
    owners: Sequence[str]
    agent: AgentFound
    login: Login
    isolation: str
    written: Written
    problems: Sequence[str]


async def run_setup(order: SetupOrder, installation: Installation, asker: Asker, say: Say) -> SetupReport:
    """Ask for what is not known, look whether it works, and write it.

    Raises:
        TokenRefused, ChatUnusable, ChatError: Discord says no, or nothing. Nothing was written.
        UserError: something is missing, or would have to be replaced and may not be.
        StateError: the settings that are there are not right, or files cannot be written.
    """
    settings, hosting = right_settings(installation), installation.hosting
    given = _ids("--owner", (order.owner,) if order.owner else ())
    guild_ids, listen = _ids("--guild", order.guilds), _ids("--listen", order.listen)
    async with AsyncExitStack() as stack:
        found = await let_in(order.token, installation, settings, asker, say, stack, _LIMIT_S)
        who = await wait_for_intent(found.who, found.inquiry, asker, say)
        guilds = await wait_for_guild(who, found.inquiry, asker, say)
    owners = (*settings.discord.owners, *given) or ask_owners(who, asker, say)
    listen = listen or ask_listen_channels(settings, guilds, asker)
    agent = await in_own_thread(lambda: find_agent(settings))
    login = await in_own_thread(lambda: find_login(settings, installation.environ, hosting.login_file))
    say_agent(agent, login, hosting, say)
    isolation = await choose_isolation(order.isolation, installation, settings, asker, say)
    values = _values(settings, owners, guild_ids, listen)
    if isolation.level is not None:
        values["isolation",] = isolation.level
    plan = await in_own_thread(lambda: plan_files(hosting, values, found.token))
    for question in plan.questions:
        if not (order.force or asker.yes(question)):
            how = "" if asker.is_person else f" {question} With --force the answer is yes."
            raise BadAnswer(f"Nothing was written.{how}")
    await in_own_thread(plan.carry_out)
    written = plan.written
    say(f"Settings {written.settings}: {hosting.settings_file}. Token {written.token}: {hosting.token_file}.")
    return SetupReport(
        who=who,
        invite=invite_link(who.application_id),
        guilds=guilds,
        owners=owners,
        agent=agent,
        login=login,
        isolation=isolation.level or settings.isolation,
        written=written,
        problems=_problems(who, agent, isolation.problem),
    )


async def invite_of(installation: Installation) -> str:
    """Return the invite link of the bot whose token is installed. Raises as `run_setup` does."""
    settings = right_settings(installation)
    token = settings.require_token().get_secret_value()
    async with inquiring(settings.discord.api_base, token, _LIMIT_S) as inquiry:
        return invite_link((await inquiry.identity()).application_id)


def right_settings(installation: Installation) -> Settings:
    """Return the settings, with which something can be begun.

    Raises:
        StateError: they must be mended first; the text says where.
    """
    if installation.settings is None or installation.problems:
        lines = "\n".join(installation.problems)
        raise StateError(f"The settings must be mended first; nothing was changed.\n{lines}")
    return installation.settings


def _ids(flag: str, raw: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(numeric_id(one) for one in raw))
    except ValueError as error:
        raise BadAnswer(f"{flag}: {error}.") from error


def _values(
    settings: Settings, owners: Sequence[str], guilds: Sequence[str], listen: Sequence[str]
) -> dict[Name, str | list[str]]:
    """Return what the file is to say: what was asked for, and nothing that it says already."""
    lists: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
        "owners": (owners, settings.discord.owners),
        "allowed_guilds": (guilds, settings.discord.allowed_guilds),
        "listen_channels": (listen, settings.discord.listen_channels),
    }
    found: dict[Name, str | list[str]] = {}
    for name, (wanted, there) in lists.items():
        ids = tuple(dict.fromkeys(wanted))
        if ids and ids != tuple(there):
            found["discord", name] = list(ids)
    return found


def _problems(who: Identity, agent: AgentFound, isolation_problem: str) -> tuple[str, ...]:
    found: list[str] = []
    if not who.has_content_intent:
        found.append(f"Switch on Message Content Intent at {who.portal_page}.")
    if not agent.is_installed:
        found.append(f"The agent's program {agent.program} is not there. Install Roomkey again.")
    return (*found, *([isolation_problem] if isolation_problem else []))

"""The last step of setup: the agent's login where a service finds it, and the service itself."""

from bot.agent_logins import Login
from bot.installation import Installation
from bot.service import install
from bot.service_unit import this_program
from bot.setup_files import add_login
from bot.setup_questions import Asker, Say
from sessions.errors import UserError


def offer_service(
    wanted: bool | None,
    store_login: bool,
    login: Login,
    installation: Installation,
    asker: Asker,
    say: Say,
) -> str:
    """Install the service if that is wanted; `wanted` None asks a person. Returns what became of it. Blocks.

    The login goes into the service's file if `store_login` or a person says so.

    Raises:
        UserError: it was wanted and cannot be.
    """
    may_ask = asker.is_person
    if wanted is None and not (may_ask and asker.yes("Run Roomkey as a service of systemd?")):
        return "not asked for"
    if wanted is False:
        return "not asked for"
    hosting = installation.hosting
    if login.is_needed and login.here and not login.in_service:
        name = login.here[0]
        question = f"The service does not see {name} of this shell. Write it to {hosting.login_file}?"
        if store_login or (may_ask and asker.yes(question)):
            add_login(hosting.login_file, name, installation.environ[name])
            say(f"Wrote {name} to {hosting.login_file}.")
        else:
            say(f"Write {name}=... into {hosting.login_file} (mode 0600): without it the agent has no login.")
    unseen = sorted(name for name in installation.environ if name.startswith("ROOMKEY_"))
    if unseen and not hosting.is_system:
        say(f"The service sees nothing of {', '.join(unseen)}; put it into {hosting.settings_file}.")
    try:
        install(hosting, this_program(), say, asker.yes)
    except UserError as error:
        if wanted:
            raise
        say(str(error))
        return "failed"
    return "installed"

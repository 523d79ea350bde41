"""What setup found and did, for scripts; and what is left to do, for people. Pure."""

from collections.abc import Mapping

from bot.hosting import Hosting
from bot.setup import SetupReport


def setup_json(report: SetupReport, hosting: Hosting, service: str) -> Mapping[str, object]:
    """Return the report as a JSON document. It holds no token and no login."""
    who, login = report.who, report.login
    return {
        "ok": not report.problems,
        "problems": list(report.problems),
        "bot": {"id": who.bot_id, "name": who.bot_name},
        "application_id": who.application_id,
        "invite": report.invite,
        "intents": {"message_content": who.has_content_intent, "members": who.has_members_intent},
        "guilds": [{"id": guild.id, "name": guild.name} for guild in report.guilds],
        "owners": list(report.owners),
        "pairs_at_first_start": not report.owners,
        "agent": {
            "vendor": report.agent.vendor,
            "program": str(report.agent.program) if report.agent.program else None,
            "installed": report.agent.is_installed,
            "logged_in_by": [*dict.fromkeys((*login.here, *login.in_service))],
        },
        "isolation": report.isolation,
        "files": {
            "settings": {"path": str(hosting.settings_file), "state": report.written.settings},
            "token": {"path": str(hosting.token_file), "state": report.written.token},
        },
        "service": service,
    }


def next_step(report: SetupReport, service: str) -> str:
    """Return the sentence that setup ends with."""
    if report.problems:
        return "This is left to do:\n" + "\n".join(f"- {problem}" for problem in report.problems)
    start = "" if service == "installed" else " Start it: roomkey run"
    if not report.guilds:
        return f"Open the invite link to let the bot into a guild.{start}"
    if report.login.is_needed and not report.login.is_there:
        return f"Roomkey is set up, but for the agent's login; what to do about it stands above.{start}"
    return f"Roomkey is set up.{start or ' `roomkey doctor` looks whether all is well.'}"

"""The doctor's checks of the agent: installed, logged in, and kept apart from other rooms."""

from bot.agent_logins import HOW_TO_LOG_IN, find_agent, find_login
from bot.blocking import in_own_thread
from bot.doctor import Finding
from bot.doctor_scene import Scene
from bot.isolation import weak_points
from bot.setup_isolation import why_broken

_STRONGER = "docs/security.md says what each isolation holds."


async def agent(scene: Scene) -> Finding:
    """Whether the agent's program is there."""
    settings = scene.settings
    if settings is None:
        return _unknown()
    found = await in_own_thread(lambda: find_agent(settings))
    if found.program is None:
        return Finding("ok", f"Rooms run the agent {found.vendor}.")
    if found.is_installed:
        bundled = f", which came with claude-agent-sdk {found.version}" if found.version else ""
        return Finding("ok", f"Rooms run {found.program}{bundled}.")
    return Finding(
        "fail",
        f"The agent's program {found.program} is not there, or may not be run.",
        "Mend agent.program in the settings."
        if settings.agent.program
        else "Install Roomkey again, or name a program with the setting agent.program.",
    )


async def login(scene: Scene) -> Finding:
    """Whether the agent is logged in, here and as a service."""
    settings = scene.settings
    if settings is None:
        return _unknown()
    hosting = scene.hosting
    found = await in_own_thread(lambda: find_login(settings, scene.installation.environ, hosting.login_file))
    if not found.is_needed:
        return Finding("ok", f"The agent {settings.agent.vendor} needs no login.")
    if not found.is_there:
        own = " A login made with /login is not seen by rooms." if found.of_own else ""
        remedy = f"{HOW_TO_LOG_IN}; for a service, in {hosting.login_file} (mode 0600)."
        return Finding("fail", f"The agent is not logged in.{own}", remedy)
    if found.in_service:
        return Finding("ok", f"The agent is logged in by {found.in_service[0]} in {hosting.login_file}.")
    if await in_own_thread(hosting.unit_file.exists):
        return Finding(
            "warn",
            f"{found.here[0]} is set here, but the service does not see it.",
            f"Write the line {found.here[0]}=... into {hosting.login_file}, with mode 0600.",
        )
    return Finding("ok", f"The agent is logged in by {found.here[0]}.")


async def isolation(scene: Scene) -> Finding:
    """Whether agents can be kept apart as the settings ask; a box is made and tried for that."""
    settings = scene.settings
    if settings is None:
        return _unknown()
    level = settings.isolation
    why = await why_broken(level, scene.paths.root, settings)
    if why:
        return Finding("fail", why, "Or choose another isolation; Roomkey does not start without.")
    # The service of a machine has a user of its own, whoever asks.
    weak = weak_points(settings, is_root=False if scene.hosting.is_system else None)
    if weak:
        return Finding("warn", f"Isolation {level} holds, with weak points.", _STRONGER, weak)
    return Finding("ok", f"Isolation {level} holds on this machine.")


def _unknown() -> Finding:
    return Finding("skipped", "The settings must be mended first.")

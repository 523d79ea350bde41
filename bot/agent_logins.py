"""Which agents are installed here and how they are logged in: names alone, never a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bot.settings import Settings, claude_config_dir

LOGIN_NAMES: Final = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
"""The variables with which Claude Code is logged in; rooms see nothing else of a login."""

HOW_TO_LOG_IN: Final = (
    "Set ANTHROPIC_API_KEY; or run `claude setup-token` and set CLAUDE_CODE_OAUTH_TOKEN to what it prints"
)
_SDK: Final = "claude_agent_sdk"


@dataclass(frozen=True, slots=True)
class AgentFound:
    """The agent that the settings name. `program` is where it should be, None for one that needs none."""

    vendor: str
    program: Path | None
    version: str
    is_installed: bool


@dataclass(frozen=True, slots=True)
class Login:
    """The names of the variables that log the agent in, here and in the service's file.

    `is_needed` is False for an agent without a login. `of_own` says that this user's own Claude Code has a
    login, which rooms do not see.
    """

    is_needed: bool
    here: tuple[str, ...]
    in_service: tuple[str, ...]
    of_own: bool

    @property
    def is_there(self) -> bool:
        """Whether the agent can work, started here or as a service."""
        return bool(not self.is_needed or self.here or self.in_service)


def find_agent(settings: Settings) -> AgentFound:
    """Return the agent that rooms run. Blocks, but does not start it."""
    vendor = settings.agent.vendor
    if vendor != "claude":
        return AgentFound(vendor, None, "", is_installed=True)
    program = settings.agent.program or bundled_claude()
    try:
        known = "" if settings.agent.program else version("claude-agent-sdk")
    except PackageNotFoundError:
        known = ""
    is_installed = program.is_file() and bool(program.stat().st_mode & 0o111)
    return AgentFound(vendor, program, known, is_installed)


def bundled_claude() -> Path:
    """Return where the CLI that comes with the SDK lies; to load the SDK for that takes a second."""
    spec = find_spec(_SDK)
    root = Path(spec.origin).parent if spec and spec.origin else Path()
    return root / "_bundled" / "claude"


def find_login(settings: Settings, environ: Mapping[str, str], login_file: Path) -> Login:
    """Return how the agent is logged in. Blocks."""
    written = names_in(login_file)
    return Login(
        is_needed=settings.agent.vendor == "claude",
        here=tuple(name for name in LOGIN_NAMES if environ.get(name)),
        in_service=tuple(name for name in LOGIN_NAMES if name in written),
        of_own=(claude_config_dir(environ) / ".credentials.json").exists(),
    )


def names_in(login_file: Path) -> frozenset[str]:
    """Return the names that a file of `NAME=value` lines gives a value; none if it cannot be read."""
    try:
        lines = login_file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return frozenset()
    pairs = [line.partition("=") for line in lines if not line.lstrip().startswith(("#", ";"))]
    return frozenset(name.strip() for name, _, value in pairs if value.strip().strip("'\""))

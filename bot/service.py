"""Roomkey as a systemd service of a user or of the machine: installed, looked at, removed."""

import getpass
import os
import pwd
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.hosting import Hosting
from bot.programs import Done, run_program
from bot.service_unit import Program, unit_for
from bot.written import write_private
from sessions.errors import UserError

UNIT: Final = "roomkey.service"
_SHOWN: Final = (
    *("LoadState", "ActiveState", "SubState", "UnitFileState", "MainPID", "StatusText"),
    *("Result", "ExecMainStatus", "NRestarts", "ActiveEnterTimestamp"),
)
_HIDDEN: Final = ("/root", "/home", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 -- what the unit's sandbox hides
_NO_UNIT_MODE: Final = 0o644
_ENDS: Final[Mapping[str, str]] = {
    "2": "it was started in a wrong way",
    "75": "another Roomkey uses its data directory or token",
    "77": "Discord refuses the bot's token",
    "78": "settings, intents, isolation or stored state are not right",
}

Say = Callable[[str], None]
Ask = Callable[[str], bool]
"""Puts a question that is answered with yes or no."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What the service manager says. `facts` are its own names and values, empty without a unit file."""

    is_installed: bool
    is_enabled: bool
    is_active: bool
    facts: Mapping[str, str]

    def sentence(self) -> str:
        """Return it in words."""
        if not self.is_installed:
            return "The service is not installed. Install it with: roomkey service install"
        at_boot = "starts by itself" if self.is_enabled else "does not start by itself"
        if self.is_active:
            doing = self.facts.get("StatusText") or self.facts.get("SubState", "")
            since = self.facts.get("ActiveEnterTimestamp", "")
            process = self.facts.get("MainPID")
            return f"The service runs since {since} (process {process}): {doing}. It {at_boot}."
        if self.facts.get("ActiveState") == "failed":
            code = self.facts.get("ExecMainStatus", "")
            why = _ENDS.get(code, f"{self.facts.get('Result')}, exit code {code}")
            return f"The service has failed: {why}. `roomkey service logs` says more. It {at_boot}."
        return f"The service is {self.facts.get('ActiveState') or 'not running'}. It {at_boot}."


def install(hosting: Hosting, program: Program, say: Say, ask: Ask) -> None:
    """Write the unit, tell the service manager, and start it if that is wanted.

    A unit that is there and differs is replaced only if `ask` says so.

    Raises:
        UserError: there is no service manager, or something is missing; nothing was started.
    """
    if hosting.is_system and os.geteuid() != 0:
        raise UserError("A service of the machine is installed by root. Use sudo, or leave out --system.")
    if not hosting.token_file.exists():
        more = " --system" if hosting.is_system else ""
        raise UserError(f"There is no token in {hosting.token_file}. Run `roomkey setup{more}` first.")
    unit = unit_for(hosting, program.words)
    _require_manager(hosting)
    if hosting.is_system:
        _prepare_machine(hosting, program, say)
    before = read_unit(hosting)
    if before == unit:
        say(f"{hosting.unit_file} is up to date.")
        state = state_of(hosting)
        if state.is_active and state.is_enabled:
            say(state.sentence())
            return
    elif before is None or ask(f"{hosting.unit_file} is another one. Replace it?"):
        hosting.unit_file.parent.mkdir(parents=True, exist_ok=True)
        write_private(hosting.unit_file, unit, mode=_NO_UNIT_MODE)
        say(f"Wrote {hosting.unit_file}.")
        _systemctl(hosting, "daemon-reload")
    else:
        say(f"Left {hosting.unit_file} as it is.")
    if not ask("Start Roomkey now and whenever the machine starts?"):
        say(f"Start it later with: {' '.join(_words(hosting, 'enable', '--now', UNIT))}")
        return
    _systemctl(hosting, "enable", UNIT)
    # Restarted, not started: one that runs shall run what was written just now.
    _systemctl(hosting, "restart", UNIT)
    say("Roomkey runs as a service. `roomkey service status` and `roomkey service logs` show what it does.")
    if not hosting.is_system and not lingers():
        say("It ends when you log out. To let it run on: loginctl enable-linger")


def uninstall(hosting: Hosting, say: Say) -> None:
    """Stop the service and remove its unit; settings, token and data stay. Does nothing without a unit.

    Raises:
        UserError: the service manager refuses.
    """
    if not hosting.unit_file.exists():
        say("The service is not installed; nothing was changed.")
        return
    _systemctl(hosting, "disable", "--now", UNIT)
    hosting.unit_file.unlink()
    _systemctl(hosting, "daemon-reload")
    say(f"Removed {hosting.unit_file}. Settings, token and {hosting.data_dir} stay.")


def state_of(hosting: Hosting, *, limit_s: float = 10.0) -> ServiceState:
    """Return what the service manager says of the service. Blocks.

    Raises:
        UserError: it does not answer.
    """
    if not hosting.unit_file.exists():
        return ServiceState(is_installed=False, is_enabled=False, is_active=False, facts={})
    asked = _words(hosting, "show", f"--property={','.join(_SHOWN)}", UNIT)
    done = run_program(*asked, limit_s=limit_s)
    if not done.is_good:
        raise _refused(hosting, done)
    facts = dict(line.split("=", 1) for line in done.out.splitlines() if "=" in line)
    return ServiceState(
        is_installed=True,
        is_enabled=facts.get("UnitFileState") == "enabled",
        is_active=facts.get("ActiveState") in ("active", "activating", "reloading"),
        facts=facts,
    )


def read_unit(hosting: Hosting) -> str | None:
    """Return the text of the unit that is installed, or None. Blocks."""
    try:
        return hosting.unit_file.read_text("utf-8")
    except FileNotFoundError:
        return None


def log_words(*, is_system: bool, lines: int, follow: bool) -> list[str]:
    """Return the command that shows what the service wrote."""
    scope = "--unit" if is_system else "--user-unit"
    return ["journalctl", scope, UNIT, "--lines", str(lines), *(["--follow"] if follow else [])]


def let_service_read(hosting: Hosting) -> None:
    """Let the user of the machine's service read the settings, if there is one. Blocks; raises OSError.

    The service manager itself reads token and login, so those stay root's alone.
    """
    if not _is_there(hosting.service_user):
        return
    hosting.settings_file.parent.chmod(0o755)
    if hosting.settings_file.exists():
        shutil.chown(hosting.settings_file, group=pwd.getpwnam(hosting.service_user).pw_gid)
        hosting.settings_file.chmod(0o640)


def lingers() -> bool:
    """Whether this user's services run on after the last logout; also if nobody can tell."""
    try:
        done = run_program("loginctl", "show-user", getpass.getuser(), "--property=Linger", "--value")
    except (UserError, KeyError, OSError):
        return True
    return not done.is_good or done.out == "yes"


def _prepare_machine(hosting: Hosting, program: Program, say: Say) -> None:
    hidden = [file for file in program.files if any(file.is_relative_to(place) for place in _HIDDEN)]
    if hidden:
        raise UserError(
            f"The service may not see {hidden[0]}, which lies in somebody's own directory. Install Roomkey"
            " below /opt first, in its clone: python3 -m venv /opt/roomkey && /opt/roomkey/bin/pip install ."
        )
    if not _is_there(hosting.service_user):
        made = run_program(
            *("useradd", "--system", "--home-dir", str(hosting.data_dir)),
            *("--shell", "/usr/sbin/nologin", hosting.service_user),
        )
        if not made.is_good:
            raise UserError(f"The user {hosting.service_user} could not be made: {made.err or made.out}")
        say(f"Made the user {hosting.service_user}.")
    let_service_read(hosting)


def _is_there(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _require_manager(hosting: Hosting) -> None:
    done = run_program(*_words(hosting, "show-environment"))
    if not done.is_good:
        raise _refused(hosting, done)


def _systemctl(hosting: Hosting, *words: str) -> None:
    done = run_program(*_words(hosting, *words))
    if not done.is_good:
        raise UserError(f"`{' '.join(_words(hosting, *words))}` failed: {done.err or done.out}")


def _refused(hosting: Hosting, done: Done) -> UserError:
    whose = "the machine's" if hosting.is_system else "your"
    return UserError(
        f"Nothing answers as {whose} service manager: {done.err or done.out or f'exit code {done.code}'}."
        " Start Roomkey with `roomkey run` instead, or run it in a container."
    )


def _words(hosting: Hosting, *words: str) -> list[str]:
    return ["systemctl", *([] if hosting.is_system else ["--user"]), *words]

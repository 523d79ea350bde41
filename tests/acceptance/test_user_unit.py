"""The user unit as it stands: systemd takes it, and what it starts answers and stops cleanly."""

import asyncio
import configparser
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from bot.stopping import RESERVE_S
from sessions.errors import EXIT_BAD_STATE, EXIT_LOCKED, EXIT_TOKEN_REFUSED, EXIT_USAGE
from sessions.settings import AgentSettings
from tests.support.notify_socket import notify_socket
from tests.support.running_bot import world

pytestmark = pytest.mark.timeout(240)

UNIT = Path(__file__).parents[2] / "deploy" / "user" / "roomkey.service"


def setting(section: str, name: str) -> str:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    parser.read(UNIT)
    return parser[section][name]


def install(home: Path) -> None:
    """Put the program where the unit looks for it."""
    program = home / ".local" / "bin" / "roomkey"
    program.parent.mkdir(parents=True)
    program.symlink_to(Path(sys.executable).with_name("roomkey"))


async def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    install(tmp_path)
    unit = tmp_path / "roomkey.service"
    unit.write_text(UNIT.read_text().replace("%h", str(tmp_path)))
    process = await asyncio.create_subprocess_exec(
        analyze,
        "verify",
        "--man=no",
        str(unit),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert "roomkey.service" not in said.decode()


async def test_what_the_unit_starts_answers_and_stops_cleanly(tmp_path: Path) -> None:
    install(tmp_path)
    command = shlex.split(setting("Service", "ExecStart").replace("%h", str(tmp_path)))
    async with notify_socket(tmp_path) as manager, world(tmp_path) as here:
        wait_s = int(setting("Service", "WatchdogSec"))
        here.settings |= {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": str(wait_s * 1_000_000)}
        await here.start(*command)
        await manager.hears("READY=1")
        await manager.hears("WATCHDOG=1")
        await here.ask("hello", here.guild.channel("workshop"), "first thing")
        assert await here.stop() == 0


def test_what_no_restart_can_mend_is_not_restarted() -> None:
    codes = {int(code) for code in setting("Service", "RestartPreventExitStatus").split()}
    assert codes == {EXIT_USAGE, EXIT_LOCKED, EXIT_TOKEN_REFUSED, EXIT_BAD_STATE}
    assert setting("Service", "Restart") == "on-failure"


def test_the_bot_has_time_to_end_its_turns() -> None:
    stop_s = int(setting("Service", "TimeoutStopSec"))
    assert stop_s - RESERVE_S > AgentSettings().grace_s
    assert setting("Service", "KillMode") == "mixed"


def test_a_hang_is_noticed_and_only_the_bot_itself_may_say_that_it_lives() -> None:
    assert setting("Service", "Type") == "notify"
    assert setting("Service", "NotifyAccess") == "main"
    # Half of it must leave a store that waits for another program's lock the time to say so.
    assert int(setting("Service", "WatchdogSec")) / 2 > 15


def test_restarts_are_not_without_end() -> None:
    assert int(setting("Unit", "StartLimitBurst")) * int(setting("Service", "RestartSec")) < int(
        setting("Unit", "StartLimitIntervalSec")
    )


def test_it_waits_for_nothing_that_a_user_manager_does_not_have() -> None:
    """`network-online.target` is the system's: here it would hold for nothing."""
    assert "network-online" not in UNIT.read_text()

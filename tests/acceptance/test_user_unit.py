"""The user unit as it stands: systemd takes it, and what it starts answers and stops cleanly."""

import asyncio
import configparser
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from sessions.errors import EXIT_BAD_STATE, EXIT_LOCKED, EXIT_TOKEN_REFUSED, EXIT_USAGE
from tests.support.running_bot import world

pytestmark = pytest.mark.timeout(60)

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
    async with world(tmp_path) as here:
        await here.start(*command)
        await here.ask("hello", here.guild.channel("workshop"), "first thing")
        assert await here.stop() == 0


def test_what_no_restart_can_mend_is_not_restarted() -> None:
    codes = {int(code) for code in setting("Service", "RestartPreventExitStatus").split()}
    assert codes == {EXIT_USAGE, EXIT_LOCKED, EXIT_TOKEN_REFUSED, EXIT_BAD_STATE}
    assert setting("Service", "Restart") == "on-failure"


def test_the_bot_has_time_to_end_its_turns() -> None:
    from sessions.settings import AgentSettings

    stop_s = int(setting("Service", "TimeoutStopSec"))
    assert stop_s >= AgentSettings().grace_s + 30
    assert setting("Service", "KillMode") == "mixed"

"""Where the files of an installation lie, of a user and of the machine."""

import subprocess
import sys
from pathlib import Path

from bot.hosting import as_system_service, system_hosting, user_hosting
from bot.installation import find_installation
from bot.service_unit import shipped_unit

TOKEN = "MTEw.Gh1Jkl.secret-part_of-it"


def test_a_users_files_lie_in_the_xdg_directories(tmp_path: Path) -> None:
    hosting = user_hosting({"HOME": str(tmp_path), "XDG_CONFIG_HOME": "/xdg"}, None)
    assert hosting.settings_file == Path("/xdg/roomkey/roomkey.toml")
    assert hosting.login_file == Path("/xdg/roomkey/environment")
    assert hosting.unit_file == Path("/xdg/systemd/user/roomkey.service")
    assert hosting.token_file == tmp_path / ".local" / "state" / "roomkey" / "discord-token"


def test_the_settings_that_are_there_or_named_are_the_ones_that_count(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    there = tmp_path / ".local" / "state" / "roomkey" / "roomkey.toml"
    there.parent.mkdir(parents=True)
    there.touch()
    assert user_hosting(environ, None).settings_file == there
    assert user_hosting(environ, tmp_path / "my.toml").settings_file == tmp_path / "my.toml"


def test_the_machines_files_lie_where_the_system_unit_says() -> None:
    hosting, unit = system_hosting(), shipped_unit(is_system=True)
    for file in (hosting.settings_file, hosting.login_file, hosting.token_file, hosting.data_dir):
        assert str(file) in unit


def test_the_machines_installation_reads_what_its_service_reads(tmp_path: Path) -> None:
    hosting = system_hosting(tmp_path)
    hosting.token_file.parent.mkdir(parents=True)
    hosting.token_file.write_text(TOKEN)
    hosting.settings_file.write_text('isolation = "none"\n')
    environ = as_system_service({"HOME": "/root", "DISCORD_BOT_TOKEN": "of.my.shell"}, hosting)
    found = find_installation(None, environ, is_system=False)
    assert found.settings is not None
    assert found.settings.isolation == "none"
    assert found.settings.data_dir == hosting.data_dir
    assert found.settings.require_token().get_secret_value() == TOKEN
    assert "DISCORD_BOT_TOKEN" not in found.environ


# Of a process, because root may look everywhere: all is loaded before it becomes nobody.
_AS_NOBODY = """
import os, sys
from pathlib import Path
from bot.hosting import as_system_service, system_hosting
from bot.service import install
from bot.service_unit import Program
from sessions.errors import UserError
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
hosting = system_hosting(Path(sys.argv[1]))
print(as_system_service({}, hosting)["ROOMKEY_CONFIG"])
try:
    install(hosting, Program((), ()), print, lambda _: False)
except UserError as error:
    print(error)
"""


def test_who_may_not_look_into_the_machines_files_gets_a_sentence(tmp_path: Path) -> None:
    closed = tmp_path / "machine"
    closed.mkdir(mode=0)
    words = (sys.executable, "-c", _AS_NOBODY, str(closed))
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=120)
    config, why = done.stdout.splitlines()
    assert config == str(closed / "etc" / "roomkey" / "roomkey.toml")
    assert "installed by root" in why


def test_wrong_settings_are_told_line_by_line_and_a_wrong_token_apart(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "ROOMKEY_NO_SUCH": "1", "DISCORD_BOT_TOKEN": "no token"}
    found = find_installation(None, environ, is_system=False)
    assert found.settings is not None
    assert [line.split()[0] for line in found.problems] == ["ROOMKEY_NO_SUCH"]
    assert found.token_problem.startswith("DISCORD_BOT_TOKEN does not hold a bot token")
    assert environ["DISCORD_BOT_TOKEN"] == "no token"

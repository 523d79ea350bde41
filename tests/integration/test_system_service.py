"""The service of the machine, installed below another root: by root alone, and for a program it can see."""

import grp
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bot.hosting import Hosting, system_hosting
from bot.service import install, uninstall
from bot.service_unit import Program
from bot.setup_files import plan_files
from sessions.errors import UserError
from tests.support.fake_systemctl import FakeSystemctl

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.skipif(os.geteuid() != 0, reason="root alone may install a service of the machine"),
]

VISIBLE = Program(("/opt/roomkey/bin/roomkey",), (Path("/opt/roomkey/bin/roomkey"),))


@pytest.fixture
def hosting(tmp_path: Path) -> Hosting:
    found = system_hosting(tmp_path)
    found.token_file.parent.mkdir(parents=True, mode=0o700)
    for file in (found.token_file, found.settings_file):
        file.write_text("# text\n")
        file.chmod(0o600)
    return found


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSystemctl:
    fake = FakeSystemctl(tmp_path / "fake")
    monkeypatch.setenv("PATH", f"{fake.bin}:{os.environ['PATH']}")
    return fake


def yes(_: str) -> bool:
    return True


def test_it_makes_the_user_and_starts_the_unit(hosting: Hosting, systemctl: FakeSystemctl) -> None:
    said: list[str] = []
    install(hosting, VISIBLE, said.append, yes)
    assert "\nExecStart=/opt/roomkey/bin/roomkey run\n" in hosting.unit_file.read_text()
    assert systemctl.took("systemctl", "enable", "roomkey.service")
    assert systemctl.took("systemctl", "restart", "roomkey.service")
    made = any(call[0] == "useradd" and call[-1] == hosting.service_user for call in systemctl.calls)
    assert made == (hosting.service_user not in {user.pw_name for user in pwd.getpwall()})
    assert not any("linger" in line for line in said)
    assert stat.S_IMODE(hosting.token_file.stat().st_mode) == 0o600


def test_systemd_takes_what_install_wrote(hosting: Hosting, systemctl: FakeSystemctl) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    install(hosting, Program(("/usr/bin/env",), (Path("/usr/bin/env"),)), lambda _: None, yes)
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(hosting.unit_file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "roomkey.service" not in done.stderr


def test_the_services_user_may_read_the_settings_and_nobody_else(
    hosting: Hosting, systemctl: FakeSystemctl
) -> None:
    nobody = pwd.getpwnam("nobody")  # one that is on every machine
    hosting = replace(hosting, service_user=nobody.pw_name)
    install(hosting, VISIBLE, lambda _: None, yes)
    assert "\nUser=nobody\n" in hosting.unit_file.read_text()
    found = hosting.settings_file.stat()
    assert stat.S_IMODE(found.st_mode) == 0o640
    assert found.st_gid == nobody.pw_gid
    assert grp.getgrgid(found.st_gid)
    assert stat.S_IMODE(hosting.settings_file.parent.stat().st_mode) == 0o755
    assert not any(call[0] == "useradd" for call in systemctl.calls)
    plan_files(hosting, {("isolation",): "none"}, "a.b.c").carry_out()
    assert stat.S_IMODE(hosting.settings_file.stat().st_mode) == 0o640


@pytest.mark.parametrize("place", ["/root/venv/bin/roomkey", "/home/ann/.local/bin/roomkey"])
def test_a_program_that_the_service_could_not_see_is_refused(
    hosting: Hosting, systemctl: FakeSystemctl, place: str
) -> None:
    """The unit hides home directories: it would fail at its start, with nothing but a number."""
    with pytest.raises(UserError, match="below /opt"):
        install(hosting, Program((place,), (Path(place),)), lambda _: None, yes)
    assert not hosting.unit_file.exists()


def test_what_was_installed_can_be_removed(hosting: Hosting, systemctl: FakeSystemctl) -> None:
    install(hosting, VISIBLE, lambda _: None, yes)
    uninstall(hosting, lambda _: None)
    assert not hosting.unit_file.exists()
    assert hosting.token_file.exists()
    assert systemctl.took("systemctl", "disable", "--now", "roomkey.service")


def test_a_manager_that_refuses_is_quoted(hosting: Hosting, systemctl: FakeSystemctl) -> None:
    systemctl.says({"enable": (1, "Access denied")})
    with pytest.raises(UserError, match="Access denied"):
        install(hosting, VISIBLE, lambda _: None, yes)

"""`roomkey service` as a person runs it: a real process, a systemd that notes what it is asked."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fake_systemctl import FakeSystemctl

pytestmark = pytest.mark.blocking

TOKEN = "MTEw.Gh1Jkl.secret-part_of-it"
UNIT = "roomkey.service"


class Desk:
    """A user's home with a token, and the commands run there."""

    def __init__(self, root: Path) -> None:
        self.home = root / "a home"
        self.systemctl = FakeSystemctl(root / "fake")
        self.data_dir = self.home / ".local" / "state" / "roomkey"
        self.data_dir.mkdir(parents=True)
        self.token_file = self.data_dir / "discord-token"
        self.token_file.write_text(TOKEN)
        self.token_file.chmod(0o600)
        self.unit = self.home / ".config" / "systemd" / "user" / UNIT

    def service(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", "service", *words],
            env={"PATH": f"{self.systemctl.bin}:/usr/bin:/bin", "HOME": str(self.home), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def installed(self, *words: str, **variables: str) -> str:
        done = self.service("install", "--user", *words, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def systemctl(*words: str) -> list[str]:
    return ["systemctl", "--user", *words]


def test_install_writes_the_unit_with_this_program_and_starts_it(desk: Desk) -> None:
    said = desk.installed("--yes")
    program = Path(sys.executable).with_name("roomkey")
    assert f"\nExecStart={program} run\n" in desk.unit.read_text()
    assert f"EnvironmentFile=-{desk.home}/.config/roomkey/environment\n" in desk.unit.read_text()
    wanted = [systemctl("daemon-reload"), systemctl("enable", UNIT), systemctl("restart", UNIT)]
    assert [call for call in desk.systemctl.calls if call in wanted] == wanted
    assert "Wrote" in said
    assert "roomkey service logs" in said


def test_without_yes_and_without_a_person_nothing_is_started(desk: Desk) -> None:
    said = desk.installed()
    assert desk.unit.exists()
    assert not desk.systemctl.took(*systemctl("restart", UNIT))
    assert "systemctl --user enable --now roomkey.service" in said


def test_a_second_install_changes_nothing_and_restarts_nothing(desk: Desk) -> None:
    desk.installed("--yes")
    desk.systemctl.runs()
    before, calls = desk.unit.stat(), len(desk.systemctl.calls)
    said = desk.installed("--yes")
    assert desk.unit.stat().st_mtime_ns == before.st_mtime_ns
    assert "up to date" in said
    assert systemctl("restart", UNIT) not in desk.systemctl.calls[calls:]


def test_a_unit_of_somebody_elses_making_is_not_replaced_unasked(desk: Desk) -> None:
    desk.unit.parent.mkdir(parents=True)
    desk.unit.write_text("[Service]\nExecStart=/bin/mine\n")
    said = desk.installed()
    assert "Left" in said
    assert desk.unit.read_text() == "[Service]\nExecStart=/bin/mine\n"
    desk.installed("--yes")
    assert "roomkey run" in desk.unit.read_text()


def test_own_places_are_named_in_the_unit(desk: Desk, tmp_path: Path) -> None:
    data = tmp_path / "100% data"
    shutil.copytree(desk.data_dir, data)
    desk.installed(ROOMKEY_DATA_DIR=str(data))
    escaped = str(data).replace("%", "%%")
    assert f'Environment="ROOMKEY_DATA_DIR={escaped}"\n' in desk.unit.read_text()


def test_systemd_takes_what_install_wrote(desk: Desk, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    data = tmp_path / '100% "data" $HOME'
    shutil.copytree(desk.data_dir, data)
    desk.installed(ROOMKEY_DATA_DIR=str(data))
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(desk.unit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert UNIT not in done.stderr


def test_without_a_token_nothing_is_installed(desk: Desk) -> None:
    desk.token_file.unlink()
    done = desk.service("install", "--user", "--yes")
    assert done.returncode == 1
    assert "roomkey setup" in done.stderr
    assert not desk.unit.exists()


def test_without_a_service_manager_a_sentence_says_what_else_to_do(desk: Desk) -> None:
    desk.systemctl.says({"show-environment": (1, "Failed to connect to bus: No medium found")})
    done = desk.service("install", "--user", "--yes")
    assert done.returncode == 1
    assert "Failed to connect to bus" in done.stderr
    assert "roomkey run" in done.stderr
    assert not desk.unit.exists()


def test_a_systemd_that_is_not_there_is_said(desk: Desk) -> None:
    (desk.systemctl.bin / "systemctl").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "service", "install", "--user", "--yes"],
        env={"PATH": str(desk.systemctl.bin), "HOME": str(desk.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "roomkey: systemctl is not installed on this machine.\n"


def test_who_logs_out_is_told_what_lets_it_run_on(desk: Desk) -> None:
    desk.systemctl.says({"Linger": (0, "no")})
    assert "loginctl enable-linger" in desk.installed("--yes")
    assert "loginctl" in {call[0] for call in desk.systemctl.calls}
    desk.unit.unlink()
    desk.systemctl.says({"loginctl show-user": (0, "yes")})
    assert "enable-linger" not in desk.installed("--yes")


def test_status_is_in_plain_words_and_in_the_exit_code(desk: Desk) -> None:
    nothing = desk.service("status", "--user")
    assert nothing.returncode == 3
    assert "not installed" in nothing.stdout
    desk.installed("--yes")
    desk.systemctl.runs()
    running = desk.service("status", "--user")
    assert running.returncode == 0
    assert "process 4242" in running.stdout
    assert "connected as robot in 1 guild" in running.stdout
    as_json = desk.service("status", "--user", "--json")
    assert json.loads(as_json.stdout)["facts"]["MainPID"] == "4242"


@pytest.mark.parametrize(
    ("code", "words"), [("78", "settings, intents"), ("77", "refuses the bot's token"), ("75", "another")]
)
def test_status_says_why_it_failed(desk: Desk, code: str, words: str) -> None:
    desk.installed("--yes")
    desk.systemctl.shows({"ActiveState": "failed", "Result": "exit-code", "ExecMainStatus": code})
    failed = desk.service("status", "--user")
    assert failed.returncode == 3
    assert words in failed.stdout
    assert "roomkey service logs" in failed.stdout


def test_logs_are_the_journals(desk: Desk) -> None:
    desk.systemctl.says({"journalctl": (0, "a line of the journal")})
    done = desk.service("logs", "--user", "-n", "7", "-f")
    assert done.stdout == "a line of the journal\n"
    assert desk.systemctl.took("journalctl", "--user-unit", UNIT, "--lines", "7", "--follow")


def test_uninstall_removes_the_unit_and_leaves_the_data(desk: Desk) -> None:
    desk.installed("--yes")
    done = desk.service("uninstall", "--user")
    assert done.returncode == 0, done.stderr
    assert not desk.unit.exists()
    assert desk.systemctl.took(*systemctl("disable", "--now", UNIT))
    assert desk.token_file.read_text() == TOKEN
    again = desk.service("uninstall", "--user")
    assert again.returncode == 0
    assert "not installed" in again.stdout

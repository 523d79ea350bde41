"""Which agent is there and how it is logged in: names, never values."""

from pathlib import Path

import pytest

from bot.agent_logins import bundled_claude, find_agent, find_login, names_in
from bot.settings import Settings
from sessions.agents.claude_start import PROGRAM

SECRET = "sk-ant-not-to-be-seen"


def settings(tmp_path: Path, **agent: object) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path, "agent": agent})


def test_the_bundled_program_is_the_one_that_rooms_start() -> None:
    assert bundled_claude() == PROGRAM


def test_the_agent_that_came_along_is_found_with_its_version(tmp_path: Path) -> None:
    found = find_agent(settings(tmp_path))
    assert (found.vendor, found.program, found.is_installed) == ("claude", PROGRAM, True)
    assert found.version[0].isdecimal()


@pytest.mark.parametrize("is_there", [False, True], ids=["missing", "not executable"])
def test_a_program_that_cannot_be_run_is_not_installed(tmp_path: Path, is_there: bool) -> None:
    program = tmp_path / "agent"
    if is_there:
        program.write_text("text")
    assert not find_agent(settings(tmp_path, program=program)).is_installed


def test_an_agent_of_our_own_needs_neither_program_nor_login(tmp_path: Path) -> None:
    scripted = settings(tmp_path, vendor="scripted")
    assert find_agent(scripted).program is None
    assert find_login(scripted, {}, tmp_path / "environment").is_there


def test_a_login_is_found_here_and_in_the_services_file(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text(f"# a comment\nCLAUDE_CODE_OAUTH_TOKEN='{SECRET}'\nANTHROPIC_API_KEY=\n")
    login = find_login(settings(tmp_path), {"ANTHROPIC_API_KEY": SECRET, "HOME": str(tmp_path)}, file)
    assert (login.here, login.in_service) == (("ANTHROPIC_API_KEY",), ("CLAUDE_CODE_OAUTH_TOKEN",))
    assert SECRET not in repr(login)


def test_an_empty_variable_is_no_login(tmp_path: Path) -> None:
    login = find_login(settings(tmp_path), {"ANTHROPIC_API_KEY": ""}, tmp_path / "none")
    assert not login.is_there


def test_a_login_of_the_users_own_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / ".credentials.json").write_text("{}")
    login = find_login(settings(tmp_path), {"CLAUDE_CONFIG_DIR": str(tmp_path)}, tmp_path / "none")
    assert login.of_own
    assert not login.is_there


def test_a_file_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    assert names_in(tmp_path) == frozenset()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe=1")
    assert names_in(tmp_path / "bytes") == frozenset()

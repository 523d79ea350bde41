"""The environment of a child."""

from pathlib import Path

import pytest

from sessions.child_env import child_env

HOME, TEMP = Path("/rooms/1/home"), Path("/rooms/1/tmp")


def test_only_what_is_listed_is_passed_on() -> None:
    own = {
        "DISCORD_BOT_TOKEN": "secret",
        "ROOMKEY_DATA_DIR": "/data",
        "CREDENTIALS_DIRECTORY": "/run/credentials",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "LD_PRELOAD": "/tmp/evil.so",
        "PYTHONPATH": "/tmp",
        "HOME": "/home/paul",
        "TMPDIR": "/tmp",
        "CLAUDE_CONFIG_DIR": "/home/paul/.claude",
        "PATH": "/usr/bin",
        "LC_ALL": "de_DE.UTF-8",
        "TZ": "Europe/Vienna",
        "https_proxy": "http://proxy:3128",
        "ANTHROPIC_API_KEY": "sk-ant",
        "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat",
    }
    assert child_env(HOME, TEMP, own) == {
        "PATH": "/usr/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "de_DE.UTF-8",
        "TZ": "Europe/Vienna",
        "https_proxy": "http://proxy:3128",
        "ANTHROPIC_API_KEY": "sk-ant",
        "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat",
        "HOME": str(HOME),
        "TMPDIR": str(TEMP),
    }


def test_an_empty_environment_still_finds_programs() -> None:
    assert "/usr/bin" in child_env(HOME, TEMP, {})["PATH"]


def test_without_an_argument_it_reads_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-mine")
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "secret")
    env = child_env(HOME, TEMP)
    assert env["ANTHROPIC_API_KEY"] == "sk-ant-mine"
    assert "secret" not in env.values()

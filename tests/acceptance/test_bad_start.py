"""What is wrong at the start is one sentence on stderr and a documented exit code; nothing is touched."""

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.blocking, pytest.mark.timeout(240)]

TOKEN = f"MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.no-real-token-{secrets.token_hex(8)}"
NOWHERE = "http://127.0.0.1:9"


def start(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "ROOMKEY_DATA_DIR": str(tmp_path / "data"),
        "ROOMKEY_ISOLATION": "none",
        "ROOMKEY_DISCORD__API_BASE": NOWHERE,
        "DISCORD_BOT_TOKEN": TOKEN,
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-m", "bot", *(arguments or ("run",))],
        env={name: text for name, text in environment.items() if text},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("roomkey: ")
    for word in words:
        assert word in done.stderr


def test_a_missing_token_is_said_with_where_to_put_it(tmp_path: Path) -> None:
    refused(start(tmp_path, DISCORD_BOT_TOKEN=""), 78, "DISCORD_BOT_TOKEN", "discord-token")


def test_an_application_id_is_no_token(tmp_path: Path) -> None:
    refused(start(tmp_path, DISCORD_BOT_TOKEN="123456789012345678"), 78, "application id")


def test_an_unknown_variable_is_named_with_what_was_meant(tmp_path: Path) -> None:
    refused(start(tmp_path, ROOMKEY_DISCORD__LISTEN_CHANELS="[]"), 78, "ROOMKEY_DISCORD__LISTEN_CHANNELS")


def test_malformed_toml_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "roomkey.toml"
    file.write_text("[discord]\nallowed_users = = 1\n")
    refused(start(tmp_path, "run", "--config", str(file)), 78, str(file), "line 2")


def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "roomkey.toml"
    file.write_text("[discord]\nalowed_users = []\n")
    refused(start(tmp_path, ROOMKEY_CONFIG=str(file)), 78, "alowed_users", "allowed_users")


def test_a_missing_settings_file_is_said(tmp_path: Path) -> None:
    refused(start(tmp_path, "run", "--config", str(tmp_path / "none.toml")), 78, "none.toml")


@pytest.mark.fault("F17", "a file that is no database", "78 and a sentence, the file untouched")
def test_a_corrupt_database_is_left_as_it_is(tmp_path: Path) -> None:
    database = tmp_path / "data" / "roomkey.sqlite3"
    database.parent.mkdir()
    database.write_bytes(b"this is no database" * 500)
    refused(start(tmp_path), 78, "roomkey.sqlite3")
    assert database.read_bytes() == b"this is no database" * 500


@pytest.mark.fault("F17", "a newer schema", "78 and a sentence, the file untouched")
def test_a_newer_database_is_left_as_it_is(tmp_path: Path) -> None:
    assert start(tmp_path, "export", "claudeclaw", str(tmp_path / "out.json")).returncode == 0
    database = tmp_path / "data" / "roomkey.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    before = database.read_bytes()
    refused(start(tmp_path), 78, "newer")
    assert database.read_bytes() == before


def test_a_data_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    refused(start(tmp_path), 78, str(tmp_path / "data"))


def test_a_second_bot_on_the_same_data_is_refused(tmp_path: Path) -> None:
    from bot.data_dir import hold_data_dir

    with hold_data_dir(tmp_path / "data"):
        refused(start(tmp_path), 75, str(os.getpid()), "ROOMKEY_DATA_DIR")


def test_a_missing_bubblewrap_is_named_with_what_installs_it(tmp_path: Path) -> None:
    refused(
        start(tmp_path, ROOMKEY_ISOLATION="bwrap", PATH="/nowhere"), 78, "isolation", "apt install bubblewrap"
    )


def test_an_isolation_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    refused(start(tmp_path, ROOMKEY_ISOLATION="auto"), 78, "ROOMKEY_ISOLATION", "'bwrap'")


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        ("{data}:rw", "Roomkey's own data"),
        ("/:ro", "a directory of the system"),
        ("{tmp}/gone:ro", "does not exist"),
        ("{tmp}/link:ro", "leads over a link"),
        ("{tmp}/real", "must end in :ro"),
    ],
)
def test_a_mount_that_cannot_be_given_is_refused(tmp_path: Path, mount: str, words: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    given = mount.format(data=tmp_path / "data", tmp=tmp_path)
    room = "ROOMKEY_CHANNEL__123456789012345678__MOUNTS"
    refused(start(tmp_path, **{room: f'["{given}"]'}), 78, words)


def test_a_corrupt_sessions_json_stops_nothing_and_stays(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "sessions.json").write_text('{"sessions": {"default"')
    done = start(tmp_path, "import", "claudeclaw", str(data), "--dry-run")
    assert done.returncode == 0
    assert "cannot be read as JSON" in done.stdout
    assert (data / "sessions.json").read_text() == '{"sessions": {"default"'


def test_wrong_settings_are_said_before_anything_large_is_loaded(tmp_path: Path) -> None:
    done = start(tmp_path, DISCORD_BOT_TOKEN="123456789012345678", PYTHONPROFILEIMPORTTIME="1")
    assert "application id" in done.stderr
    assert "bot.settings" in loaded(done)
    assert not {"discord", "claude_agent_sdk"} & loaded(done)


def test_a_vendor_is_not_loaded_before_it_is_asked_for(tmp_path: Path) -> None:
    database = tmp_path / "data" / "roomkey.sqlite3"
    database.parent.mkdir()
    database.write_bytes(b"this is no database" * 500)
    done = start(tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert "roomkey.sqlite3" in done.stderr
    assert {"discord", "sessions.agents"} <= loaded(done)
    assert "claude_agent_sdk" not in loaded(done)


def loaded(done: subprocess.CompletedProcess[str]) -> set[str]:
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_wrong_use_is_2(tmp_path: Path) -> None:
    assert start(tmp_path, "fly").returncode == 2


def test_help_names_every_command(tmp_path: Path) -> None:
    shown = start(tmp_path, "--help").stdout
    for command in ("run", "demo", "bind", "import", "export"):
        assert command in shown


def test_a_room_is_bound_to_a_directory(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    done = start(tmp_path, "bind", "default", str(tmp_path / "project"))
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "project") in done.stdout
    refused(start(tmp_path, "bind", "no key", str(tmp_path)), 1, "session key")
    refused(start(tmp_path, "bind", "default", str(tmp_path / "missing")), 1, "not a directory")


def test_the_installed_program_is_the_same(tmp_path: Path) -> None:
    program = shutil.which("roomkey", path=str(Path(sys.executable).parent))
    assert program is not None
    assert subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout.startswith("roomkey ")

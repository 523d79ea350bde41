"""Where the token comes from and what is no token."""

import os
from pathlib import Path

import pytest

from bot.settings_token import BadToken, missing, read_token, take_token

TOKEN = "MTEw.Gh1Jkl.secret-part_of-it"


def put(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


def test_taking_the_token_leaves_nothing_behind() -> None:
    environ = {"DISCORD_BOT_TOKEN": f" {TOKEN} ", "PATH": "/bin"}
    assert take_token(environ) == TOKEN
    assert environ == {"PATH": "/bin"}
    assert take_token(environ) == ""


def test_the_credential_is_first_the_file_second_the_variable_last(tmp_path: Path) -> None:
    credentials, data = tmp_path / "credentials", tmp_path / "data"
    credentials.mkdir()
    data.mkdir()

    def found() -> str | None:
        token = read_token(TOKEN, str(credentials), data)
        return None if token is None else token.get_secret_value()

    assert found() == TOKEN
    put(data / "discord-token", "of.the.file\n")
    assert found() == "of.the.file"
    put(credentials / "discord-token", "of.the.credential\n", 0o440)
    assert found() == "of.the.credential"


def test_nobody_gives_a_token(tmp_path: Path) -> None:
    assert read_token("", None, tmp_path) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666])
def test_a_file_that_others_may_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    file = put(tmp_path / "discord-token", TOKEN, mode)
    with pytest.raises(BadToken, match=f"has mode {mode:04o}; run: chmod 600 {file}"):
        read_token("", None, tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused_with_the_remedy(tmp_path: Path) -> None:
    file = put(tmp_path / "discord-token", TOKEN)
    os.chown(file, 12345, 12345)
    with pytest.raises(BadToken, match=rf"belongs to another user \(uid 12345\); run: chown 0 {file}"):
        read_token("", None, tmp_path)


def test_an_application_id_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(
        BadToken, match=r"DISCORD_BOT_TOKEN holds an application id, not a token; .* Reset Token"
    ):
        read_token("110000000000000001", None, tmp_path)


@pytest.mark.parametrize(
    "text", ["hunter2", "a.b", "a.b.c.d", f"Bot {TOKEN}", f'"{TOKEN}"', "a..c", "a.b.c\nd"]
)
def test_what_has_not_three_parts_is_refused_and_never_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadToken) as caught:
        read_token(text, None, tmp_path)
    assert text not in str(caught.value)
    put(tmp_path / "discord-token", text)
    with pytest.raises(BadToken, match=str(tmp_path / "discord-token")):
        read_token(TOKEN, None, tmp_path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "discord-token").mkdir()
    with pytest.raises(BadToken, match="cannot be read"):
        read_token(TOKEN, None, tmp_path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "discord-token", "").write_bytes(b"\xff\xfe")
    with pytest.raises(BadToken, match="is not text"):
        read_token(TOKEN, None, tmp_path)


def test_the_remedy_for_a_missing_token_names_both_ways(tmp_path: Path) -> None:
    assert "DISCORD_BOT_TOKEN" in missing(tmp_path)
    assert str(tmp_path / "discord-token") in missing(tmp_path)

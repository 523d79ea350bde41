"""How the settings write a room's mounts."""

from pathlib import Path

import pytest

from bot.settings import SettingsError, load_settings
from bot.settings_mounts import mounts_of
from sessions.box.mounts import Mount
from sessions.keys import DEFAULT_KEY, session_key

ROOM, LISTENED = "123456789012345678", "223456789012345678"
REPO, OUT = Mount(Path("/srv/repo"), writable=False), Mount(Path("/srv/out"), writable=True)


def test_each_mount_counts_once() -> None:
    assert mounts_of(["/srv/repo:ro", "/srv/out:rw", "/srv/repo:ro"]) == (REPO, OUT)


def test_a_room_has_what_its_own_table_gives_it(tmp_path: Path) -> None:
    file = tmp_path / "roomkey.toml"
    file.write_text(f'data_dir = "{tmp_path}"\n[channel.{ROOM}]\nmounts = ["/srv/repo:ro", "/srv/out:rw"]\n')
    settings = load_settings(file, {})
    assert settings.mounts_for(session_key(ROOM)) == (REPO, OUT)
    assert settings.mounts_for(session_key(LISTENED)) == ()
    assert settings.mounts_for(DEFAULT_KEY) == ()


def test_listen_channels_share_a_session_and_so_their_mounts(tmp_path: Path) -> None:
    file = tmp_path / "roomkey.toml"
    file.write_text(
        f'data_dir = "{tmp_path}"\n[discord]\nlisten_channels = ["{LISTENED}"]\n'
        f'[channel.{LISTENED}]\nmounts = ["/srv/repo:ro"]\n[channel.{ROOM}]\nmounts = ["/srv/out:rw"]\n'
    )
    assert load_settings(file, {}).mounts_for(DEFAULT_KEY) == (REPO,)


@pytest.mark.parametrize("written", ['["/srv/repo"]', '["repo:ro"]', '"/srv/repo:ro"', "[1]", "3"])
def test_what_is_no_list_of_mounts_is_said_with_its_place(tmp_path: Path, written: str) -> None:
    file = tmp_path / "roomkey.toml"
    file.write_text(f'data_dir = "{tmp_path}"\n[channel.{ROOM}]\nmounts = {written}\n')
    with pytest.raises(SettingsError, match=f"channel.{ROOM}.mounts|line 3"):
        load_settings(file, {})

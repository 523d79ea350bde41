"""Taking a data directory into use."""

import os
import stat
from pathlib import Path

import pytest

from bot.data_dir import hold_data_dir
from sessions.errors import EXIT_BAD_STATE, Locked, ReadOnly, StateError
from tests.support.races import raced


def test_it_is_made_for_nobody_but_us(tmp_path: Path) -> None:
    with hold_data_dir(tmp_path / "a" / "data") as (paths, _):
        assert stat.S_IMODE(paths.root.stat().st_mode) == 0o700


def test_a_second_use_is_refused_and_a_later_one_is_not(tmp_path: Path) -> None:
    with hold_data_dir(tmp_path), pytest.raises(Locked, match=str(os.getpid())), hold_data_dir(tmp_path):
        pass
    with hold_data_dir(tmp_path):
        pass


@pytest.mark.fault("F19", "100 starts at once on one data directory", "one holds it, 99 exit 75 and name it")
def test_of_a_hundred_starts_on_one_directory_one_wins_and_all_others_name_it(tmp_path: Path) -> None:
    winner, [told] = raced("data_dir", tmp_path / "new")
    assert told.startswith(f"Another Roomkey (process {winner}) is using {tmp_path / 'new'}.")


def test_a_restore_that_was_cut_off_is_not_begun_anew_over(tmp_path: Path) -> None:
    (tmp_path / ".restoring").mkdir()
    with pytest.raises(StateError, match="Run `roomkey restore` again with --force"), hold_data_dir(tmp_path):
        pass
    (tmp_path / "roomkey.sqlite3").touch()  # killed before anything was moved, or when all of it was
    with hold_data_dir(tmp_path):
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReadOnly, match="ROOMKEY_DATA_DIR"), hold_data_dir(tmp_path / "file" / "data"):
        pass


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
@pytest.mark.parametrize("inner", ["", "bin", "locks", "backups"])
def test_a_directory_that_others_can_write_is_refused_with_the_remedy(
    tmp_path: Path, inner: str, mode: int
) -> None:
    with hold_data_dir(tmp_path):
        pass
    (tmp_path / inner).chmod(mode)
    remedy = f"has mode {mode:04o}.*run: chmod go-w {tmp_path / inner}$"
    with pytest.raises(StateError, match=remedy) as caught, hold_data_dir(tmp_path):
        pass
    assert caught.value.exit_code == EXIT_BAD_STATE
    (tmp_path / inner).chmod(mode & ~0o022)
    with hold_data_dir(tmp_path):
        pass

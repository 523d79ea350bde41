"""Files are written whole, with their mode, or the old one stays."""

import stat
from pathlib import Path

import pytest

from bot.written import write_private


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_new_file_is_for_nobody_else_and_so_is_its_directory(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b"
    write_private(file, "text")
    assert (file.read_text(), mode(file), mode(file.parent)) == ("text", 0o600, 0o700)


def test_another_one_takes_the_place_of_the_old_with_the_mode_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "unit"
    file.write_text("old")
    file.chmod(0o666)
    write_private(file, "new", mode=0o644)
    assert (file.read_text(), mode(file)) == ("new", 0o644)


def test_what_cannot_be_written_leaves_the_old_one_and_no_trace(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_private(file, "\ud800")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    file = tmp_path / "token"
    file.symlink_to(outside)
    write_private(file, "ours")
    assert outside.read_text() == "theirs"
    assert not file.is_symlink()

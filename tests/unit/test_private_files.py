"""Who may change what Roomkey trusts."""

import os
from pathlib import Path

import pytest

from bot.private_files import writable_by_others


@pytest.mark.parametrize("mode", [0o700, 0o600, 0o755, 0o644, 0o750])
def test_what_only_we_can_change_is_fine(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    assert writable_by_others(file) is None


@pytest.mark.parametrize("mode", [0o720, 0o602, 0o775, 0o666])
def test_what_others_can_change_is_named_with_its_remedy(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(mode)
    trouble = f"{file} has mode {mode:04o}, so that others can change it; run: chmod go-w {file}"
    assert writable_by_others(file) == trouble
    link = tmp_path / "link"
    link.symlink_to(file)
    assert "0" in (writable_by_others(link) or "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_somebody_else_is_named_with_its_remedy(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    assert (
        writable_by_others(tmp_path)
        == f"{tmp_path} belongs to another user (uid 12345); run: chown 0 {tmp_path}"
    )


def test_roots_own_files_are_fine_and_what_is_not_there_too(tmp_path: Path) -> None:
    assert writable_by_others(Path("/etc/passwd")) is None
    assert writable_by_others(tmp_path / "nothing") is None

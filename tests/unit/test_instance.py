"""One bot per data directory: who gets the lock, who is named, and that the kernel frees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sessions.errors import EXIT_LOCKED, Locked
from sessions.instance import hold_instance, holder_of
from tests.support.races import raced


def refusal(pid: int, data_dir: Path) -> str:
    return (
        f"Another Roomkey (process {pid}) is using {data_dir}. "
        "Stop it, or name another directory in ROOMKEY_DATA_DIR."
    )


def test_each_start_has_its_own_id(tmp_path: Path) -> None:
    with hold_instance(tmp_path / "lock") as first:
        pass
    with hold_instance(tmp_path / "lock") as second:
        pass
    assert first != second


def test_a_second_start_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    with hold_instance(tmp_path / "lock"), pytest.raises(Locked) as caught, hold_instance(tmp_path / "lock"):
        pass
    assert str(caught.value) == refusal(os.getpid(), tmp_path)
    assert caught.value.exit_code == EXIT_LOCKED


def test_a_refused_start_leaves_the_holders_name(tmp_path: Path) -> None:
    with hold_instance(tmp_path / "lock"):
        written = (tmp_path / "lock").read_text()
        for _ in range(2):
            with pytest.raises(Locked), hold_instance(tmp_path / "lock"):
                pass
        assert (tmp_path / "lock").read_text() == written
    assert (tmp_path / "lock").read_text() == ""


def test_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold_instance(tmp_path / "lock"):
        raise ZeroDivisionError
    with hold_instance(tmp_path / "lock"):
        pass


def test_the_name_of_a_dead_holder_is_not_told(tmp_path: Path) -> None:
    """A holder that has the lock and has not written its name yet: the file names one that is gone."""
    with hold_instance(tmp_path / "lock"):
        (tmp_path / "lock").write_text(f"{os.getpid()} 1\n")
        with pytest.raises(Locked, match="Another Roomkey is using"), hold_instance(tmp_path / "lock"):
            pass


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time; from sessions.instance import hold_instance\n"
        "with hold_instance(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "lock"], stdout=subprocess.PIPE, cwd=root
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Locked, match=f"process {holder.pid}"), hold_instance(tmp_path / "lock"):
            pass
        holder.kill()
        holder.wait()
    with hold_instance(tmp_path / "lock"):
        pass


@pytest.mark.fault("F19", "100 starts at once on one directory", "one holds it, 99 name the holder")
def test_of_a_hundred_at_once_one_wins_and_all_others_name_it(tmp_path: Path) -> None:
    winner, told = raced("file", tmp_path / "lock")
    assert told == {refusal(winner, tmp_path)}


def test_who_looks_on_learns_who_holds_it_and_makes_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert holder_of(lock) is None
    assert not lock.exists()
    with hold_instance(lock):
        assert holder_of(lock) == os.getpid()
        assert lock.read_text().startswith(str(os.getpid()))
    assert holder_of(lock) is None


def test_looking_on_keeps_nobody_out(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    for _ in range(20):
        holder_of(lock)
        with hold_instance(lock):
            pass

"""One bot for each token: who gets it, who is named, and that the kernel frees it."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from bot.one_token import hold_token, token_holder
from sessions.errors import EXIT_LOCKED, Locked
from tests.support.races import raced

API = "http://127.0.0.1:9"


def test_a_second_use_is_refused_naming_the_first() -> None:
    token = secrets.token_hex()
    with hold_token(token, API), pytest.raises(Locked) as caught, hold_token(token, API):
        pass
    assert f"(process {os.getpid()})" in str(caught.value)
    assert token not in str(caught.value)
    assert caught.value.exit_code == EXIT_LOCKED


def test_another_token_and_the_same_one_elsewhere_are_free() -> None:
    token = secrets.token_hex()
    with hold_token(token, API), hold_token(secrets.token_hex(), API), hold_token(token, f"{API}/other"):
        pass


def test_after_the_block_it_is_free_again() -> None:
    token = secrets.token_hex()
    for _ in range(2):
        with hold_token(token, API):
            pass


def test_a_killed_holder_frees_it() -> None:
    token = secrets.token_hex()
    code = (
        "import sys, time; from bot.one_token import hold_token\n"
        "with hold_token(*sys.argv[1:]): print('held', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, token, API], stdout=subprocess.PIPE, cwd=root
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Locked, match=f"process {holder.pid}"), hold_token(token, API):
            pass
        holder.kill()
        holder.wait()
    with hold_token(token, API):
        pass


def test_who_looks_on_learns_which_process_uses_a_token() -> None:
    token = secrets.token_hex()
    assert token_holder(token, API) is None
    with hold_token(token, API):
        assert token_holder(token, API) == os.getpid()
        assert token_holder(token, f"{API}/other") is None
    assert token_holder(token, API) is None


@pytest.mark.fault("F19", "100 starts at once with one token", "one holds it, 99 exit 75 and name it")
def test_of_a_hundred_starts_with_one_token_one_wins_and_all_others_name_it() -> None:
    winner, [told] = raced("token", secrets.token_hex())
    assert told.startswith(f"Another Roomkey (process {winner}) uses this bot's token")


def test_a_held_token_never_looks_free_however_often_somebody_has_looked() -> None:
    """Nobody takes the calls of those who look; the kernel keeps them until there is room for no more."""
    token = secrets.token_hex()
    with hold_token(token, API):
        assert {token_holder(token, API) for _ in range(5000)} == {os.getpid(), 0}
        with pytest.raises(Locked, match="Another Roomkey uses this bot's token"), hold_token(token, API):
            pass

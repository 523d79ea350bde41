"""A hundred processes that want one lock at once: started, and what became of each."""

import json
import subprocess
import sys
from pathlib import Path

from sessions.errors import EXIT_LOCKED

_SCRIPT = Path(__file__).with_name("lock_race.py")
MANY = 100


def raced(lock: str, name: str | Path) -> tuple[int, set[str]]:
    """Let them race for a lock of `lock_race.py`; return who got it, and what the others were told. Blocks.

    Exactly one holds it, and each of the others ends as a start that is not to be repeated.
    """
    done = subprocess.run(
        [sys.executable, _SCRIPT, lock, name, str(MANY)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    winners = [pid for pid, code, _ in outcomes if code == 0]
    assert len(winners) == 1, outcomes
    assert [code for _, code, _ in outcomes if code] == [EXIT_LOCKED] * (MANY - 1)
    return winners[0], {words for _, code, words in outcomes if code}

import subprocess
import sys

import pytest

from sessions.crash_points import NoSuchPoint, plan, reached

KILLED = -9


def test_without_a_plan_nothing_happens() -> None:
    reached("claim")


def test_the_process_ends_at_the_planned_passing() -> None:
    assert _passed("claim:2", "event.received", "claim", "settle") == "event.received claim settle"
    assert _passed("claim:2", "claim", "settle", "claim", "settle") == "claim settle"
    assert _passed("claim", "settle", "claim", "settle") == "settle"
    assert _passed("fork.opened", "fork.marked", "fork.opened") == "fork.marked"


@pytest.mark.parametrize("text", ["nowhere", "claim:x", ":2", "claim:0"])
def test_a_plan_that_names_no_point_is_refused(text: str) -> None:
    with pytest.raises(NoSuchPoint, match=r"claim, take\.before_commit"):
        plan(text)


def _passed(text: str, *points: str) -> str:
    """Return the points that a process with that plan survives."""
    program = "import sys; from sessions.crash_points import plan, reached; plan(sys.argv[1])\n"
    program += "for point in sys.argv[2:]: reached(point); print(point, flush=True)"
    done = subprocess.run([sys.executable, "-c", program, text, *points], capture_output=True, text=True)
    survived = done.stdout.split()
    assert done.returncode == (0 if survived == list(points) else KILLED)
    return " ".join(survived)

"""The collector looks seldom and finds what only it can find; a thread that waits gets its turn soon."""

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from sessions.interpreter import tune


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before, interval_s = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.set_threshold(*before)
    sys.setswitchinterval(interval_s)


class _Cycle:
    def __init__(self) -> None:
        self.me = self


def test_cycles_are_still_collected() -> None:
    tune()
    gone = weakref.ref(_Cycle())
    kept = [[number] for number in range(2 * gc.get_threshold()[0])]
    assert gone() is None
    assert len(kept) > 700


def test_a_thread_that_waits_for_the_lock_asks_for_it_almost_at_once() -> None:
    """What it is worth is measured by `benchmarks/flood.py`: how long a message waits to be stored."""
    tune()
    assert sys.getswitchinterval() <= 0.0001

"""The collector looks seldom, and still finds what only it can find."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from sessions.garbage import collect_seldom


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


class _Cycle:
    def __init__(self) -> None:
        self.me = self


def test_cycles_are_still_collected() -> None:
    collect_seldom()
    gone = weakref.ref(_Cycle())
    kept = [[number] for number in range(2 * gc.get_threshold()[0])]
    assert gone() is None
    assert len(kept) > 700

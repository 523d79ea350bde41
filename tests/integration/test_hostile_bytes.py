"""Any bytes, given to each thing that reads foreign ones: nothing is raised, and no input takes a second.

The targets of `make fuzz`, which goes on for a million inputs, with hypothesis for a few hundred. Time is
that of the processor: a busy machine makes nothing slower than it is.
"""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import TARGETS as NAMED
from tests.fuzz.seeds import HARD, seeds
from tests.fuzz.targets import TARGETS

LIMIT_S = 1.0
INPUTS = st.binary(max_size=400) | st.lists(st.sampled_from(HARD) | st.binary(max_size=40)).map(
    lambda parts: b"".join(parts)[:4096]
)
pytestmark = pytest.mark.timeout(180)


def within_limit(target: Callable[[bytes], None], raw: bytes) -> None:
    began = time.thread_time()
    target(raw)
    assert time.thread_time() - began < LIMIT_S


def test_make_fuzz_knows_every_target() -> None:
    assert tuple(TARGETS) == NAMED


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_known_to_be_hard_is_read_in_time(name: str) -> None:
    for raw in seeds(name):
        within_limit(TARGETS[name], raw)


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_read_in_time(name: str) -> None:
    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(INPUTS)
    def read(raw: bytes) -> None:
        within_limit(TARGETS[name], raw)

    read()

"""Each guard of the delivery contract has a test that goes red without it; `make soak` prints the table.

One process has loaded the bot and runs every one of them as a fork of itself.
"""

from collections.abc import Iterator

import pytest

from tests.campaign.guards import GUARDS, Guard, are_green, is_caught
from tests.campaign.warm_pytest import WarmPytest, warm_pytest

pytestmark = [pytest.mark.timeout(240), pytest.mark.blocking]  # a pytest of its own for each


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmPytest]:
    with warm_pytest() as started:
        yield started


def test_with_every_guard_in_place_the_tests_pass(warm: WarmPytest) -> None:
    assert are_green(warm, GUARDS)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_without_a_guard_its_test_goes_red(warm: WarmPytest, guard: Guard) -> None:
    assert is_caught(warm, guard)

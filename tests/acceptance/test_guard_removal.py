"""Each guard of the delivery contract has a test that goes red without it; `make soak` prints the table.

That those tests are green with every guard in place is seen when they run as what they are.
"""

import pytest

from tests.campaign.guards import GUARDS, Guard, is_caught

pytestmark = pytest.mark.timeout(240)  # a pytest of its own for each


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_without_a_guard_its_test_goes_red(guard: Guard) -> None:
    assert is_caught(guard)

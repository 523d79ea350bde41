"""The escape suite once more, in the strict box, with what that box alone promises: the network.

A file of its own, so that it runs beside test_escapes.py, where the same cases get out without a box.
"""

from pathlib import Path

import pytest

from tests.support.boxes import need
from tests.support.escapes import cases
from tests.support.escaping import AT_ONCE, escapes_of
from tests.support.hijacked import BOT_SECRET, scene
from tests.support.network_escapes import network_cases

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.blocking,
    # That everything is allowed is the point: this agent asks nobody.
    pytest.mark.filterwarnings("ignore:can_use_tool will not be invoked"),
]


@pytest.fixture(autouse=True)
def can_be_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    need("strict")
    monkeypatch.setenv(BOT_SECRET, "see the scene")


async def test_none_gets_out_of_the_strict_box(tmp_path: Path) -> None:
    async with scene(tmp_path, "strict") as here, network_cases(here) as to_the_network:
        tries = [*cases(here), *to_the_network]
        assert len({case.name for case in tries}) == len(tries) >= 65
        assert await escapes_of(here, tries, at_once=AT_ONCE) == []
        assert here.bot.returncode is None

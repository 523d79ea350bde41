"""What holds for every test: a clean environment, no blocked loop, and skips that are seen."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

_KEPT_VARIABLES = ("ROOMKEY_REQUIRE_ALL", "ROOMKEY_TEST_")
_ALLOWED_SKIPS = Path(__file__).with_name("allowed_skips")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's machine reaches a test."""
    for name in list(os.environ):
        foreign = name.startswith(("ROOMKEY_", "DISCORD_", "ANTHROPIC_", "CLAUDE_"))
        if (foreign and not name.startswith(_KEPT_VARIABLES)) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop(request: pytest.FixtureRequest) -> Iterator[BlockBuster | None]:
    """Code of ours that blocks the event loop fails the test that runs it."""
    if request.node.get_closest_marker("blocking") is not None:
        yield None
        return
    with blockbuster_ctx(scanned_modules=["bot", "sessions"]) as guard:
        yield guard


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "blocking: the test itself blocks the loop, and may")
    config.addinivalue_line("markers", "fault(row, injected, expected): a row of the fault catalogue")


def pytest_collection_finish() -> None:
    """All that is loaded by now stays: no search for garbage has to look through thousands of tests again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """With ROOMKEY_REQUIRE_ALL a skip is a failure, unless tests/allowed_skips names it."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("ROOMKEY_REQUIRE_ALL") and item.nodeid not in _allowed_skips():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped, but everything is required here: {reason}"


def _allowed_skips() -> set[str]:
    lines = _ALLOWED_SKIPS.read_text().splitlines()
    return {line.split(" # ")[0].strip() for line in lines if line.strip() and not line.startswith("#")}

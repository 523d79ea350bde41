import re
from pathlib import Path

from tests.campaign.guards import GUARDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/guarantees.md").read_text()


def test_every_test_that_the_guarantees_name_exists() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", PAGE)) | {re.split(r"::|\[", guard.test)[1] for guard in GUARDS}
    assert named - there == set()


def test_every_guards_test_stands_where_it_says() -> None:
    for guard in GUARDS:
        path, name = guard.test.split("[")[0].split("::")
        assert re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE), guard.test


def test_every_guard_is_listed() -> None:
    assert [guard.name for guard in GUARDS] == re.findall(
        r"^\| ([a-z -]+) \|", PAGE.split("## The guards")[1], re.MULTILINE
    )[1:]

"""What a campaign prints and keeps: sums over batches, progress in a file, the fault catalogue as rows."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from tests.campaign import fault_report, tally
from tests.campaign.crash import FULL, batches
from tests.campaign.tally import Progress, Tally


def test_a_campaign_of_the_same_seed_has_the_same_batches() -> None:
    work = batches("seed", {"random": 45, "gap": 5})
    assert [(one.name, one.cycles) for one in work] == [
        ("random/0", 20),
        ("random/1", 20),
        ("random/2", 5),
        ("gap/0", 5),
    ]
    assert work == batches("seed", {"random": 45, "gap": 5})


def test_the_full_campaign_kills_a_thousand_times() -> None:
    assert FULL["points"] + FULL["random"] >= 1000


def test_what_is_done_is_known_to_the_next_run(tmp_path: Path) -> None:
    progress = Progress("seed", {"points/0": Tally(kills=3, lost=1, findings=["lost: id1;"])})
    progress.done["points/0"].points["claim"] = 3
    progress.write(tmp_path / "state")
    assert Progress.read(tmp_path / "state") == progress


def test_a_report_with_a_loss_is_not_good() -> None:
    good, bad = Tally(kills=2, accepted=4, answered=4), Tally(kills=1, lost=1, findings=["lost: id1;"])
    assert _shown({"points": good}) == (True, "")
    assert _shown({"points": good, "gap": bad}) == (False, "lost: id1;")


def test_a_point_at_which_nothing_died_is_not_good() -> None:
    reached, missed = Tally(), Tally()
    reached.points["claim"] = 2
    missed.missed["claim"] = missed.missed["settle"] = 1
    assert _shown({"points": reached}) == (True, "")
    assert _shown({"points": reached, "gap": missed}) == (False, "never reached: settle")


def test_marked_tests_become_rows(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(
        "import pytest\n"
        "@pytest.mark.fault('F13', 'a 503', 'sent again')\n"
        "def test_good(): pass\n"
        "@pytest.mark.fault('F2', 'a kill', 'all there')\n"
        "def test_bad(): assert False\n"
        "def test_other(): assert False\n"
    )
    rows = fault_report.run([str(tmp_path)])
    assert [(one.row, one.injected, one.outcome) for one in rows] == [
        ("F2", "a kill", "failed"),
        ("F13", "a 503", "passed"),
    ]
    assert not fault_report.show(rows, Console(quiet=True))
    assert fault_report.show(rows[1:], Console(quiet=True))


def _shown(parts: dict[str, Tally]) -> tuple[bool, str]:
    """Return whether the report is good, and its last line below the tables."""
    console = Console(record=True, file=StringIO(), width=200)
    is_good = tally.show(parts, console, seed="seed")
    last = console.export_text().rstrip().splitlines()[-1:]
    return is_good, "" if not last or last[0][0] in "└ " else last[0]

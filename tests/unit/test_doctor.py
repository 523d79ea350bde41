"""Checks run side by side, each within its limit; one that breaks or hangs hides no other."""

import asyncio
import threading
from pathlib import Path

import pytest
from rich.console import Console

from bot.blocking import in_own_thread
from bot.doctor import Check, Finding, Result, examine, failed, mend
from bot.doctor_report import print_report, report_json
from bot.doctor_scene import Scene
from bot.hosting import user_hosting
from bot.installation import Installation

PATIENCE_S = 60.0


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    hosting = user_hosting({"HOME": str(tmp_path)}, None)
    return Scene(Installation(hosting=hosting, environ={}, settings=None))


async def fine(_: Scene) -> Finding:
    return Finding("ok", "All is well.")


async def test_findings_come_in_the_order_of_the_checks(scene: Scene) -> None:
    turn = asyncio.Event()

    async def waits(_: Scene) -> Finding:
        await turn.wait()
        return Finding("warn", "Late.")

    async def releases(_: Scene) -> Finding:
        turn.set()
        return Finding("ok", "First.")

    results = await examine(scene, [Check("a", waits), Check("b", releases)], PATIENCE_S)
    assert [(one.name, one.finding.text) for one in results] == [("a", "Late."), ("b", "First.")]
    assert not failed(results)


async def test_a_check_that_breaks_says_so_and_hides_no_other(scene: Scene) -> None:
    async def breaks(_: Scene) -> Finding:
        raise ZeroDivisionError("oops")

    broken, other = await examine(scene, [Check("a", breaks), Check("b", fine)], PATIENCE_S)
    assert broken.finding.state == "fail"
    assert "ZeroDivisionError: oops" in broken.finding.text
    assert other.finding.state == "ok"


async def test_a_check_that_hangs_in_a_thread_costs_its_limit(scene: Scene) -> None:
    async def hangs(_: Scene) -> Finding:
        await in_own_thread(threading.Event().wait)
        raise AssertionError

    hanging, other = await examine(scene, [Check("a", hangs), Check("b", fine)], 2.0)
    assert hanging.finding.state == "fail"
    assert "2.0 s" in hanging.finding.text
    assert other.finding.state == "ok"


async def test_only_what_is_wrong_is_mended_and_what_cannot_be_is_said(scene: Scene) -> None:
    async def mends(_: Scene) -> list[str]:
        return ["did it"]

    async def cannot(_: Scene) -> list[str]:
        raise PermissionError(1, "Operation not permitted", "/a/file")

    async def never(_: Scene) -> list[str]:
        raise AssertionError

    checks = [Check("a", fine, mends), Check("b", fine, cannot), Check("c", fine, never), Check("d", fine)]
    wrong = Finding("fail", "Bad.")
    results = [Result("a", wrong), Result("b", wrong), Result("c", Finding("ok", "")), Result("d", wrong)]
    done = await mend(scene, checks, results)
    assert done == {"a": ["did it"], "b": ["nothing: /a/file Operation not permitted"]}


async def test_without_settings_discord_is_not_asked_and_the_checks_hear_why(scene: Scene) -> None:
    await scene.ask_discord(PATIENCE_S)
    with pytest.raises(Exception, match="settings must be mended"):
        await scene.identity()


RESULTS = [
    Result("token", Finding("fail", "Refused [by] them.", "Make a new one.", ("one", "two"))),
    Result("files", Finding("ok", "Fine."), ("chmod 0600 file",)),
]


def test_the_report_shows_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(RESULTS, Console(highlight=False, soft_wrap=True, width=40))
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "fail token        Refused [by] them.",
        "                  - one",
        "                  - two",
        "                  -> Make a new one.",
        "ok   files        Fine.",
        "                  mended: chmod 0600 file",
    ]


def test_of_many_cases_people_see_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    many = tuple(f"case {number}" for number in range(12))
    print_report([Result("a", Finding("warn", "Many.", details=many))], Console(soft_wrap=True))
    said = capsys.readouterr().out
    assert "case 7" in said
    assert "case 8" not in said
    assert "4 more" in said


def test_scripts_get_everything() -> None:
    report = report_json(RESULTS)
    assert report["ok"] is False
    assert report["checks"] == [
        {
            "name": "token",
            "state": "fail",
            "text": "Refused [by] them.",
            "remedy": "Make a new one.",
            "details": ["one", "two"],
            "mended": [],
        },
        {
            "name": "files",
            "state": "ok",
            "text": "Fine.",
            "remedy": "",
            "details": [],
            "mended": ["chmod 0600 file"],
        },
    ]

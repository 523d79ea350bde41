"""The audit log's file: one JSON object a line, private, turned over by size, and no trouble for the bot."""

import json
import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.audit_file import LOGGER, audit_file
from sessions.redaction import Redactor

audit = logging.getLogger(LOGGER)


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_says_when_who_what_and_to_whom(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with audit_file(path, Redactor(["hunter22222"]), kept=2):
        audit.info("allow", extra={"platform": "discord", "actor": "17", "target": "user 4"})
        audit.info("stop", extra={"actor": "17", "detail": "hunter22222"})
    audit.info("nobody listens any more")
    first, second = lines(path)
    assert (first["action"], first["platform"], first["actor"], first["target"], first["detail"]) == (
        "allow",
        "discord",
        "17",
        "user 4",
        "",
    )
    assert first["at"].endswith("+00:00")
    assert second["detail"] == "[secret]"
    assert path.stat().st_mode & 0o777 == 0o600


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_no_text_makes_a_line_of_its_own(tmp_path: Path, text: str) -> None:
    path = tmp_path / "audit.jsonl"
    path.unlink(missing_ok=True)
    with audit_file(path, Redactor(), kept=1):
        audit.info("deny", extra={"actor": text, "target": text, "detail": text})
    (line,) = lines(path)
    assert line["actor"] == line["target"] == line["detail"] == text


def test_a_full_file_is_put_aside_and_only_so_many_stay(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with audit_file(path, Redactor(), kept=2, full_bytes=300):
        for number in range(20):
            audit.info("allow", extra={"actor": str(number)})
    aside = sorted(tmp_path.glob("audit-*.jsonl"))
    assert len(aside) == 2
    kept = [int(line["actor"]) for file in (*aside, path) for line in lines(file)]
    assert kept == list(range(kept[0], 20))  # the newest, none missing, in order
    assert all(file.stat().st_size <= 300 for file in (*aside, path))


def test_a_file_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "audit.jsonl"
    path.symlink_to(tmp_path / "elsewhere")  # is not followed
    with audit_file(path, Redactor(), kept=2):
        audit.info("allow")
        audit.info("deny")
    said = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert said == ["audit entries are not written to their file"]
    assert not (tmp_path / "elsewhere").exists()

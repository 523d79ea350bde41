"""A real journald takes our entries: fields, several lines, masked secrets, and what no datagram holds."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "support" / "journald.sh"
MACHINE_ID = Path("/etc/machine-id")
SPEAKER = """
import logging, sys
from sessions.keys import TurnId, session_key
from sessions.log import set_up, turn_context
from sessions.redaction import Redactor

set_up("debug", "journald", sys.stderr, Redactor(["hunter22222"]))
log = logging.getLogger("sessions.worker")
with turn_context(session_key("lab"), TurnId(7)):
    log.warning("turn done", extra={"status": "a\\nMESSAGE=forged", "url": "x?hunter22222"})
    log.debug("prompt", extra={"text": "x" * 1_000_000})
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("a turn broke")
"""


def why_not() -> str | None:
    """Return what this machine lacks for a journald of our own."""
    if os.geteuid() != 0:
        return "only root may start a journald"
    if not Path("/lib/systemd/systemd-journald").exists() or shutil.which("unshare") is None:
        return "there is no journald to start (Debian: systemd, util-linux)"
    if not MACHINE_ID.exists() or len(MACHINE_ID.read_text().strip()) != 32:
        return "this machine has no machine id"
    return None


async def test_a_real_journald_has_every_entry_with_its_fields(tmp_path: Path) -> None:
    if (reason := await asyncio.to_thread(why_not)) is not None:
        pytest.skip(reason)
    speaker = tmp_path / "speaker.py"
    await asyncio.to_thread(speaker.write_text, SPEAKER)
    # Its own process namespace: whatever is left in it ends with its first process.
    done = await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL"),
        *("timeout", "120", str(SCRIPT), sys.executable, str(speaker)),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    said, _ = await done.communicate()
    assert done.returncode == 0
    ended, prompt, broke = [json.loads(line) for line in said.decode().splitlines()]
    assert ended["PRIORITY"] == "4"
    assert ended["ROOMKEY_KEY"] == "lab"
    assert ended["ROOMKEY_TURN"] == "7"
    assert ended["ROOMKEY_STATUS"] == "a\nMESSAGE=forged"
    assert ended["ROOMKEY_URL"] == "x?[secret]"
    assert ended["SYSLOG_IDENTIFIER"] == "roomkey"
    assert ended["MESSAGE"].startswith("sessions.worker: turn done key=lab turn=7")
    assert prompt["PRIORITY"] == "7"
    assert prompt["ROOMKEY_TEXT"] == "x" * 1_000_000
    assert broke["PRIORITY"] == "3"
    assert "\n    ValueError: broken" in broke["MESSAGE"]
    assert b"hunter22222" not in said

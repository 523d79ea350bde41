"""What an agent says is masked before the engine shows, stores or logs it, whatever reply is behind."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from sessions.agents.base import Allow
from sessions.events import PermissionAsk, TextDelta
from sessions.keys import session_key
from tests.support.rooms import house

KEY = "sk-ant-api03-0123456789"
SPACED = " ".join(KEY)
SCRIPT = f"""
[[turn]]
match = "tell"
  [[turn.step]]
  tool = "Bash"
  title = "echo {KEY}"
  output = "{KEY}"
  ask = true
  [[turn.step]]
  text = "The key is {KEY} and once more {SPACED} there."
[[turn]]
match = "fail"
  [[turn.step]]
  text = "Half of {KEY} and {SPACED[:24]}"
  [[turn.step]]
  fail = "api"
  reason = "invalid key {KEY}"
"""


def kept(data_dir: Path) -> str:
    files = [path for path in data_dir.glob("roomkey.sqlite3*") if path.is_file()]
    assert files
    return "".join(path.read_bytes().decode("latin-1") for path in files)


async def test_no_event_outcome_or_stored_row_has_a_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "sessions")
    async with house(tmp_path, script=SCRIPT) as home:
        home.engine.redactor.add(KEY)
        room = session_key("1")
        await home.say(room, "tell me")
        turn, ask = await home.replies.asking()
        await home.manager.decide(turn.id, ask.id, Allow())
        await home.replies.until(1)
        await home.say(room, "fail")
        told, failed = await home.replies.until(2)
        grown = "".join(event.text for event in told.events if isinstance(event, TextDelta))
        assert grown == "The key is [secret] and once more [secret] there."
        assert any(isinstance(event, PermissionAsk) for event in told.events)
        assert told.outcome is not None
        assert told.outcome.text == grown
        assert failed.outcome is not None
        assert failed.outcome.text == "invalid key [secret]"
        shown = repr([told.events, told.outcome, failed.events, failed.outcome])
        assert KEY not in shown
        assert SPACED[:24] not in "".join(
            event.text for event in failed.events if isinstance(event, TextDelta)
        )
        stored = await asyncio.to_thread(kept, tmp_path)
    assert KEY not in stored
    assert SPACED not in stored
    assert KEY not in json.dumps([[record.getMessage(), repr(vars(record))] for record in caplog.records])


async def test_why_an_agent_did_not_start_is_told_without_a_secret(tmp_path: Path) -> None:
    data_dir = tmp_path / KEY
    data_dir.mkdir()
    async with house(data_dir, script="this is no script") as home:
        home.engine.redactor.add(KEY)
        await home.say(session_key("1"), "hello")
        [failed] = await home.replies.until(1)
        assert failed.outcome is not None
        assert failed.outcome.status == "failed"
        assert "/[secret]/script.toml" in failed.outcome.text

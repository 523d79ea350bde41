"""Rows F25 and F27 of the fault catalogue: typing that does not end, and files that do not come."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from bot.chat_discord.attachments import Limits
from sessions.keys import session_key
from tests.support.hurry import QuickWaits, hurry
from tests.support.scripts import HANG
from tests.support.trouble import Trouble, row, trouble

TYPING: Final = r"/typing$"
STOPS: Final = "no typing after the turn"
RUNS: Final = "the turn runs, with a note in the prompt and in the reply"
SCRIPT: Final = (
    """
[[turn]]
match = "fail"
[[turn.step]]
wait_s = 0.3
[[turn.step]]
fail = "overloaded"
[[turn]]
match = "die"
[[turn.step]]
wait_s = 0.3
[[turn.step]]
exit = 3
"""
    + HANG
    + """
[[turn]]
match = "work"
[[turn.step]]
wait_s = 0.3
[[turn.step]]
text = "done"
"""
)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> QuickWaits:
    """Typing is shown anew all the time, and a call or a file has not long to come."""
    monkeypatch.setattr("bot.live_reply.TYPING_EVERY_S", 0.05)
    monkeypatch.setattr("bot.chat_discord.port._TYPING_S", 0.1)
    monkeypatch.setattr("bot.chat_discord.attachments.Limits", partial(Limits, file_s=0.4))
    return hurry(monkeypatch)


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        row("F25", "turn done", STOPS, "work", {}),
        row("F25", "turn failed", STOPS, "fail", {}),
        row("F25", "agent gone", STOPS, "die", {}),
        row("F25", "typing call hangs", STOPS, "work", {"hang": True}),
        row("F25", "typing refused with 403", STOPS, "work", {"status": 403, "code": 50013}),
        row("F25", "typing answered with 503", STOPS, "work", {"status": 503}),
        row("F25", "connection reset at typing", STOPS, "work", {"abort": True}),
        row("F25", "typing limited (429)", STOPS, "work", {"status": 429, "retry_after_s": 30.0}),
    ],
)
async def test_f25_typing_ends_with_its_turn(tmp_path: Path, prompt: str, fault: Mapping[str, Any]) -> None:
    async with trouble(tmp_path, script=SCRIPT) as it:
        if fault:
            it.guild.faults.rest("POST", TYPING, times=3, **fault)
        await it.answered_once(await it.says(prompt))
        await _no_typing_any_more(it)


@pytest.mark.fault("F25", "prompt deleted under its turn, turn stopped", STOPS)
async def test_f25_typing_ends_with_a_turn_whose_prompt_is_gone(tmp_path: Path) -> None:
    async with trouble(tmp_path, script=SCRIPT) as it:
        [said] = await it.says("hang")
        await it.lab.next_from_bot(after=said, containing="half an answer")
        await it.ann.deletes(said)
        it.bot.manager.stop(session_key(it.lab.id))
        await it.idle(it.lab)
        assert await it.bot.outbox.flush(60)
        await _no_typing_any_more(it)


async def _no_typing_any_more(it: Trouble) -> None:
    answered = max(i for i, e in enumerate(it.guild.ledger.entries) if e.method == "POST" and e.message)
    await asyncio.sleep(0.2)
    after = list(it.guild.ledger.entries)[answered:]
    assert [str(entry) for entry in after if entry.path.endswith("/typing")] == []
    assert it.guild.ledger.requests("POST", TYPING)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        row("F27", "file server refuses with 403", RUNS, {"status": 403}, "Discord answered 403 for it."),
        row("F27", "file gone (404)", RUNS, {"status": 404}, "Discord answered 404 for it."),
        row("F27", "file server answers 503", RUNS, {"status": 503}, "Discord answered 503 for it."),
        row("F27", "file server cuts the connection", RUNS, {"abort": True}, "It could not be downloaded"),
        row("F27", "file ends in the middle", RUNS, {"cut": True}, "It could not be downloaded"),
        row("F27", "file server too slow", RUNS, {"delay_s": 1.0}, "It did not arrive within"),
        row("F27", "file server hangs", RUNS, {"hang": True}, "It did not arrive within"),
    ],
)
async def test_f27_a_file_that_does_not_come_is_told_to_agent_and_person(
    tmp_path: Path, fault: Mapping[str, Any], reason: str
) -> None:
    async with trouble(tmp_path) as it:
        it.guild.faults.rest("GET", r"/first\.txt$", times=3, **fault)  # aiohttp itself asks twice
        said = await it.ann.says("look", it.lab, files={"first.txt": b"x" * 2000, "second.txt": b"y"})
        await it.answered_once([said])
        answer = it.lab.messages()[-1].content
        assert f'- "first.txt": not available. {reason}' in answer
        assert f"I could not take first.txt. {reason}" in answer
        assert '(the sender called it "second.txt", 1 bytes)' in answer
        assert "I could not take second.txt" not in answer

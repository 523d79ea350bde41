"""Rows F13 and F14 of the fault catalogue: requests to Discord fail for a while, or for good."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from bot.demo.guild import Code, Permission, Place
from bot.demo.guild.errors import ANSWERS
from bot.demo.guild.ledger import Entry
from sessions.keys import session_key
from tests.support.hurry import QuickWaits, hurry
from tests.support.scripts import HANG
from tests.support.trouble import Trouble, row, trouble

SEND: Final = r"/messages$"
TRIES: Final = 5
"""An edit, typing, the answer, a line about it, and taking away what was shown: each may find out, once."""
SHOWN: Final = "the answer is whole and stands alone"
ONCE: Final = "each answer shown once, in order"
SCRIPT: Final = (
    HANG
    + """
[[turn]]
match = "long"
[[turn.step]]
text = '''{lines}'''
[[turn]]
match = "slow"
[[turn.step]]
text = "one two three four five six seven eight nine"
over_s = 2.0
""".replace("{lines}", "\n".join(f"{n} {'x' * 90}" for n in range(70)))
)

Break = Callable[[Trouble, Place], None]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> QuickWaits:
    """Nobody waits for discord.py's own waits, nor long for an answer that does not come."""
    monkeypatch.setattr("bot.chat_discord.port._CALL_S", 1.0)
    return hurry(monkeypatch)


@pytest.mark.parametrize(
    "fault",
    [
        row("F13", "429 on the route", ONCE, {"status": 429, "retry_after_s": 0.05}),
        row("F13", "429 on all routes", ONCE, {"status": 429, "retry_after_s": 0.05, "is_global": True}),
        row("F13", "500 before it was stored", ONCE, {"status": 500}),
        row("F13", "500 after it was stored", ONCE, {"status": 500, "stored": True}),
        row("F13", "502 after it was stored", ONCE, {"status": 502, "stored": True}),
        row("F13", "503 before it was stored", ONCE, {"status": 503}),
        row("F13", "503 after it was stored", ONCE, {"status": 503, "stored": True}),
        row("F13", "504 after it was stored", ONCE, {"status": 504, "stored": True}),
        row("F13", "connection reset before it was stored", ONCE, {"abort": True}),
        row("F13", "connection reset after it was stored", ONCE, {"abort": True, "stored": True}),
        row("F13", "half of the answer after it was stored", ONCE, {"cut": True}),
        row("F13", "no answer, not stored", ONCE, {"hang": True}),
        row("F13", "no answer, stored", ONCE, {"hang": True, "stored": True}),
        row("F13", "answer late", ONCE, {"delay_s": 0.5}),
    ],
)
async def test_f13_what_fails_for_a_while_is_sent_again_and_shown_once(
    tmp_path: Path, fault: Mapping[str, Any]
) -> None:
    async with trouble(tmp_path) as it:
        it.guild.faults.rest("POST", SEND, times=2, **fault)
        await it.answered_once(await it.says("one", "two", "three"))
        assert it.guild.faults.left() == 0


@pytest.mark.parametrize(
    "fault",
    [
        row("F13", "503 in the middle of a long answer", "all parts, once, in order", {"status": 503}),
        row(
            "F13",
            "connection reset in the middle of a long answer, after it was stored",
            "all parts, once, in order",
            {"abort": True, "stored": True},
        ),
    ],
)
async def test_f13_the_parts_of_an_answer_keep_their_order(tmp_path: Path, fault: Mapping[str, Any]) -> None:
    async with trouble(tmp_path, script=SCRIPT) as it:
        it.guild.faults.rest("POST", SEND, times=3)  # the live message, a part, and one more are fine
        it.guild.faults.rest("POST", SEND, **fault)
        [said] = await it.says("long")
        await it.lab.next_from_bot(after=said, matching=lambda m: "69 x" in m.content and _is_part(m.content))
        assert await it.bot.outbox.flush(8)
        standing = [m.content for m in it.lab.messages() if m.author_id == it.guild.bot.id]
        numbers = [int(line.split()[0]) for text in standing for line in text.splitlines()]
        assert numbers == list(range(70)), it.guild.stage.picture("not every line once, in order")
        assert it.guild.faults.left() == 0


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        row("F13", "503 at an edit", SHOWN, "PATCH", {"status": 503}),
        row("F13", "connection reset at an edit", SHOWN, "PATCH", {"abort": True, "stored": True}),
        row("F13", "message gone at an edit", SHOWN, "PATCH", {"status": 404, "code": Code.UNKNOWN_MESSAGE}),
        row("F13", "503 at a deletion", SHOWN, "DELETE", {"status": 503}),
        row("F13", "connection reset at a deletion", SHOWN, "DELETE", {"abort": True, "stored": True}),
        row("F13", "429 at a deletion", SHOWN, "DELETE", {"status": 429, "retry_after_s": 0.05}),
    ],
)
async def test_f13_what_is_shown_meanwhile_never_stays_beside_the_answer(
    tmp_path: Path, method: str, fault: Mapping[str, Any]
) -> None:
    async with trouble(tmp_path, script=SCRIPT) as it:
        it.guild.faults.rest(method, r"/messages/\d+$", **fault)
        said = await it.says("slow")
        shown = await it.lab.next_from_bot(after=said[0])
        if fault.get("code") == Code.UNKNOWN_MESSAGE:
            it.lab.remove(shown)
        await it.answered_once(said)
        assert it.guild.faults.left() == 0


@pytest.mark.fault(
    "F13", "429 from the network in front of Discord", "nothing is asked for a while, then all"
)
async def test_f13_who_is_turned_away_stays_away_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away_s = 1.5
    monkeypatch.setattr("bot.chat_discord.errors._BANNED_S", away_s)
    async with trouble(tmp_path) as it:
        it.guild.faults.rest("POST", SEND, status=429, via=False)
        for said in [await it.says("one", "two", place=place) for place in (it.lab, it.desk)]:
            await it.answered_once(said)
        [refused] = [entry for entry in it.guild.ledger.entries if entry.status == 429]
        since = [entry.at - refused.at for entry in it.guild.ledger.entries if entry.at > refused.at]
        # What was under way at that moment may still arrive.
        assert [at for at in since if 0.2 < at < away_s - 0.1] == []
        assert caplog.text.count("turns this machine away") == 1


@pytest.mark.parametrize(
    "refusal",
    [
        row("F14", f"{code.value} {code.name}", "given up at once; the room and the others go on", code)
        for code in (
            Code.NO_PERMISSION,
            Code.NO_ACCESS,
            Code.UNKNOWN_CHANNEL,
            Code.INVALID_FORM,
            Code.TOO_LARGE,
            Code.THREAD_ARCHIVED,
            Code.THREAD_LOCKED,
        )
    ],
)
async def test_f14_what_is_refused_for_good_is_not_tried_again(tmp_path: Path, refusal: Code) -> None:
    async with trouble(tmp_path) as it:
        status, _ = ANSWERS[refusal]
        it.guild.faults.rest("POST", f"^/channels/{it.lab.id}{SEND}", times=99, status=status, code=refusal)
        await it.says("lost")
        await it.given_up()
        await it.answered_once(await it.says("hello", place=it.desk))
        tried = it.guild.ledger.requests("POST", f"^/channels/{it.lab.id}{SEND}")
        assert len({entry.nonce for entry in tried}) == len(tried)
        it.guild.faults.clear()
        await it.answered_once(await it.says("again"))
        assert it.lab.id in [record.key for record in await it.bot.store.sessions()]


def _delete(_: Trouble, place: Place) -> None:
    place.delete()


def _forbid(it: Trouble, place: Place) -> None:
    parent = place.channel.thread.parent_id if place.channel.thread else place.id
    denied = Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS
    it.guild.place(parent).deny(it.guild.bot.id, denied)


def _hide(it: Trouble, place: Place) -> None:
    parent = place.channel.thread.parent_id if place.channel.thread else place.id
    it.guild.place(parent).deny(it.guild.bot.id, Permission.VIEW_CHANNEL)


def _lock(it: Trouble, place: Place) -> None:
    it.lab.deny(it.guild.bot.id, Permission.MANAGE_THREADS)
    place.lock()


@pytest.mark.parametrize(
    ("in_thread", "break_it"),
    [
        row("F14", "channel deleted under a turn", "agent stopped, nothing tried again", False, _delete),
        row("F14", "thread deleted under a turn", "agent stopped, nothing tried again", True, _delete),
    ],
)
async def test_f14_a_place_that_is_gone_ends_its_turn(
    tmp_path: Path, in_thread: bool, break_it: Break
) -> None:
    async with trouble(tmp_path, script=SCRIPT) as it:
        place = await it.ann.opens_thread(it.lab, "aside") if in_thread else it.lab
        [said] = await it.says("hang", place=place)
        await place.next_from_bot(after=said, containing="half an answer")
        break_it(it, place)
        await it.idle(place)
        await it.answered_once(await it.says("hello", place=it.desk))
        gone_at = next(i for i, entry in enumerate(it.guild.ledger.entries) if _is_lost(entry, place))
        after = list(it.guild.ledger.entries)[gone_at:]
        assert len([entry for entry in after if _is_lost(entry, place)]) <= TRIES
        assert place.id in [record.key for record in await it.bot.store.sessions()]


@pytest.mark.parametrize(
    ("in_thread", "break_it"),
    [
        row(
            "F14", "permission to write taken under a turn", "given up, then the room goes on", False, _forbid
        ),
        row("F14", "channel hidden under a turn", "given up, then the room goes on", False, _hide),
        row("F14", "thread locked under a turn", "given up, then the room goes on", True, _lock),
    ],
)
async def test_f14_a_place_that_takes_no_answer_costs_this_answer_alone(
    tmp_path: Path, in_thread: bool, break_it: Break
) -> None:
    async with trouble(tmp_path, script=SCRIPT) as it:
        place = await it.ann.opens_thread(it.lab, "aside") if in_thread else it.lab
        [said] = await it.says("hang", place=place)
        await place.next_from_bot(after=said, containing="half an answer")
        break_it(it, place)
        it.bot.manager.stop(session_key(place.id))
        await it.given_up()
        await it.answered_once(await it.says("hello", place=it.desk))


@pytest.mark.fault("F14", "thread archived under a turn", "the answer wakes it")
async def test_f14_an_archived_thread_is_woken_by_the_answer(tmp_path: Path) -> None:
    async with trouble(tmp_path, script=SCRIPT) as it:
        thread = await it.ann.opens_thread(it.lab, "aside")
        [said] = await it.says("hang", place=thread)
        await thread.next_from_bot(after=said, containing="half an answer")
        thread.archive()
        it.bot.manager.stop(session_key(thread.id))
        await it.answered_once([said])
        assert thread.channel.thread is not None
        assert not thread.channel.thread.archived


def _is_lost(entry: Entry, place: Place) -> bool:
    return place.id in entry.path and entry.status == 404


def _is_part(text: str) -> bool:
    return "-# " not in text

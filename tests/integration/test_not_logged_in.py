"""An agent that is not logged in: one turn fails, all others wait, and everything goes on by itself."""

from pathlib import Path

from sessions.breaker import WAITING
from sessions.keys import session_key
from tests.support.rooms import House, house

NO_LOGIN = '[[turn]]\nstep = [{ fail = "login", reason = "Not logged in." }]\n'
LAB, DESK = session_key("lab"), session_key("desk")


async def said(room: House) -> list[str]:
    texts: list[str] = []
    while due := await room.store.outbox_due("test", 10):
        for row in due:
            texts.append(row.piece.body)
            await room.store.outbox_done(row.id, None)
    return texts


async def test_no_other_turn_starts_and_each_room_is_told_once(tmp_path: Path) -> None:
    async with house(tmp_path, script=NO_LOGIN) as room:
        await room.say("lab", "one")
        await room.replies.until(1)
        for text in ("two", "three"):
            await room.say("desk", text)
        await room.replies.until(2)
        queue = await room.manager.queue(DESK)
        assert queue.running is None
        assert [turn.prompt.text for turn in queue.waiting] == ["two", "three"]
        assert await said(room) == ["Not logged in.", WAITING]


async def test_what_waited_runs_when_the_login_works_again(tmp_path: Path) -> None:
    script = '[[turn]]\nmatch = "one"\nstep = [{ fail = "login", reason = "Not logged in." }]\n'
    async with house(tmp_path, script=script, login_pause_s=0.1) as room:
        await room.say("lab", "one")
        await room.replies.until(1)
        for text in ("two", "three"):
            await room.say("desk", text)
        await room.say("lab", "four")
        replies = [r for r in await room.replies.until(5) if r.turn.prompt.text]
    ends = {r.turn.prompt.text: r.outcome.status for r in replies if r.outcome is not None}
    assert ends == {"one": "failed", "two": "ok", "three": "ok", "four": "ok"}


async def test_a_stop_does_not_wait_for_a_login(tmp_path: Path) -> None:
    async with house(tmp_path, script=NO_LOGIN) as room:
        await room.say("lab", "one")
        await room.replies.until(1)
        await room.say("lab", "two")
    async with house(tmp_path) as room:
        await room.replies.until(1)
        assert room.replies.texts() == ["two"]

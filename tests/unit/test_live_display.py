"""A live message as its room is set: its button, what is left of it, and what stands under the answer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import ChatError, ChatRefused, MessageGone
from bot.live_messages import LiveMessages
from bot.live_reply import LiveReply
from bot.open_asks import OpenAsks
from bot.stop_button import parse_stop
from sessions.events import (
    BackgroundTasks,
    Compacted,
    Event,
    Started,
    Task,
    TaskList,
    TextDelta,
    ToolEnd,
    ToolStart,
    TurnDone,
)
from sessions.keys import TurnId
from sessions.room_settings import Display, RoomSettings
from sessions.spool import Spool
from sessions.store.values import Kind, Origin, Piece
from sessions.turn import LiveNote, Outcome
from tests.support.clocks import SetClock
from tests.support.live_scene import turn
from tests.support.ports import FakePort, settled

OK = Outcome(status="ok", text="one two")
DONE = TurnDone(status="ok", agent_session_id="s", text="one two")
LS = ToolStart(id="t1", name="Bash", title="ls")
DIFF = "--- a.txt\n+++ a.txt\n-two\n+2"
EDITED = ToolEnd(id="t1", failed=False, diff=DIFF)
TASKS = TaskList(tasks=(Task(text="read", state="done"), Task(text="write", state="pending")))


class Scene:
    """A reply of a room that is set somehow, on a chat in memory."""

    def __init__(self, room: RoomSettings, port: FakePort | None = None, spool: Spool | None = None) -> None:
        self.port, self.clock, self.live = port or FakePort(), SetClock(), LiveMessages()
        self.reply = LiveReply(
            port=self.port,
            turn=turn(),
            note=self.note,
            asks=OpenAsks(),
            clock=self.clock,
            nonce=lambda part: f"nonce{part}",
            ask_limit_s=600,
            room=room.model_copy(update={"footer": "off"}),
            spool=spool,
            live=self.live,
        )

    async def note(self, _live: LiveNote) -> None:
        pass

    async def after(self, *events: Event) -> None:
        for event in events:
            self.reply.emit(event)
        await settled()

    async def pass_s(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        await settled()


@asynccontextmanager
async def scene(
    display: Display = "new", port: FakePort | None = None, spool: Spool | None = None
) -> AsyncGenerator[Scene]:
    made = Scene(RoomSettings(display=display), port, spool)
    async with made.reply:
        await settled()
        yield made


def put_away(pieces: list[Piece]) -> list[tuple[str, str]]:
    return [(piece.action, piece.body) for piece in pieces if piece.action != "send"]


async def test_the_live_message_has_its_stop_button_at_every_edit() -> None:
    async with scene() as it:
        await it.after(LS)
        await it.after(TextDelta(text="Hello"))
        await it.pass_s(1.1)
        [shown] = it.port.messages.values()
        assert shown.body.startswith("Hello")
        [button] = shown.buttons
        click = parse_stop(button.action)
        assert click is not None
        assert click.turn == 7


async def test_a_chat_without_buttons_gets_none() -> None:
    async with scene(port=FakePort(has_buttons=False)) as it:
        await it.after(LS)
        assert [shown.rows for shown in it.port.messages.values()] == [()]


async def test_a_live_message_belongs_to_its_turn_while_it_stands() -> None:
    async with scene() as it:
        await it.after(LS)
        [first] = it.port.messages
        assert it.live.turn_of("1", first) == 7
        it.port.messages.clear()  # somebody deleted it
        await it.after(TextDelta(text="x"))
        await it.pass_s(2)
        await it.pass_s(2)
        [second] = it.port.messages
        assert (it.live.turn_of("1", first), it.live.turn_of("1", second)) == (None, 7)
        await it.reply.pieces(OK)
        assert it.live.turn_of("1", second) is None


@pytest.mark.parametrize(
    ("display", "left"),
    [
        ("off", ("delete", "")),
        ("new", ("delete", "")),
        ("all", ("fold", "-# 42 s · 1 tool")),
        ("verbose", ("fold", "-# 42 s · 1 tool")),
    ],
)
async def test_what_is_left_of_the_live_message(display: Display, left: tuple[str, str]) -> None:
    async with scene(display) as it:
        await it.after(LS, TextDelta(text="Hello"))
        await it.pass_s(42)
        await it.after(ToolEnd(id="t1", failed=False), DONE)
        assert put_away(list(await it.reply.pieces(OK))) == [left]


async def test_a_task_list_leaves_how_far_it_came() -> None:
    async with scene() as it:
        await it.after(TASKS)
        await it.after(DONE)
        assert put_away(list(await it.reply.pieces(OK))) == [("fold", "-# 0 s · 1 of 2 tasks done\n☐ write")]


async def test_a_live_message_whose_id_was_never_learned_is_folded_by_its_nonce() -> None:
    port = FakePort()
    port.faults = {"landed": [ChatError("The connection was reset.")]}
    async with scene("all", port) as it:
        await it.after(LS)
        [_answer, fold] = await it.reply.pieces(OK)
        assert (fold.action, fold.target_id, fold.target_nonce) == ("fold", None, port.nonces[0])


async def test_a_verbose_room_sees_what_was_changed_under_the_answer(tmp_path: Path) -> None:
    edit = ToolStart(id="t1", name="Edit", title="a.txt")
    large = replace(EDITED, diff="\n".join(["--- b", "+++ b", *("+x" for _ in range(3000))]))
    cases: list[tuple[Display, ToolEnd, list[str]]] = [
        ("all", EDITED, []),
        ("verbose", EDITED, [f"-# 1 file changed, +1 −1\n```diff\n{DIFF}\n```"]),
        ("verbose", large, ["-# 1 file changed, +3000 −0"]),
    ]
    for display, more, changed in cases:
        async with scene(display, spool=Spool(tmp_path / "spool")) as it:
            await it.after(edit, more, DONE)
            answer, *rest = [one for one in await it.reply.pieces(OK) if one.action == "send"]
            assert answer.body == "one two"
            assert [one.body for one in rest] == changed
            assert [file.name for one in rest for file in one.files] == ["changes.diff"] * (more is large)


@pytest.mark.parametrize("error", [ChatRefused(), MessageGone(), ChatError(retry_after_s=9)])
async def test_a_channel_that_is_lost_mid_answer_costs_the_picture_alone(error: ChatError) -> None:
    async with scene("verbose") as it:
        await it.after(LS)
        it.port.faults = {"edit": [error] * 99, "send": [error] * 99, "typing": [error] * 99}
        await it.after(EDITED, TextDelta(text="x"))
        for _ in range(5):
            await it.pass_s(2)
        await it.after(DONE)
        assert next(iter(await it.reply.pieces(OK))).body == "one two"


async def test_a_loss_of_context_is_said_above_the_answer_whatever_is_shown() -> None:
    async with scene("off") as it:
        await it.after(Compacted(before=182_000, after=12_000), DONE)
        [answer] = await it.reply.pieces(OK)
        assert answer.body.startswith("-# The conversation grew too long")
        assert answer.body.endswith("\n\none two")


async def test_words_that_nobody_asked_for_are_marked() -> None:
    it = Scene(RoomSettings())
    it.reply = LiveReply(
        port=it.port,
        turn=replace(turn(), kind=Kind.NOTICE, origin=Origin.AGENT, id=TurnId(0)),
        note=it.note,
        asks=OpenAsks(),
        clock=it.clock,
        nonce=str,
        ask_limit_s=1,
        room=RoomSettings(footer="off"),
    )
    begun = Started(agent_session_id="s", model="m", workdir="/w")
    for event in (BackgroundTasks(count=1, names=("make",)), BackgroundTasks(count=0), begun, LS):
        it.reply.emit(event)
    [answer] = await it.reply.pieces(OK)
    assert answer.body == "-# Ended in the background: make · 1 tool\n\none two"


async def test_five_hundred_tools_cost_one_request_a_second() -> None:
    async with scene("all") as it:
        for number in range(500):
            await it.after(ToolStart(id=str(number), name="Bash", title="*" * 200))
            await it.pass_s(0.02)
        for _ in range(2):
            await it.pass_s(1.1)
        assert len(it.port.asked("edit")) <= 12
        assert "500 tools" in it.port.bodies()[0]

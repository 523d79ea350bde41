"""What each command does and says, on any platform."""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.access import Tier
from bot.commands.new import NEW
from bot.commands.queue import QUEUE
from bot.commands.reset import RESET
from bot.commands.spec import Command, Given
from bot.commands.status import STATUS, status_text
from bot.commands.stop import STOP
from bot.commands.why import WHY
from bot.components import Button
from bot.open_asks import CardView, OpenAsks
from bot.said import Said
from sessions.errors import NotAllowed, StateError
from sessions.events import PermissionAsk
from sessions.keys import SessionKey, TurnId
from sessions.manager import Queue, RoomStatus
from sessions.room_settings import RoomSettings
from sessions.store.past import Trouble
from sessions.store.values import Fate, Kind, Prompt, TurnState
from tests.support.calls import called
from tests.support.desk_rooms import KEY, RECORD, STATE, Rooms, turn
from tests.support.said_buttons import buttons_of

SOME_TIME = datetime(2030, 1, 1, tzinfo=UTC)
AT = f"<t:{SOME_TIME.timestamp():.0f}:R>"


async def call(
    command: Command, rooms: Rooms, options: Mapping[str, Given] | None = None, tier: Tier = Tier.OWNER
) -> str:
    return (await use(command, rooms, options, tier)).text


def use(
    command: Command,
    rooms: Rooms,
    options: Mapping[str, Given] | None = None,
    tier: Tier = Tier.OWNER,
    asks: OpenAsks | None = None,
) -> Awaitable[Said]:
    return command.run(replace(called(rooms, options, tier=tier), asks=asks or OpenAsks()))


def set_to(**values: object) -> RoomStatus:
    return replace(STATE, settings=RoomSettings.model_validate(values))


async def test_reset_takes_its_place_before_it_is_awaited() -> None:
    rooms = Rooms(ahead=2)
    answer = use(RESET, rooms)
    [row] = rooms.rows
    assert (row.kind, row.key, row.head, row.msg_id) == (Kind.RESET, KEY, False, 99)
    assert "when the 2 turns before this have ended" in (await answer).text


async def test_reset_of_an_idle_room_is_done() -> None:
    assert await call(RESET, Rooms()) == "This room starts fresh."


async def test_reset_now_goes_before_everything_that_waits() -> None:
    rooms = Rooms(ahead=2)
    assert "What runs is ended" in await call(RESET, rooms, {"now": True})
    assert rooms.rows[0].head


async def test_a_reset_that_cannot_be_stored_is_told() -> None:
    with pytest.raises(StateError):
        await call(RESET, Rooms(failure=StateError()))


async def test_what_is_in_line_is_said_to_be_so_also_if_the_store_fails_right_after() -> None:
    class Failing(Rooms):
        async def queue(self, key: SessionKey) -> Queue:
            raise StateError("the disk is full")

    assert await call(RESET, Failing()) == "This room starts fresh."
    assert "This room starts fresh now." in await call(NEW, Failing())


async def test_a_store_in_trouble_keeps_no_operator_from_stopping_what_runs() -> None:
    class Failing(Rooms):
        async def queue(self, key: SessionKey) -> Queue:
            raise StateError("the disk is full")

    rooms = Failing(runs=True)
    assert "Stopping what runs here." in await call(STOP, rooms, tier=Tier.OPERATOR)
    assert rooms.stopped == [KEY]
    with pytest.raises(StateError):  # whether it is theirs cannot be known
        await call(STOP, rooms, tier=Tier.USER)


async def test_stop_says_whether_something_ran() -> None:
    rooms = Rooms(runs=True, running=turn(1))
    assert "Stopping what runs here" in await call(STOP, rooms)
    assert rooms.stopped == [KEY]
    assert "Nothing is running in this room" in await call(STOP, Rooms(runs=False))


async def test_a_user_stops_what_they_asked_for_and_nothing_else() -> None:
    theirs = Rooms(runs=True, running=turn(1))
    assert "Stopping what runs here" in await call(STOP, theirs, tier=Tier.USER)
    others = replace(turn(1), prompt=Prompt(text="x", author_id="8", author_name="*ben*"))
    rooms = Rooms(runs=True, running=others)
    with pytest.raises(NotAllowed, match="only \\\\\\*ben\\\\\\*, who asked for it, or an operator may"):
        await call(STOP, rooms, tier=Tier.USER)
    assert not rooms.stopped
    assert "Stopping" in await call(STOP, rooms, tier=Tier.OPERATOR)
    nothing = Rooms(runs=True)
    assert "Nothing is running" in await call(STOP, nothing, tier=Tier.USER)
    assert not nothing.stopped


async def test_reset_and_stop_tell_of_a_pause() -> None:
    assert "starts fresh once `/queue` resumes it" in await call(RESET, Rooms(paused=True), {"now": True})
    text = await call(STOP, Rooms(runs=True, paused=True))
    assert "what waits goes on once `/queue` resumes this room." in text


async def test_status_tells_everything_about_the_room_it_is_asked_in() -> None:
    text = await call(STATUS, Rooms())
    for fact in (
        "`room`",
        "idle",
        "0 waiting",
        "Agent: claude",
        "model: the agent's choice",
        "Mode: `default`: it asks before",
        "Shown: display new · thinking hidden · footer short",
        "Isolation: none",
        "`6f1c`",
        "3 turns",
        "`/data/sessions/room/work`",
        "`/data/sessions/room/memory`",
        "50,000 of 200,000 tokens (25%)",
        "$0.12",
        "```sh\ncd /data && claude --resume 6f1c\n```",
    ):
        assert fact in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (replace(STATE, state="running", running_for_s=65.0, waiting=2), "running for 1 min 5 s · 2 waiting"),
        (replace(STATE, paused=True), "0 waiting · **paused**: `/queue` resumes it"),
        (
            STATE,
            "While a turn runs, a new message waits; after a restart, a turn that was cut off waits for",
        ),
        (set_to(when_busy="steer", on_interrupt="fail"), "is handed to what runs; "),
        (set_to(when_busy="interrupt", on_interrupt="resume"), "cut off goes on by itself."),
        (replace(STATE, state="asking"), "waiting for your permission"),
        (replace(STATE, isolation="strict", reaches=()), "own; all that it reaches outside is its model\n"),
        (replace(STATE, reaches=("a.test", "*.b.test:1")), "its model and `a.test`, `*.b.test:1`\n"),
        (replace(STATE, record=None, terminal_command=None), "Session: none yet"),
        (replace(STATE, record=replace(RECORD, context_tokens=None)), "Context: not known yet"),
        (replace(STATE, record=replace(RECORD, context_window=None)), "Context: 50,000 tokens"),
        (replace(STATE, record=replace(RECORD, workdir=Path("/a`b"))), "`` /a`b ``"),
        (
            replace(set_to(model="sonnet", effort="low"), live=False),
            "model: `sonnet` · effort: low · process: not running",
        ),
        (set_to(permission_mode="dontAsk"), "Mode: `dontAsk`: it **never asks: refuses itself"),
        (set_to(permission_mode="bypassPermissions"), "it **never asks: does whatever it wants"),
        (
            replace(STATE, trouble=Trouble(ended=SOME_TIME, channel_id="1", cause="*It* is busy. Wait.")),
            f"**Last error** {AT}: \\*It\\* is busy. Wait.\n-# Your next message here is a new try.",
        ),
        (
            replace(STATE, record=None, trouble=Trouble(ended=SOME_TIME, channel_id="1")),
            f"**Last error** {AT}: the agent failed and gave no reason.\n",
        ),
        (
            replace(STATE, trouble=Trouble(ended=SOME_TIME, channel_id="1", lost="Missing Permissions")),
            f"**Last error** {AT}: the answer did not arrive. Missing Permissions\n-# Give me what I lack",
        ),
        (set_to(prompt="be kind"), "footer short · with a room prompt: `/config`"),
    ],
)
def test_status_tells_what_there_is(state: RoomStatus, words: str) -> None:
    assert words in status_text(state, "1")


def test_status_tells_no_word_of_an_error_in_another_channel_of_the_room() -> None:
    trouble = Trouble(ended=SOME_TIME, channel_id="2", cause="a secret plan", lost="a secret plan")
    text = status_text(replace(STATE, trouble=trouble), "1")
    assert "in another channel" in text
    assert "a secret plan" not in text


async def test_status_shows_what_is_asked_in_its_own_channel_alone() -> None:
    asks = OpenAsks()
    asks.add(TurnId(1), PermissionAsk(id="a", tool="Bash", title="ls"))
    [entry] = asks.of_turn(TurnId(1))
    row = (Button(label="Deny", action="rk:deny:1:x"),)
    entry.view = lambda: CardView("**Bash** needs your permission", (row,))
    for channel, is_shown in (("1", True), ("2", False)):
        rooms = Rooms(state=replace(STATE, state="asking"), running=turn(1, channel=channel))
        said = await use(STATUS, rooms, asks=asks)
        assert ("needs your permission" in said.text, said.rows == (row,)) == (is_shown, is_shown)


async def test_queue_shows_what_runs_and_waits_with_buttons() -> None:
    rooms = Rooms(running=turn(1, "build it"), waiting=[turn(2, "then test"), turn(3, "then ship")])
    said = await use(QUEUE, rooms)
    for words in ("build it", "then test", "then ship"):
        assert words in said.text
    assert [button.label for button in buttons_of(said)] == [
        *("Remove 1", "Remove 2", "Move 2 up", "Run 2 next"),
        *("Clear", "Pause", "Refresh"),
    ]


def fate(state: TurnState, **more: object) -> Fate:
    known = Fate(channel_id="1", decided=SOME_TIME, turn=turn(5, state=state))
    return replace(known, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (fate(TurnState.QUEUED), f"It is next. It came {AT}."),
        (fate(TurnState.QUEUED, ahead=1), "It waits; one is before it."),
        (fate(TurnState.QUEUED, ahead=3), "It waits; 3 are before it."),
        (
            fate(TurnState.QUEUED, turn=replace(turn(5), resumption="continue")),
            "It was interrupted once and will be taken up again.",
        ),
        (fate(TurnState.RUNNING), "It is being answered, for 1 min 5 s so far."),
        (fate(TurnState.INTERRUPTED), "use the buttons under its card"),
        (fate(TurnState.DONE, ended=SOME_TIME, summary="the answer"), f"It was answered {AT}."),
        (
            fate(TurnState.FAILED, ended=SOME_TIME, summary="The agent is *not* logged in."),
            f"It failed {AT}: The agent is \\*not\\* logged in.",
        ),
        (fate(TurnState.FAILED), "It failed."),
        (fate(TurnState.CANCELLED, ended=SOME_TIME, summary="not any more"), f"It was dropped {AT}: not any"),
        (fate(TurnState.CANCELLED, ended=SOME_TIME), f"It was stopped before it was done {AT}."),
        (
            fate(TurnState.CANCELLED, turn=replace(turn(5), state=TurnState.CANCELLED)),
            "taken out of the queue",
        ),
        (fate(TurnState.MERGED), "It was handed to what runs here now, and is answered together with that."),
        (
            Fate(channel_id="1", decided=SOME_TIME, reason="does not mention the bot"),
            "does not mention the bot",
        ),
    ],
)
async def test_why_says_what_became_of_a_message(known: Fate, words: str) -> None:
    rooms = Rooms(fates={5: known}, state=replace(STATE, state="running", running_for_s=65.0))
    assert words in await call(WHY, rooms, {"message": "5"})


async def test_why_says_that_a_room_is_paused() -> None:
    rooms = Rooms(fates={5: fate(TurnState.QUEUED)}, paused=True)
    assert "This room is paused: `/queue` resumes it." in await call(WHY, rooms, {"message": "5"})


async def test_why_shows_a_long_cause_in_part_and_no_answer_at_all() -> None:
    failed = fate(TurnState.FAILED, summary="x" * 5000)
    assert len(await call(WHY, Rooms(fates={5: failed}), {"message": "5"})) < 600
    done = fate(TurnState.DONE, summary="the answer")
    assert "the answer" not in await call(WHY, Rooms(fates={5: done}), {"message": "5"})


@pytest.mark.parametrize(
    "named",
    [
        "5",
        " 5 ",
        "1-5",
        "https://discord.com/channels/77/1/5",
        "<https://discord.com/channels/77/1/5>",
        "https://discord.com/channels/77/1/5/",
        "https://ptb.discord.com/channels/77/1/5",
        "https://canary.discord.com/channels/@me/1/5",
        "https://discordapp.com/channels/1/5?from=here",
    ],
)
async def test_why_understands_links_and_ids(named: str) -> None:
    assert "answered" in await call(WHY, Rooms(fates={5: fate(TurnState.DONE)}), {"message": named})


@pytest.mark.parametrize("named", ["", "hello", "5 please", "https://discord.com/channels/77/1/x", "٥"])
async def test_why_says_what_it_takes(named: str) -> None:
    assert "names no message" in await call(WHY, Rooms(fates={5: fate(TurnState.DONE)}), {"message": named})


async def test_why_tells_nothing_of_another_place() -> None:
    """Not even whether there is such a message."""
    elsewhere = fate(TurnState.DONE, channel_id="2")
    rooms = Rooms(fates={5: elsewhere})
    answers = {
        await call(WHY, rooms, {"message": named})
        for named in ("5", "6", "https://discord.com/channels/77/2/5", "99999999999999999999")
    }
    assert len(answers) == 1
    assert "no such message here" in answers.pop()

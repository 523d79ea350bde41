"""What buttons under permissions and plans say, and who decided, also when the process is gone."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.approvals import AskClick, Op, decide, parse_ask, reason_modal
from bot.ask_view import action
from bot.chat import Person
from bot.open_asks import OpenAsks, short_name
from sessions.agents.base import Allow, Decision, Deny
from sessions.errors import AlreadyDecided, StateError, UserError
from sessions.events import PermissionAsk, PlanAsk, Question, QuestionAsk
from sessions.keys import TurnId
from sessions.store.values import Settle, Turn, TurnState
from tests.support.desk_rooms import KEY, Rooms
from tests.support.desk_rooms import turn as made_turn

ANN = Person(id="7", name="ann")
BEN = Person(id="8", name="*ben*")
MARK = "0" * 32
ASK = PermissionAsk(
    id="toolu_1", tool="Bash", title="ls", arguments={"command": "ls"}, fingerprint=MARK, rule="Bash(ls *)"
)
PLAN = PlanAsk(id="toolu_2", plan="1. Look", fingerprint=MARK)
TURN = TurnId(12)
RUNS = made_turn(12, state=TurnState.RUNNING)
CUT = made_turn(12, state=TurnState.INTERRUPTED)


def open_asks(*asks: PermissionAsk | PlanAsk | QuestionAsk) -> OpenAsks:
    made = OpenAsks()
    for ask in asks or (ASK,):
        made.add(TURN, ask)
    return made


def click(op: Op, ask: str = "toolu_1", reason: str = "") -> AskClick:
    return AskClick(op, TURN, short_name(ask), MARK, reason)


@given(st.text(max_size=300), st.integers(0, 10**18 - 1), st.sampled_from(["", MARK]))
def test_a_button_says_what_it_is_for_in_a_hundred_characters(ask_id: str, turn: int, mark: str) -> None:
    for op in ("allow", "always", "edits", "deny", "why", "keep"):
        made = action(op, TurnId(turn), replace(ASK, id=ask_id, fingerprint=mark))
        assert len(made) <= 100
        assert parse_ask(made) == AskClick(op, TurnId(turn), short_name(ask_id), mark)


@pytest.mark.parametrize(
    "action",
    [
        "",
        "rk:allow:12",
        "rk:run:12:0123456789abcdef",
        "x rk:allow:1:0123456789abcdef",
        "rk:no:1:0123456789abcdef:1",
    ],
)
def test_foreign_actions_mean_nothing(action: str) -> None:
    assert parse_ask(action) is None


@pytest.mark.parametrize("op", ["why", "keep"])
def test_a_reason_is_asked_for_in_a_modal_that_outlives_a_restart(op: Op) -> None:
    modal = reason_modal(click(op))
    assert modal is not None
    assert len(modal.action) <= 100
    assert parse_ask(modal.action, {"reason": "too early"}) == click("no", reason="too early")
    assert reason_modal(click("allow")) is None


async def test_the_first_click_decides_and_its_name_is_on_the_card() -> None:
    asks, rooms = open_asks(), Rooms()
    clicked = await decide(click("allow"), ANN, RUNS, asks, rooms)
    assert clicked.message.text == "-# Bash: ls · allowed once by ann"
    assert clicked.deed == "allow request"
    assert rooms.decided == [(TURN, "toolu_1", Allow())]
    with pytest.raises(AlreadyDecided):
        await decide(click("deny"), BEN, RUNS, asks, rooms)


async def test_a_no_is_told_to_the_agent_and_a_reason_with_it() -> None:
    rooms = Rooms()
    clicked = await decide(click("deny"), BEN, RUNS, open_asks(), rooms)
    assert clicked.message.text == r"-# Bash: ls · denied by \*ben\*"
    assert rooms.decided == [(TURN, "toolu_1", Deny(reason='"*ben*" said no.'))]
    rooms = Rooms()
    clicked = await decide(click("no", reason="not\n on \u202eSundays"), BEN, RUNS, open_asks(), rooms)
    assert clicked.message.text == r"-# Bash: ls · denied by \*ben\*, with a reason"
    assert rooms.decided == [(TURN, "toolu_1", Deny(reason='"*ben*" said no: not on Sundays'))]


async def test_always_here_is_kept_with_who_said_so_and_audited() -> None:
    rooms = Rooms()
    clicked = await decide(click("always"), ANN, RUNS, open_asks(), rooms)
    assert clicked.message.text == "-# Bash: ls · allowed here for good by ann: `Bash(ls *)`"
    assert (clicked.deed, clicked.detail) == ("allow for good", "Bash(ls *)")
    assert rooms.decided == [(TURN, "toolu_1", Allow())]
    [taught] = await rooms.permissions.taught(KEY)
    assert (taught.rule, taught.by_id, taught.by_name) == ("Bash(ls *)", "7", "ann")


async def test_what_has_no_narrow_rule_is_not_allowed_for_good() -> None:
    rooms = Rooms()
    with pytest.raises(UserError, match="Allow once"):
        await decide(click("always"), ANN, RUNS, open_asks(replace(ASK, rule="")), rooms)
    assert not rooms.decided


async def test_a_rule_that_cannot_be_stored_is_allowed_once() -> None:
    rooms = Rooms()
    rooms.permissions._facts.failure = StateError()  # type: ignore[attr-defined]
    clicked = await decide(click("always"), ANN, RUNS, open_asks(), rooms)
    assert "allowed once by ann; it could not be kept" in clicked.message.text
    assert rooms.decided == [(TURN, "toolu_1", Allow())]


@pytest.mark.parametrize(
    ("op", "decision", "words"),
    [
        ("allow", Allow(), "approved by ann, who is asked about each edit"),
        ("edits", Allow(accept_edits=True), "approved by ann, edits included"),
        ("no", Deny(reason='"ann" wants you to keep planning: more tests'), "sent back by ann"),
    ],
)
async def test_a_plan_is_approved_or_sent_back(op: Op, decision: Allow | Deny, words: str) -> None:
    rooms = Rooms()
    clicked = await decide(click(op, "toolu_2", "more tests"), ANN, RUNS, open_asks(PLAN), rooms)
    line, _, plan = clicked.message.text.partition("\n")
    assert line == f"-# The plan · {words}"
    assert plan == ("" if op == "no" else PLAN.plan)
    assert rooms.decided == [(TURN, "toolu_2", decision)]


async def test_a_button_of_a_modal_decides_nothing_by_itself() -> None:
    rooms = Rooms()
    with pytest.raises(UserError, match="fill in"):
        await decide(click("why"), ANN, RUNS, open_asks(), rooms)
    assert not rooms.decided


async def test_a_question_is_not_answered_by_a_yes() -> None:
    asks = open_asks(QuestionAsk(id="toolu_1", questions=(Question(text="Which?"),)))
    with pytest.raises(AlreadyDecided):
        await decide(click("allow"), ANN, RUNS, asks, Rooms())


async def test_an_old_button_of_a_turn_that_runs_decides_nothing() -> None:
    rooms, asks = Rooms(), open_asks()
    asks.remove(TURN, "toolu_1")
    for op in ("allow", "deny", "always", "edits", "no"):
        with pytest.raises(AlreadyDecided):
            await decide(click(op), ANN, RUNS, asks, rooms)
    assert not rooms.decided
    assert not rooms.settled


@pytest.mark.parametrize("state", [TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED])
async def test_an_old_button_of_a_turn_that_is_over_decides_nothing(state: TurnState) -> None:
    rooms = Rooms()
    for op in ("allow", "deny"):
        with pytest.raises(AlreadyDecided):
            await decide(click(op), ANN, replace(RUNS, state=state), OpenAsks(), rooms)
    assert not rooms.settled


async def test_after_a_restart_a_yes_continues_and_is_kept_for_the_same_ask_once() -> None:
    rooms = Rooms()
    clicked = await decide(click("allow"), ANN, CUT, OpenAsks(), rooms)
    assert clicked.message.text == "-# Allowed by ann. It counts when the agent asks the same again."
    assert rooms.settled == {TURN: Settle.CONTINUE}
    assert await rooms.permissions.take(KEY, TURN, MARK) == Allow()
    assert await rooms.permissions.take(KEY, TURN, MARK) is None


async def test_after_a_restart_an_approved_plan_keeps_its_edits() -> None:
    rooms = Rooms()
    await decide(click("edits", "toolu_2"), ANN, CUT, OpenAsks(), rooms)
    assert await rooms.permissions.take(KEY, TURN, MARK) == Allow(accept_edits=True)


async def test_after_a_restart_nothing_is_allowed_for_good_and_nobody_says_so() -> None:
    rooms = Rooms()
    clicked = await decide(click("always"), ANN, CUT, OpenAsks(), rooms)
    assert clicked.message.text == "-# Allowed once by ann. It counts when the agent asks the same again."
    assert clicked.deed == "allow request"
    assert await rooms.permissions.taught(KEY) == []


async def test_edits_are_approved_with_a_plan_alone() -> None:
    rooms = Rooms()
    await decide(click("edits"), ANN, RUNS, open_asks(), rooms)
    assert rooms.decided == [(TURN, "toolu_1", Allow())]


async def test_after_a_restart_a_no_drops_the_turn() -> None:
    rooms = Rooms()
    clicked = await decide(click("deny"), ANN, CUT, OpenAsks(), rooms)
    assert clicked.message.text == "-# Dropped by ann."
    assert rooms.settled == {TURN: Settle.DROP}
    with pytest.raises(AlreadyDecided):
        await decide(click("deny"), BEN, CUT, OpenAsks(), rooms)


async def test_a_yes_that_comes_too_late_is_not_kept() -> None:
    rooms = Rooms()
    assert await rooms.settle(TURN, Settle.DROP)
    with pytest.raises(AlreadyDecided):
        await decide(click("allow"), ANN, CUT, OpenAsks(), rooms)
    assert await rooms.permissions.take(KEY, TURN, MARK) is None


async def test_an_old_card_answers_when_the_resumed_turn_has_asked_again() -> None:
    again: Turn = replace(RUNS, attempt=2)
    asks, rooms = open_asks(replace(ASK, id="toolu_9")), Rooms()
    clicked = await decide(click("allow"), ANN, again, asks, rooms)
    assert rooms.decided == [(TURN, "toolu_9", Allow())]
    entry = asks.entry(TURN, short_name("toolu_9"))
    assert entry is not None
    assert entry.line == clicked.message.text == "-# Bash: ls · allowed once by ann"


async def test_an_old_card_answers_nothing_but_the_same_ask() -> None:
    asks, rooms = open_asks(replace(ASK, id="toolu_9", fingerprint="1" * 32)), Rooms()
    await decide(click("allow"), ANN, replace(RUNS, attempt=2), asks, rooms)
    assert not rooms.decided  # it is kept until the same is asked
    assert await rooms.permissions.take(KEY, TURN, MARK) == Allow()


async def test_of_two_decisions_at_once_the_first_is_on_the_card_whoever_is_slower() -> None:
    class Slow(Rooms):
        async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
            await asyncio.sleep(0)
            await super().decide(turn, ask, decision)

    asks, rooms = open_asks(), Slow()
    asks.shown(TURN, ASK.id, "99")
    [entry] = asks.of_turn(TURN)
    # Ann on another message than the card, such as that of /status; Ben on the card itself.
    first = asyncio.create_task(decide(click("allow"), ANN, RUNS, asks, rooms, "100"))
    second = asyncio.create_task(decide(click("deny"), BEN, RUNS, asks, rooms, "99"))
    await asyncio.wait([first, second])
    assert "allowed once by ann" in first.result().message.text
    assert isinstance(second.exception(), AlreadyDecided)
    assert entry.line == first.result().message.text
    assert [decision for _, _, decision in rooms.decided] == [Allow()]


async def test_a_card_that_changes_by_itself_promises_nothing_for_good() -> None:
    asks = open_asks()
    asks.shown(TURN, ASK.id, "99")
    [entry] = asks.of_turn(TURN)
    await decide(click("always"), ANN, RUNS, asks, Rooms(), "100")
    assert entry.line == "-# Bash: ls · allowed by ann: `/permissions` shows what holds here"


async def test_a_decision_that_failed_can_be_taken_again() -> None:
    class Failing(Rooms):
        async def decide(self, turn: TurnId, ask: str, decision: Decision) -> None:
            raise StateError("the disk is full")

    asks = open_asks()
    with pytest.raises(StateError):
        await decide(click("allow"), ANN, RUNS, asks, Failing(), "100")
    [entry] = asks.of_turn(TURN)
    assert (entry.line, entry.is_taken) == ("", False)
    await decide(click("allow"), ANN, RUNS, asks, Rooms())

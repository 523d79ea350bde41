"""A turn, event by event: how it ends, what it keeps, and its three limits."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal, Self
from uuid import uuid4

import pytest

from sessions.agents.base import Allow, Answers, Decision, Deny, TurnInput
from sessions.clock import SystemClock
from sessions.errors import AgentError, AgentGone
from sessions.events import (
    Ask,
    AskWithdrawn,
    Event,
    Exited,
    PermissionAsk,
    Question,
    QuestionAsk,
    Started,
    TextDelta,
    TextFinal,
    ToolStart,
    TurnDone,
    Usage,
)
from sessions.keys import TurnId
from sessions.mailbox import Alarm
from sessions.running_turn import RunningTurn
from sessions.store.values import Piece
from sessions.turn import Halt, Limits, Outcome

TURN = TurnId(1)
PROMPT = TurnInput(turn=TURN, uuid=uuid4(), text="hello")
PATIENT = Limits(silence_s=30, turn_s=60, ask_s=30)


class QuietAgent:
    """An agent session that says nothing by itself and remembers what it was told."""

    agent_session_id = "s1"

    def __init__(self, *, stops: bool = True, gone: bool = False) -> None:
        self.sent: list[TurnInput] = []
        self.answers: list[tuple[str, Decision]] = []
        self.log: list[str] = []
        self.interrupted = asyncio.Event()
        self.answered = asyncio.Event()
        self.stops = stops
        self.gone = gone
        self.turn: RunningTurn | None = None
        self.reads = True
        self.takes = True
        self.sink: Heard | None = None
        self.withdrawn_before_it_answered = False
        self.at_interrupt: Sequence[Event] = ()

    async def send(self, turn: TurnInput) -> None:
        if self.gone:
            raise AgentGone
        if not self.reads:
            await asyncio.Event().wait()
        self.sent.append(turn)

    async def steer(self, turn: TurnInput) -> bool:
        return False

    async def events(self) -> AsyncGenerator[Event, None]:
        return
        yield

    async def context(self) -> None:
        return

    async def answer(self, ask: str, decision: Decision) -> bool:
        self.answers.append((ask, decision))
        self.answered.set()
        if self.sink is not None:
            self.withdrawn_before_it_answered = AskWithdrawn(id=ask, reason="answered") in self.sink.events
        return self.takes

    def decide(self, tool: str, decision: Decision) -> None:
        self.log.append(f"{tool}: {'runs' if isinstance(decision, Allow) else 'does not run'}")

    async def interrupt(self) -> None:
        self.interrupted.set()
        for event in self.at_interrupt:
            assert self.turn is not None
            self.turn.feed(event)
        if self.stops and self.turn is not None:
            self.turn.feed(TurnDone(status="stopped", agent_session_id="s1", turn=TURN))

    async def close(self, grace_s: float) -> None:
        pass


class Heard:
    """A reply sink that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.heard = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self.heard.set()

    def waiting(self, count: int) -> None:
        pass

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        return ()


class Stage:
    """A turn with a quiet agent."""

    def __init__(self, limits: Limits = PATIENT, *, stops: bool = True, gone: bool = False) -> None:
        self.agent, self.sink, self.tools = QuietAgent(stops=stops, gone=gone), Heard(), list[str]()
        self.stores = list[bool]()  # whether the next tools can be stored; all can if empty
        self.asking = list[bool]()
        self.steered = 0
        self.turn = RunningTurn(
            agent=self.agent,
            sink=self.sink,
            limits=limits,
            clock=SystemClock(),
            alarm=Alarm(),
            note_tool=self._note,
            steer=self._steer,
            begin_asking=lambda: self.asking.append(True),
            end_asking=lambda: self.asking.append(False),
        )
        self.agent.turn = self.turn

    async def _note(self, title: str) -> bool:
        self.tools.append(title)
        is_stored = self.stores.pop(0) if self.stores else True
        await asyncio.sleep(0)
        self.agent.log.append(f"{title} {'stored' if is_stored else 'not stored'}")
        return is_stored

    async def _steer(self) -> None:
        self.steered += 1

    async def play(self, *events: Event) -> Outcome:
        for event in events:
            self.turn.feed(event)
        return await self.turn.run(PROMPT, now_s())


def now_s() -> float:
    return SystemClock().monotonic_s()


def done(text: str = "hi") -> TurnDone:
    return TurnDone(status="ok", agent_session_id="s2", text=text, turn=TURN, usage=Usage(cost_usd=0.5))


async def test_the_answer_and_the_figures_come_from_the_end() -> None:
    stage = Stage()
    outcome = await stage.play(TextDelta(text="h", turn=TURN), TextFinal(text="hi", turn=TURN), done())
    ended = Outcome(status="ok", text="hi", usage=Usage(cost_usd=0.5), agent_session_id="s2")
    assert replace(outcome, took_s=None) == ended
    assert outcome.took_s is not None
    assert stage.agent.sent == [PROMPT]
    assert len(stage.sink.events) == 3


async def test_how_long_it_took_and_which_agent_worked_is_known_of_any_end() -> None:
    started = Started(agent_session_id="s2", model="large", workdir="/room", turn=TURN)
    tool = ToolStart(id="t", name="Bash", title="ls", turn=TURN)
    outcome = await Stage().play(started, tool, done())
    assert outcome.started == started
    assert (outcome.tools, outcome.last_tool) == (1, "ls")


async def test_a_failed_turn_keeps_what_was_written() -> None:
    failed = TurnDone(status="failed", agent_session_id="s1", text="No.", problem="api", turn=TURN)
    outcome = await Stage().play(TextFinal(text="one", turn=TURN), TextDelta(text="tw", turn=TURN), failed)
    assert (outcome.status, outcome.text, outcome.partial) == ("failed", "No.", "one\n\ntw")
    assert not outcome.spent


async def test_a_process_that_ends_is_said_with_its_last_line() -> None:
    outcome = await Stage().play(
        TextDelta(text="half", turn=TURN), Exited(exit_code=137, stderr_tail="x\nKilled\n")
    )
    assert outcome.status == "failed"
    assert outcome.problem == "gone"
    assert outcome.text.endswith("Its last words: Killed")
    assert outcome.partial == "half"
    assert outcome.spent


async def test_a_tool_is_noted_before_the_next_event() -> None:
    stage = Stage()
    await stage.play(ToolStart(id="t", name="Bash", title="Bash: ls", turn=TURN), done())
    assert stage.tools == ["Bash: ls"]


async def test_a_tool_runs_once_the_store_knows_that_it_begins() -> None:
    stage = Stage()
    await stage.play(
        ToolStart(id="1", name="Bash", title="ls", turn=TURN),
        ToolStart(id="2", name="Bash", title="make", turn=TURN),
        done(),
    )
    assert stage.agent.log == ["ls stored", "1: runs", "make stored", "2: runs"]


async def test_no_tool_runs_before_one_is_stored_and_then_all_do() -> None:
    """One that is stored is enough for a turn not to be run again in silence."""
    stage = Stage()
    stage.stores = [False, True, False]
    await stage.play(*(ToolStart(id=name, name="Bash", title="ls", turn=TURN) for name in "123"), done())
    assert stage.agent.log[1::2] == ["1: does not run", "2: runs", "3: runs"]


async def test_stop_interrupts_the_agent_and_ends_the_turn() -> None:
    stage = Stage()
    stage.turn.feed(TextDelta(text="half", turn=TURN))
    stage.turn.halt("stopped")
    outcome = await stage.turn.run(PROMPT, now_s())
    assert (outcome.status, outcome.partial, outcome.spent) == ("stopped", "half", False)


async def test_a_drain_is_no_stop() -> None:
    stage = Stage()
    stage.turn.halt("interrupted")
    stage.turn.halt("stopped")
    assert (await stage.turn.run(PROMPT, now_s())).status == "interrupted"


async def test_an_answer_that_was_ready_before_the_stop_counts() -> None:
    stage = Stage(stops=False)
    stage.turn.halt("stopped")
    stage.turn.feed(done("all of it"))
    outcome = await stage.turn.run(PROMPT, now_s())
    assert (outcome.status, outcome.text) == ("ok", "all of it")


async def test_an_agent_that_ends_itself_when_stopped_is_stopped() -> None:
    stage = Stage(stops=False)
    stage.turn.halt("stopped")
    stage.turn.feed(Exited(exit_code=143))
    outcome = await stage.turn.run(PROMPT, now_s())
    assert (outcome.status, outcome.spent) == ("stopped", True)


async def test_silence_ends_the_turn_and_the_process_stays() -> None:
    outcome = await Stage(Limits(silence_s=0.01, turn_s=60, ask_s=30)).play(TextDelta(text="half", turn=TURN))
    assert (outcome.status, outcome.problem, outcome.partial) == ("failed", "silence", "half")
    assert "said nothing for" in outcome.text
    assert not outcome.spent


async def test_the_time_limit_counts_although_the_agent_talks() -> None:
    stage = Stage(Limits(silence_s=30, turn_s=0.0, ask_s=30))
    outcome = await stage.play()
    assert "was not done after" in outcome.text


async def test_an_open_question_is_no_silence() -> None:
    stage = Stage(Limits(silence_s=0.01, turn_s=60, ask_s=0.1))
    stage.turn.feed(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.agent.answered.wait()
        stage.turn.feed(done())
    assert running.result().status == "ok"
    [(ask, decision)] = stage.agent.answers
    assert ask == "a"
    assert isinstance(decision, Deny)
    assert AskWithdrawn(id="a", reason="expired") in stage.sink.events


async def test_the_first_answer_to_a_question_wins() -> None:
    stage = Stage()
    stage.turn.feed(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.sink.heard.wait()
        assert stage.turn.is_asking
        assert await stage.turn.answer("a", Allow())
        assert not await stage.turn.answer("a", Deny(reason="no"))
        stage.turn.feed(done())
    assert running.result().status == "ok"
    assert stage.agent.answers == [("a", Allow())]


@pytest.mark.parametrize(("takes", "reason"), [(True, "answered"), (False, "agent")])
async def test_a_question_counts_as_answered_once_the_agent_took_the_answer(
    takes: bool, reason: Literal["answered", "agent"]
) -> None:
    stage = Stage()
    stage.agent.takes, stage.agent.sink = takes, stage.sink
    stage.turn.feed(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.sink.heard.wait()
        assert await stage.turn.answer("a", Allow()) is takes
        stage.turn.feed(done())
    assert not stage.agent.withdrawn_before_it_answered
    withdrawn = [event for event in stage.sink.events if isinstance(event, AskWithdrawn)]
    assert withdrawn == [AskWithdrawn(id="a", reason=reason)]


async def test_a_question_that_the_agent_withdrew_cannot_be_answered() -> None:
    stage = Stage()
    outcome = await stage.play(
        PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN),
        AskWithdrawn(id="a", reason="agent", turn=TURN),
        done(),
    )
    assert outcome.status == "ok"
    assert not await stage.turn.answer("a", Allow())


async def test_a_dead_agent_is_told_to_the_worker() -> None:
    with pytest.raises(AgentGone):
        await Stage(gone=True).play()


async def test_an_answer_that_comes_while_a_silent_turn_is_ended_counts() -> None:
    stage = Stage(Limits(silence_s=0.01, turn_s=60, ask_s=30), stops=False)
    stage.agent.at_interrupt = [done("after all")]
    outcome = await stage.play()
    assert (outcome.status, outcome.text) == ("ok", "after all")


async def test_what_comes_while_a_silent_turn_is_ended_is_shown_and_kept() -> None:
    stage = Stage(Limits(silence_s=0.01, turn_s=60, ask_s=30))
    stage.agent.at_interrupt = [TextFinal(text="half", turn=TURN)]
    outcome = await stage.play()
    assert (outcome.status, outcome.problem, outcome.partial) == ("failed", "silence", "half")
    assert outcome.agent_session_id == "s1"
    assert TextFinal(text="half", turn=TURN) in stage.sink.events


async def test_an_agent_that_does_not_read_its_prompt_fails_the_turn() -> None:
    stage = Stage(Limits(silence_s=0.01, turn_s=60, ask_s=30))
    stage.agent.reads = False
    with pytest.raises(AgentError, match="hangs"):
        await stage.play()


async def test_it_is_told_once_when_people_are_waited_for_and_once_when_not() -> None:
    stage = Stage()
    await stage.play(
        PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN),
        PermissionAsk(id="b", tool="Bash", title="rm", turn=TURN),
        AskWithdrawn(id="a", reason="agent", turn=TURN),
        done(),
    )
    assert stage.asking == [True, False]


async def test_a_further_prompt_is_handed_over_while_the_turn_runs() -> None:
    stage = Stage()
    stage.turn.steer()
    await stage.play(done())
    assert stage.steered == 1


async def test_nothing_is_handed_over_to_a_turn_that_is_to_end() -> None:
    stage = Stage()
    stage.turn.halt("stopped")
    stage.turn.steer()
    await stage.play()
    assert stage.steered == 0


async def test_the_end_of_a_limit_reaches_whoever_tells_it() -> None:
    over = datetime(2030, 1, 1, tzinfo=UTC)
    failed = replace(done("No more."), status="failed", problem="rate_limit", resets_at=over)
    assert (await Stage().play(failed)).resets_at == over


async def test_a_turn_that_did_not_end_well_says_how_far_it_got() -> None:
    stage = Stage()
    stage.turn.feed(ToolStart(id="1", name="Bash", title="ls", turn=TURN))
    stage.turn.feed(ToolStart(id="2", name="Bash", title="make", turn=TURN))
    stage.turn.halt("interrupted")
    outcome = await stage.turn.run(PROMPT, now_s() - 60)
    assert (outcome.tools, outcome.last_tool) == (2, "make")
    assert outcome.took_s is not None
    assert outcome.took_s >= 60


async def test_the_time_that_the_agent_took_to_start_counts() -> None:
    outcome = await Stage(Limits(silence_s=60, turn_s=60, ask_s=30)).turn.run(PROMPT, now_s() - 61)
    assert outcome.problem == "silence"
    assert "was not done after" in outcome.text


async def test_a_question_keeps_a_turn_open_longer_than_it_may_take_itself() -> None:
    stage = Stage(Limits(silence_s=0.01, turn_s=0.05, ask_s=0.1, question_s=60))
    stage.turn.feed(QuestionAsk(id="q", questions=(Question(text="Which?"),), turn=TURN))
    stage.turn.feed(PermissionAsk(id="p", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.agent.answered.wait()  # the permission has expired, long after the turn's own time
        assert stage.turn.is_asking
        assert await stage.turn.answer("q", Answers(texts=("this",)))
        stage.turn.feed(done())
    assert running.result().status == "ok"
    assert [ask for ask, _ in stage.agent.answers] == ["p", "q"]


async def test_what_is_decided_before_is_answered_and_never_shown() -> None:
    stage = Stage()

    async def judge(_ask: Ask) -> Decision:
        return Allow()

    stage.turn._judge = judge
    outcome = await stage.play(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN), done())
    assert outcome.status == "ok"
    assert stage.agent.answers == [("a", Allow())]
    assert not any(isinstance(event, PermissionAsk) for event in stage.sink.events)
    assert stage.asking == []


@pytest.mark.parametrize(("halt", "shown"), [("interrupted", 0), ("stopped", 1)])
async def test_a_card_stays_open_when_its_turn_is_cut_off_by_a_restart(halt: Halt, shown: int) -> None:
    stage = Stage()
    stage.turn.feed(PermissionAsk(id="a", tool="Bash", title="ls", turn=TURN))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run(PROMPT, now_s()))
        await stage.sink.heard.wait()
        stage.turn.halt(halt)
        stage.turn.feed(AskWithdrawn(id="a", reason="agent", turn=TURN))
        stage.turn.feed(TurnDone(status="stopped", agent_session_id="s2", turn=TURN))
    withdrawn = [event for event in stage.sink.events if isinstance(event, AskWithdrawn)]
    assert len(withdrawn) == shown

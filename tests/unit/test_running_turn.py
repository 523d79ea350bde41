"""A turn, event by event: how it ends, what it keeps, and its three limits."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sessions.errors import AgentError, AgentGone
from sessions.events import Exited, Started, TextDelta, TextFinal, ToolStart, TurnDone, Usage
from sessions.turn import Limits, Outcome
from tests.support.turn_stage import PROMPT, TURN, Stage, done, now_s


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


async def test_a_turn_that_did_not_end_well_says_how_far_it_got() -> None:
    stage = Stage()
    stage.turn.feed(ToolStart(id="1", name="Bash", title="ls", turn=TURN))
    stage.turn.feed(ToolStart(id="2", name="Bash", title="make", turn=TURN))
    stage.turn.halt("interrupted")
    outcome = await stage.turn.run(PROMPT, now_s() - 60)
    assert (outcome.tools, outcome.last_tool) == (2, "make")
    assert outcome.took_s is not None
    assert outcome.took_s >= 60


async def test_a_dead_agent_is_told_to_the_worker() -> None:
    with pytest.raises(AgentGone):
        await Stage(gone=True).play()


async def test_an_agent_that_does_not_read_its_prompt_fails_the_turn() -> None:
    stage = Stage(Limits(silence_s=0.01, turn_s=60, ask_s=30))
    stage.agent.reads = False
    with pytest.raises(AgentError, match="hangs"):
        await stage.play()


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


async def test_the_time_limit_counts_although_the_agent_talks() -> None:
    stage = Stage(Limits(silence_s=30, turn_s=0.0, ask_s=30))
    outcome = await stage.play()
    assert "was not done after" in outcome.text


async def test_the_time_that_the_agent_took_to_start_counts() -> None:
    outcome = await Stage(Limits(silence_s=60, turn_s=60, ask_s=30)).turn.run(PROMPT, now_s() - 61)
    assert outcome.problem == "silence"
    assert "was not done after" in outcome.text


async def test_the_end_of_a_limit_reaches_whoever_tells_it() -> None:
    over = datetime(2030, 1, 1, tzinfo=UTC)
    failed = replace(done("No more."), status="failed", problem="rate_limit", resets_at=over)
    assert (await Stage().play(failed)).resets_at == over


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

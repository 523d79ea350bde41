"""The real Claude Code in trouble with its model, its login and its own record: what the room is told."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.agents.claude_transcript import config_dir, find_transcript
from sessions.breaker import WAITING
from sessions.clock import SystemClock
from sessions.events import Exited, Problem, RateLimit, Retry
from sessions.keys import TurnId, session_key
from sessions.process import is_locked
from sessions.store import Store, open_store
from sessions.store.values import Lease
from tests.support.agents import claude_spec, talk
from tests.support.claude import bash, is_recorded, left_of, process_of
from tests.support.rooms import House, Reply, house

LAB, DEN = session_key("lab"), session_key("den")


@pytest.fixture
def login(model: OfflineModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rooms use the offline model."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", model.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-offline")


FAILURES: list[tuple[str, str, Problem, str]] = [
    ("429", "fail:429", "rate_limit", "takes no more requests from this login just now"),
    ("529", "fail:529", "overloaded", "overloaded at the moment"),
    ("500", "fail:500 boom", "api", "out of order (status 500)"),
    ("400", "fail:400 no", "api", "refused this request (status 400)"),
    ("no credit", "fail:400 Your credit balance is too low to access the Anthropic API.", "api", "no credit"),
    ("an unknown model", "fail:404 model: nobody", "api", "`/model`"),
    ("401", "fail:401", "login", "not logged in"),
    ("403", "fail:403", "login", "not logged in"),
    (
        "too long a context",
        "fail:400 prompt is too long: 210000 tokens > 200000 maximum",
        "context",
        "/reset",
    ),
    ("a request too big", "fail:413", "context", "/reset"),
    ("a refusal", "say:half\nrefuse", "refusal", "safeguards stopped it"),
]


@pytest.mark.parametrize(
    ("prompt", "problem", "words"),
    [
        pytest.param(
            prompt,
            problem,
            words,
            marks=pytest.mark.fault("F10", name, f"“{words}”, and it goes on"),
            id=name,
        )
        for name, prompt, problem, words in FAILURES
    ],
)
async def test_each_failure_of_the_model_has_its_sentence_and_the_next_prompt_works(
    spec: SessionSpec, prompt: str, problem: Problem, words: str
) -> None:
    async with talk(ADAPTER, spec) as agent:
        done = await agent.ask(prompt)
        assert (done.status, done.problem) == ("failed", problem)
        assert words in done.text
        assert (await agent.ask("say:on we go")).text == "on we go"


@pytest.mark.fault("F10", "the model cannot be reached", "told; when it is back the next prompt works")
async def test_a_model_that_is_not_there_is_told_and_found_again(tmp_path: Path) -> None:
    async with OfflineModel() as model:
        spec = await asyncio.to_thread(claude_spec, tmp_path, model)
        port = int(model.url.rsplit(":", 1)[1])
    async with talk(ADAPTER, spec) as agent:
        done = await agent.ask("say:hi")
        assert (done.status, done.problem) == ("failed", "api")
        assert "could not be reached" in done.text
        async with OfflineModel(port=port):
            assert (await agent.ask("say:back")).text == "back"


@pytest.mark.fault(
    "F10", "a used up limit of a subscription", "its end from the structured event, no words of a text"
)
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"])
async def test_the_end_of_a_limit_is_a_point_in_time_whatever_the_time_zone(
    spec: SessionSpec, zone: str
) -> None:
    env = {name: text for name, text in spec.env.items() if name != "ANTHROPIC_API_KEY"}
    env |= {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-offline", "TZ": zone}
    over = datetime(2030, 1, 1, 3, 30, tzinfo=UTC)
    async with talk(ADAPTER, replace(spec, env=env)) as agent:
        turn = await agent.send(f"fail:429 until:{over.timestamp():.0f} no more")
        done = await agent.done(turn)
        assert (done.problem, done.resets_at) == ("rate_limit", over)
        assert "2030" not in done.text
        assert agent.of(RateLimit, turn)[-1].resets_at == over
        done = await agent.ask("fail:429")
        assert done.resets_at is None


@pytest.mark.usefixtures("login")
@pytest.mark.fault("F10", "overloaded for a while", "the room sees each try, and the sentence after the last")
async def test_the_tries_of_claude_are_shown_and_bounded(tmp_path: Path, model: OfflineModel) -> None:
    async with house(tmp_path, adapter=ADAPTER) as home:
        await home.say("lab", "fail:529")
        (reply,) = await home.replies.until(1, LAB)
        assert reply.outcome is not None
        assert reply.outcome.problem == "overloaded"
        tries = [event.attempt for event in reply.events if isinstance(event, Retry)]
        assert tries == list(range(1, len(model.requests)))
        assert 2 <= len(tries) <= 3


@pytest.mark.usefixtures("login")
@pytest.mark.fault(
    "F10", "a login that does not work, three rooms", "one turn fails, the others wait, few calls"
)
async def test_without_a_login_one_turn_fails_and_the_queue_is_kept(
    tmp_path: Path, model: OfflineModel
) -> None:
    async with house(tmp_path, adapter=ADAPTER, login_pause_s=3) as home:
        await home.say("lab", "fail:401")
        (failed,) = await home.replies.until(1, LAB)
        assert failed.outcome is not None
        assert failed.outcome.problem == "login"
        calls = len(model.requests)
        await home.say("den", "say:den")
        await home.say("lab", "say:lab")
        assert (await home.store.lane(LAB)).waiting == 1
        ends = await prompts_ended(home, 3)
        assert [end.outcome.text for end in ends[1:] if end.outcome] in (["den", "lab"], ["lab", "den"])
        assert calls <= 4
        assert len(model.requests) == calls + 2
        assert [body for body in await bodies(home) if body == WAITING] == [WAITING]


async def prompts_ended(home: House, wanted: int) -> list[Reply]:
    while len(ended := [reply for reply in home.replies.ended() if reply.turn.prompt.text]) < wanted:
        await home.replies.until(len(home.replies.ended()) + 1)
    return ended


async def until_free(lock: Path) -> None:
    """Wait until no process holds a session: one that ends still writes into its record."""
    async with asyncio.timeout(60):
        while await asyncio.to_thread(is_locked, lock):
            await asyncio.sleep(0.01)


async def bodies(home: House) -> list[str]:
    return [row.piece.body for row in await home.store.outbox_due("test", 100)]


@pytest.mark.usefixtures("login")
@pytest.mark.fault(
    "F9", "Claude's record of the conversation is gone, twice", "told once each, one answer each"
)
async def test_a_lost_conversation_is_told_once_and_answered_once(tmp_path: Path) -> None:
    async with house(tmp_path, adapter=ADAPTER, max_live=0) as home:
        ids = set[str]()
        for number in range(2):
            await home.say("lab", f"say:{number}")
            reply = (await home.replies.until(2 * number + 1, LAB))[-1]
            assert reply.outcome is not None
            assert (reply.outcome.status, reply.outcome.text) == ("ok", str(number))
            assert ("starts anew" in reply.outcome.notice) == (number > 0)
            await home.say("lab", "say:known")
            reply = (await home.replies.until(2 * number + 2, LAB))[-1]
            assert reply.outcome is not None
            assert reply.outcome.notice == ""
            record = await home.store.session(LAB)
            assert record is not None
            ids.add(record.agent_session_id)
            await until_free(home.engine.paths.session_lock(record.agent_session_id))
            home_dir = home.engine.paths.room(LAB).home
            transcript = await asyncio.to_thread(
                find_transcript, config_dir(home_dir), record.agent_session_id
            )
            assert transcript is not None
            await asyncio.to_thread(transcript.unlink)
        assert len(ids) == 2


@pytest.mark.fault("F8", "a prompt of 300 kB, far more than a pipe holds", "read whole, and answered")
async def test_a_long_prompt_goes_in_whole(spec: SessionSpec, model: OfflineModel) -> None:
    words = "x" * 300_000
    async with talk(ADAPTER, spec) as agent:
        done = await agent.ask(f"say:heard\n{words}")
        assert done.status == "ok"
        assert words in model.requests[-1].prompt


@pytest.mark.timeout(240)  # real processes on a machine that may be busy
async def test_a_tool_that_waits_when_roomkey_is_killed_never_runs(
    tmp_path: Path, model: OfflineModel
) -> None:
    spec = await asyncio.to_thread(claude_spec, tmp_path, model)
    arguments = [str(tmp_path), model.url, spec.agent_session_id, bash("touch acted")]
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.held_tool", *arguments),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    tool = (await holder.stdout.readline()).decode().strip()
    await is_recorded(spec, tool)
    holder.kill()
    await holder.wait()
    while await asyncio.to_thread(left_of, spec):
        await asyncio.sleep(0.02)
    assert not await asyncio.to_thread((spec.workdir / "acted").exists)


class HeldNotes:
    """A store that takes no note until it may."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_asked = asyncio.Event()
        self.may_note = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def note(self, lease: Lease, turn: TurnId, *, last_tool: str | None = None) -> None:
        self.is_asked.set()
        await self.may_note.wait()
        await self._store.note(lease, turn, last_tool=last_tool)


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("login")
async def test_a_room_s_tool_has_no_effect_before_the_store_knows_of_it(tmp_path: Path) -> None:
    store = HeldNotes(await open_store(tmp_path, SystemClock()))
    opened = house(tmp_path, adapter=ADAPTER, store=store, permission_mode="acceptEdits")  # pyright: ignore[reportArgumentType]
    async with opened as home:
        await home.say("lab", f"{bash('touch acted')}\nsay:done")
        await store.is_asked.wait()
        record = await home.store.session(LAB)
        assert record is not None
        spec = home.engine.spec(record)
        await is_recorded(spec, "tool_use")  # without a hold it would have run by now
        assert not await asyncio.to_thread((spec.workdir / "acted").exists)
        store.may_note.set()
        (reply,) = await home.replies.until(1, LAB)
        assert reply.outcome is not None
        assert reply.outcome.text == "done"
        assert await asyncio.to_thread((spec.workdir / "acted").exists)


async def test_a_prompt_that_was_only_read_has_had_no_effects(spec: SessionSpec, model: OfflineModel) -> None:
    uuid = uuid4()
    async with talk(ADAPTER, spec) as agent:
        await agent.send("hang", uuid)
        await model.heard("hang")
        await is_recorded(spec, str(uuid))
        os.killpg(process_of(spec), signal.SIGKILL)
        await agent.first(Exited)
    assert not await asyncio.to_thread(ADAPTER.may_have_acted, replace(spec, expect_history=True), uuid)

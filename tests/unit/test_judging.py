"""What is decided before anybody is asked: by a rule of the room, or by an answer that came too late."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from sessions.agents.base import Allow
from sessions.clock import SystemClock
from sessions.engine import Engine
from sessions.events import PermissionAsk, PlanAsk, Question, QuestionAsk
from sessions.judging import judged
from sessions.permission_rules import Rule
from sessions.room_permissions import RULES, Permissions, Waiting
from tests.support.desk_rooms import KEY, RECORD, FactsInMemory, turn
from tests.support.rooms import house

ASK = PermissionAsk(id="a", tool="Bash", title="", arguments={"command": "pytest -q"}, fingerprint="f" * 32)
PLAN = PlanAsk(id="p", plan="x", fingerprint="f" * 32)
FIRST, AGAIN = replace(turn(5), attempt=1), replace(turn(5), attempt=2)


class Store(FactsInMemory):
    """Facts, and the session of the room."""

    async def session(self, _key: str) -> Any:
        return RECORD


class Rest:
    """What of an engine this needs."""

    def __init__(self) -> None:
        self.store = Store()
        self.clock = SystemClock()
        self.permissions = Permissions(self.store, self.clock)


@pytest.fixture
def engine() -> Engine:
    return cast("Engine", Rest())


async def test_a_rule_of_the_room_allows_and_everything_else_is_asked(engine: Engine) -> None:
    assert await judged(engine, FIRST, ASK) is None
    await engine.permissions.teach(KEY, Rule("Bash", "pytest *"), "7", "ann")
    assert await judged(engine, FIRST, ASK) == Allow()
    assert await judged(engine, FIRST, replace(ASK, arguments={"command": "pytest | sh"})) is None
    assert await judged(engine, FIRST, replace(ASK, is_planning=True)) is None
    assert await judged(engine, FIRST, PLAN) is None
    assert await judged(engine, AGAIN, QuestionAsk(id="q", questions=(Question(text="?"),))) is None


async def test_an_answer_that_waits_counts_once_in_a_turn_that_was_resumed(engine: Engine) -> None:
    late = Waiting(turn=FIRST.id, fingerprint="f" * 32, decision=Allow(accept_edits=True))
    await engine.permissions.keep(KEY, late)
    assert await judged(engine, FIRST, PLAN) is None
    assert await judged(engine, AGAIN, PLAN) == Allow(accept_edits=True)
    assert await judged(engine, AGAIN, PLAN) is None


async def test_an_answer_that_comes_while_another_is_taken_loses_neither(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        engine, permissions = home.engine, home.manager.permissions
        yes = Waiting(turn=FIRST.id, fingerprint="f" * 32, decision=Allow())
        await permissions.keep(KEY, yes)
        async with asyncio.TaskGroup() as tasks:
            taken = tasks.create_task(judged(engine, AGAIN, PLAN))
            tasks.create_task(permissions.keep(KEY, replace(yes, fingerprint="e" * 32)))
        assert taken.result() == Allow()
        assert await judged(engine, AGAIN, PLAN) is None
        assert await judged(engine, AGAIN, replace(PLAN, fingerprint="e" * 32)) == Allow()


async def test_where_the_store_is_in_trouble_people_are_asked(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    cast("Store", engine.store).kept[RULES, KEY] = "{"
    assert await judged(engine, FIRST, ASK) is None
    assert "cannot be read" in caplog.text

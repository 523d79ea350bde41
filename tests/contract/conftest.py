"""Every agent vendor and every store, one after the other, and what they need."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.model import OfflineModel
from sessions.agents import AGENTS
from sessions.agents.base import AgentAdapter, SessionSpec
from sessions.store import STORES, Store, open_store
from tests.support.agent_plays import SCRIPT, IsRunning
from tests.support.agents import claude_spec, make_spec
from tests.support.clocks import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def store(kind: str, tmp_path: Path, clock: SetClock) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path / "data", clock, kind)
    yield opened
    await opened.close()


@pytest.fixture
async def model() -> AsyncIterator[OfflineModel]:
    async with OfflineModel() as model:
        yield model


@pytest.fixture(params=list(AGENTS))
def adapter(request: pytest.FixtureRequest) -> AgentAdapter:
    return AGENTS[request.param]


@pytest.fixture
def spec(adapter: AgentAdapter, model: OfflineModel, tmp_path: Path) -> SessionSpec:
    if adapter.vendor == "claude":
        return claude_spec(tmp_path, model)
    script = tmp_path / "script.toml"
    script.write_text(SCRIPT)
    return make_spec(tmp_path, adapter.new_session_id(), options={"script": script})


@pytest.fixture
def is_running(adapter: AgentAdapter, model: OfflineModel) -> IsRunning:
    """Wait until the agent works on a prompt that never ends."""

    async def wait(prompt: str) -> None:
        if adapter.vendor == "claude":
            await model.heard(prompt)

    return wait

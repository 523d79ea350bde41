"""The offline model, and the real Claude Code on it in a room of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec
from tests.support.agents import claude_spec


@pytest.fixture
async def model() -> AsyncIterator[OfflineModel]:
    async with OfflineModel() as model:
        yield model


@pytest.fixture
def spec(tmp_path: Path, model: OfflineModel) -> SessionSpec:
    return claude_spec(tmp_path, model)

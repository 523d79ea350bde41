"""What of a live Claude session can be seen without its process; the rest is in contract and realcli."""

from pathlib import Path
from uuid import uuid4

import pytest

from sessions.agents.base import SessionSpec, TurnInput
from sessions.agents.claude_session import ClaudeSession
from sessions.errors import AgentGone
from sessions.keys import TurnId
from tests.support.agents import make_spec

PROMPT = TurnInput(turn=TurnId(1), uuid=uuid4(), text="hello")


@pytest.fixture
def spec(tmp_path: Path) -> SessionSpec:
    return make_spec(tmp_path, "00000000-0000-4000-8000-000000000000")


async def test_closing_what_was_never_started_is_fine(spec: SessionSpec) -> None:
    await ClaudeSession(spec, resume=False, launched="{}").close(1)


async def test_what_was_never_started_takes_no_prompt(spec: SessionSpec) -> None:
    session = ClaudeSession(spec, resume=False, launched="{}")
    assert not await session.steer(PROMPT)
    with pytest.raises(AgentGone) as caught:
        await session.send(PROMPT)
    assert caught.value.retryable

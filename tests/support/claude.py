"""What tests of the real Claude Code share: prompts that use tools, and looks at its processes and files."""

import asyncio
import json

from sessions.agents.base import Allow, SessionSpec
from sessions.agents.claude_transcript import config_dir, find_transcript
from sessions.events import PermissionAsk, TurnDone
from tests.support.agents import Talk
from tests.support.boxes import left_behind

ENDLESS = "tail -f /dev/null > x"
"""Claude Code refuses a long `sleep` in the foreground."""

_UNTIL_ENOUGH = "until [ -e enough ]; do sleep 0.05; done; echo $((40 + 2)) > sum"
BACKGROUND = json.dumps({"command": _UNTIL_ENOUGH, "run_in_background": True})
"""Ends when the test says so: one that ended during the turn would be told in that turn."""


def bash(command: str, **more: object) -> str:
    return f"tool:Bash:{json.dumps({'command': command, **more})}"


async def allowed(agent: Talk, prompt: str) -> TurnDone:
    """Send a prompt, allow the one tool that it asks for, and wait for the turn's end."""
    turn = await agent.send(prompt)
    ask = await agent.first(PermissionAsk, lambda ask: ask.turn == turn)
    await agent.session.answer(ask.id, Allow())
    return await agent.done(turn)


async def enough(spec: SessionSpec) -> None:
    """Let the command in the background end."""
    await asyncio.to_thread((spec.workdir / "enough").touch)


def left_of(spec: SessionSpec) -> list[str]:
    """Return the command lines of all living processes that this session has started."""
    return left_behind(spec.lock)


def process_of(spec: SessionSpec) -> int:
    return int(spec.lock.read_text())


async def is_running(spec: SessionSpec, words: str) -> None:
    """Wait until something the session has started has `words` in its command line."""
    while not any(words in line for line in await asyncio.to_thread(left_of, spec)):
        await asyncio.sleep(0.02)


async def is_recorded(spec: SessionSpec, words: str) -> None:
    """Wait until Claude Code's own record of the session holds `words`; it writes a little late."""

    def holds() -> bool:
        transcript = find_transcript(config_dir(spec.home), spec.agent_session_id)
        return transcript is not None and words in transcript.read_text()

    while not await asyncio.to_thread(holds):
        await asyncio.sleep(0.02)

"""A process that talks to Claude Code, holds its first tool back, says so and waits to be killed.

Run as `python -m tests.support.held_tool ROOT MODEL_URL AGENT_SESSION_ID PROMPT`.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from sessions.agents.claude import ADAPTER
from sessions.events import ToolStart
from tests.support.agents import make_spec, model_login, talk


async def main(root: Path, model_url: str, agent_session_id: str, prompt: str) -> None:
    spec = make_spec(root, agent_session_id, env=model_login(model_url))
    async with talk(ADAPTER, replace(spec, permission_mode="acceptEdits")) as agent:
        agent.holds_tools = True
        await agent.send(prompt)
        start = await agent.first(ToolStart)
        sys.stdout.write(f"{start.id}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))

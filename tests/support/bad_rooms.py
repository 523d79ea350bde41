"""Rooms whose agent is the bad program: behind the real adapter and SDK, in Claude Code's place."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sessions.agents.claude import ADAPTER as CLAUDE
from sessions.keys import session_key
from sessions.turn import Outcome
from tests.support.bad_agent import write_program
from tests.support.rooms import House, house

LAB = session_key("lab")


@asynccontextmanager
async def rooms(
    root: Path, at_start: str = "", *, times: int = 1, silence_s: float = 60, when_busy: str = "queue"
) -> AsyncGenerator[House]:
    """Run an engine whose agent is the bad one."""
    program = await asyncio.to_thread(write_program, root, at_start, times=times)
    limits = {"silence_s": silence_s, "when_busy": when_busy}
    async with house(root / "data", adapter=CLAUDE, program=program, **limits) as home:
        yield home


async def told(home: House, text: str) -> Outcome:
    """Say something in the lab and return how its turn ended."""
    before = len(home.replies.ended(LAB))
    await home.say("lab", text)
    outcome = (await home.replies.until(before + 1, LAB))[-1].outcome
    assert outcome is not None
    return outcome


async def goes_on(home: House) -> None:
    """The room's next message is answered as if nothing had been."""
    outcome = await told(home, "hello again")
    assert (outcome.status, outcome.text) == ("ok", "You said: hello again")

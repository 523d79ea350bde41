"""Things done in a room of a `House`: waited for, and what the record says came of them."""

import asyncio

from sessions.keys import TurnId
from sessions.store.values import Kind, Turn, TurnState
from sessions.switching import Resumption
from tests.support.rooms import House


async def ended(home: House, accepted: TurnId) -> Turn:
    """Wait until a turn has ended."""
    async with asyncio.timeout(120):
        while True:
            turn = await home.store.turn(accepted)
            assert turn is not None
            if turn.state in (TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED):
                return turn
            await asyncio.sleep(0.01)


async def told(home: House, key: str, text: str, kind: Kind = Kind.PROMPT) -> str:
    """Let something be done in a room, and return what the record says came of it."""
    row = home.row(key, text, kind=kind)
    await ended(home, (await home.manager.accept(row)).turn)
    fate = await home.store.fate("test", row.msg_id)
    assert fate is not None
    return fate.summary


async def resume(home: House, name: str, *, owner: bool = False, server: str | None = "1") -> str:
    """Go back to a session in the lab, and return what the record says came of it."""
    wanted = Resumption(id=name, owner=owner, server=server)
    return await told(home, "lab", wanted.model_dump_json(), Kind.RESUME)

"""The sessions that this machine's user held in terminals, as a room may go on with them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sessions.agents.conversations import Foreign
from sessions.engine import Engine
from sessions.redaction import masked_cut

_TITLE_CHARS: Final = 200


async def terminal_sessions(engine: Engine, workdir: Path) -> Sequence[Foreign]:
    """Return what this machine's user held in terminals there; nothing where the agent has no such thing.

    A room's own directory is nobody's to open a terminal in: only one that an owner gave holds any. Secrets
    in their first words are masked.
    """
    own = engine.own_config
    if own is None or "terminal" not in engine.adapter.can:
        return ()
    found = await asyncio.to_thread(engine.adapter.conversations.foreign, own, workdir)
    # Masked before it is cut, and as what may end within a secret: half a secret looks like none.
    return [replace(one, title=masked_cut(one.title, engine.redactor)[:_TITLE_CHARS]) for one in found]

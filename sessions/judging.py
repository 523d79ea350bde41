"""What is decided about an ask before anybody is asked: by a rule of its room, or by a late answer."""

import logging

from sessions.agents.base import Allow, Decision
from sessions.engine import Engine
from sessions.errors import StateError
from sessions.events import Ask, PermissionAsk, QuestionAsk
from sessions.store.values import Turn

log = logging.getLogger(__name__)


async def judged(engine: Engine, turn: Turn, ask: Ask) -> Decision | None:
    """Return what is decided about an ask of a turn already; None if people must be asked.

    Where the store is in trouble they are.
    """
    if isinstance(ask, QuestionAsk):
        return None
    permissions = engine.permissions
    try:
        if turn.attempt > 1:
            late = await permissions.take(turn.key, turn.id, ask.fingerprint)
            if late is not None:
                return late
        if not isinstance(ask, PermissionAsk):
            return None
        record = await engine.store.session(turn.key)
        rule = None if record is None else await permissions.allowed(turn.key, ask, record.workdir)
    except StateError as error:
        log.warning("the permissions of a room cannot be read", extra={"reason": str(error)})
        return None
    if rule is None:
        return None
    log.info("allowed by a rule of the room", extra={"rule": str(rule)})
    return Allow()

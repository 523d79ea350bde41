"""Once a day, the store forgets what ended long ago."""

import logging
from datetime import datetime, timedelta
from typing import Final, Protocol

from sessions.clock import Clock
from sessions.errors import StateError

log = logging.getLogger(__name__)

_FIRST_S: Final = 60.0
_AGAIN_S: Final = 86_400.0


class Forgetful(Protocol):
    """What can forget."""

    async def prune(self, before: datetime) -> int:
        """Forget some of what ended before then; return how many rows. Raises StateError."""
        ...


async def forget_daily(store: Forgetful, clock: Clock, keep_days: int) -> None:
    """Forget what is older than that, soon after the start and then every day. Never returns."""
    wait_s = _FIRST_S
    while True:
        await clock.sleep(wait_s)
        wait_s = _AGAIN_S
        try:
            rows, before = 0, clock.utc() - timedelta(days=keep_days)
            while forgotten := await store.prune(before):
                rows += forgotten
        except StateError as error:
            log.warning("nothing was forgotten", extra={"reason": str(error)})
        else:
            log.info("forgot what is old", extra={"rows": rows, "keep_days": keep_days})

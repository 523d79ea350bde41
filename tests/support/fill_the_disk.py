"""Accept messages until no file may grow any more, then let them grow again. Prints what it saw as JSON.

Argument: the data directory.
"""

import asyncio
import json
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sessions.clock import SystemClock
from sessions.errors import StateError
from sessions.store import open_store
from tests.support.store_values import ROOM, inbound


async def main() -> None:
    store = await open_store(Path(sys.argv[1]), SystemClock())
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
    accepted = 0
    errors: list[str] = []
    while len(errors) < 3:
        try:
            await store.accept(inbound(accepted, text="x" * 2000))
            accepted += 1
        except StateError as error:
            errors.append(str(error))
    readable = len(await store.queued(ROOM))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    after = await store.accept(inbound(accepted))
    await store.close()
    sys.stdout.write(
        json.dumps({"accepted": accepted, "readable": readable, "errors": errors, "after": after.new})
    )


asyncio.run(main())

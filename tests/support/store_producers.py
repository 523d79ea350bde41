"""Accept messages from many producers until killed, naming each on stdout once it is acknowledged.

Arguments: the data directory, the first message number.
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sessions.clock import SystemClock
from sessions.keys import session_key
from sessions.store import open_store
from tests.support.store_values import inbound

PRODUCERS = 32


async def main() -> None:
    store = await open_store(Path(sys.argv[1]), SystemClock())
    numbers = itertools.count(int(sys.argv[2]))

    async def produce(name: int) -> None:
        key = session_key(f"room-{name % 8}")
        while True:
            number = next(numbers)
            await store.accept(inbound(number, key))
            os.write(1, f"{number}\n".encode())

    async with asyncio.TaskGroup() as tasks:
        for name in range(PRODUCERS):
            tasks.create_task(produce(name))


asyncio.run(main())

"""Open a store without root's right to write everywhere; say which error came. Run with its directory."""

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sessions.clock import SystemClock
from sessions.errors import StateError
from sessions.store import open_store, upgrade


async def main() -> int:
    assert upgrade  # loaded while the files of this program can still be read
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        await open_store(Path(sys.argv[1]), SystemClock())
    except StateError as error:
        sys.stdout.write(f"{type(error).__name__}: {error}")
        return error.exit_code
    return 0


sys.exit(asyncio.run(main()))

"""Blocking work that may hang, such as a look at a file on a dead mount: nobody has to wait for its end."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")


async def in_own_thread(work: Callable[[], _T]) -> _T:
    """Return what `work` returns, or raise what it raises.

    Cancelled, it returns at once and the work goes on unheard. `asyncio.to_thread` would do that too,
    but then the end of the process would wait until the work is done.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def tell(act: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(lambda: None if done.done() else act())

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 -- raised again where it is waited for
            raised = error
            tell(lambda: done.set_exception(raised))
        else:
            tell(lambda: done.set_result(result))

    threading.Thread(target=run, daemon=True).start()
    return await done

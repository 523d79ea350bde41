"""TCP ports that stay free until a test uses them, however many tests run beside it."""

import random
import socket
from contextlib import closing
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 15_000


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses, and that the kernel gives to nobody who names none.

    One that the kernel chose could be given to another test before it is used.
    """
    highest = int(_RANGE.read_text().split()[0]) - 1
    for _ in range(100):
        port = random.randint(_LOWEST, max(highest, _LOWEST + 1000))
        with closing(socket.socket()) as asking:
            try:
                asking.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("there is no free port")

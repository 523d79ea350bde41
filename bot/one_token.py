"""One bot for each token on this machine: two would both answer every message."""

import errno
import socket
import struct
import time
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final

from sessions.errors import Locked

_TRIES: Final = 50
_PAUSE_S: Final = 0.01
_UCRED: Final = struct.Struct("3i")


@contextmanager
def hold_token(token: str, api_base: str) -> Generator[None]:
    """Let no other Roomkey use this token there while the block runs. Blocks briefly.

    Held by a name of Linux's abstract sockets: the kernel frees it when the process ends, however it ends.

    Raises:
        Locked: another process holds it; the text names that process.
    """
    # Everybody can list these names, so the token stands in none.
    name = f"\0roomkey-{sha256(f'{api_base} {token}'.encode()).hexdigest()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as holder:
        try:
            holder.bind(name)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Locked(
                f"Another Roomkey{_named(name)} uses this bot's token, and both would answer every message."
                " Stop it, or give this one a bot of its own."
            ) from error
        holder.listen()
        yield


def _named(name: str) -> str:
    # Whoever has just taken the name listens a moment later.
    for _ in range(_TRIES):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as asking:
            if asking.connect_ex(name) == 0:
                credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
                return f" (process {_UCRED.unpack(credentials)[0]})"
        time.sleep(_PAUSE_S)
    return ""

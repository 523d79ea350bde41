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
_LOOKS: Final = 4096
"""How many may ask who holds a token before nobody is told any more: their calls are never taken."""


@contextmanager
def hold_token(token: str, api_base: str) -> Generator[None]:
    """Let no other Roomkey use this token there while the block runs. Blocks briefly.

    Held by a name of Linux's abstract sockets: the kernel frees it when the process ends, however it ends.

    Raises:
        Locked: another process holds it; the text names that process.
    """
    name = _name(token, api_base)
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
        holder.listen(_LOOKS)
        yield


def token_holder(token: str, api_base: str) -> int | None:
    """Return the process on this machine that uses the token there, 0 if unknown which; None if none does."""
    return _holder(_name(token, api_base))


def _name(token: str, api_base: str) -> str:
    # Everybody can list these names, so the token stands in none.
    return f"\0roomkey-{sha256(f'{api_base} {token}'.encode()).hexdigest()}"


def _named(name: str) -> str:
    # Whoever has just taken the name listens a moment later.
    for _ in range(_TRIES):
        if holder := _holder(name):
            return f" (process {holder})"
        time.sleep(_PAUSE_S)
    return ""


def _holder(name: str) -> int | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as asking:
        error = asking.connect_ex(name)
        if error != 0:
            return 0 if error == errno.EAGAIN else None  # it listens, and too many have asked
        credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        return int(_UCRED.unpack(credentials)[0])

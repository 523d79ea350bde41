"""journald's native protocol: one entry for each record, with priority and facts as fields.

Where the journal's socket is absent or takes nothing, records go to a stream instead, as JSON lines with
the priority in front that sd-daemon(3) describes: a journal that reads that stream understands it.
"""

import errno
import fcntl
import json
import logging
import os
import re
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TextIO

SOCKET: Final = Path("/run/systemd/journal/socket")

_IDENTIFIER: Final = "roomkey"
_NAME_CHARS: Final = 64
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG: Final = 7
_IN_MESSAGE: Final = frozenset({"time", "level", "message"})
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def is_journal(stream: TextIO, named: str) -> bool:
    """Whether a stream is the one that $JOURNAL_STREAM names, as `device:inode`."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return named == f"{status.st_dev}:{status.st_ino}"


def priority(level: int) -> int:
    """Return syslog's priority of a level of `logging`."""
    return next((number for least, number in _PRIORITIES if level >= least), _DEBUG)


def entry(level: int, message: str, facts: Mapping[str, object]) -> bytes:
    """Return one entry: PRIORITY, MESSAGE, and each fact as ROOMKEY_<NAME>, as JSON if it is no text.

    Source: systemd.journal-fields(7) and https://systemd.io/JOURNAL_NATIVE_PROTOCOL.
    """
    fields = {"PRIORITY": str(priority(level)), "SYSLOG_IDENTIFIER": _IDENTIFIER, "MESSAGE": message}
    for name, fact in facts.items():
        if name not in _IN_MESSAGE:
            plain = re.sub("[^A-Z0-9_]", "_", name.upper().encode("ascii", "replace").decode())
            fields[f"ROOMKEY_{plain}"[:_NAME_CHARS]] = fact if isinstance(fact, str) else json.dumps(fact)
    return b"".join(_field(name, value) for name, value in fields.items())


class JournalHandler(logging.Handler):
    """Sends records to the journal. Never blocks on it, and never raises."""

    def __init__(
        self,
        facts: Callable[[logging.LogRecord], Mapping[str, object]],
        message: Callable[[Mapping[str, object]], str],
        line: Callable[[Mapping[str, object]], str],
        stream: TextIO,
        path: Path = SOCKET,
    ) -> None:
        """`facts` are a record's, masked; `message` and `line` show them to people and as JSON."""
        super().__init__()
        self._facts = facts
        self._message = message
        self._line = line
        self._stream = stream
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        try:
            facts = self._facts(record)
            if not self._is_sent(entry(record.levelno, self._message(facts), facts)):
                self._stream.write(f"<{priority(record.levelno)}>{self._line(facts)}\n")
                self._stream.flush()
        except Exception:  # noqa: BLE001 -- as every handler of `logging` does
            self.handleError(record)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()

    def _is_sent(self, entry: bytes) -> bool:
        try:
            self._socket.sendto(entry, self._path)
        except OSError as error:
            if error.errno in (errno.EMSGSIZE, errno.ENOBUFS):
                return self._is_sent_as_file(entry)
            return False
        return True

    def _is_sent_as_file(self, entry: bytes) -> bool:
        """Hand over what no datagram holds as a sealed file in memory."""
        try:
            with os.fdopen(
                os.memfd_create("roomkey-log", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "wb", buffering=0
            ) as file:
                file.write(entry)
                fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, file.fileno().to_bytes(4, sys.byteorder))
                self._socket.sendmsg([b""], [rights], 0, self._path)
        except OSError:
            return False
        return True


def _field(name: str, value: str) -> bytes:
    raw = value.encode("utf-8", "backslashreplace")
    if b"\n" in raw:
        return name.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n"
    return name.encode() + b"=" + raw + b"\n"

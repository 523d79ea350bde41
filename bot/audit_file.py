"""The audit log as a file of its own: each use of a right that not everybody has, one JSON object a line.

The store has the same entries, written together with what they speak of. The file is for whoever collects
them elsewhere: it is only ever added to.
"""

import json
import logging
import os
import queue
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from typing import Final

from sessions.redaction import Redactor

log = logging.getLogger(__name__)

LOGGER: Final = "audit"
"""Who uses a right logs it there: the message is the action, the facts are actor, target and detail."""

_FULL_BYTES: Final = 8 * 1024 * 1024
_FACTS: Final = ("platform", "actor", "target", "detail")


@contextmanager
def audit_file(
    path: Path, redactor: Redactor, *, kept: int, full_bytes: int = _FULL_BYTES
) -> Generator[None]:
    """Write what is logged by `LOGGER` into a file while the block runs, in a thread of its own.

    A full file gets its time as part of its name, and of those the newest `kept` stay. Trouble with the
    disk costs lines there, and one warning.
    """
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    handler = QueueHandler(records)
    listener = QueueListener(records, _File(path, redactor, kept, full_bytes))
    logger = logging.getLogger(LOGGER)
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.INFO)  # also where the log shows only what is worse
    listener.start()
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        listener.stop()


class _File(logging.Handler):
    def __init__(self, path: Path, redactor: Redactor, kept: int, full_bytes: int) -> None:
        super().__init__()
        self._path = path
        self._redactor = redactor
        self._kept = kept
        self._full_bytes = full_bytes
        self._is_in_trouble = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._append(f"{self._line(record)}\n".encode())
        except OSError as error:
            if not self._is_in_trouble:
                self._is_in_trouble = True
                log.warning("audit entries are not written to their file", extra={"reason": str(error)})
        else:
            self._is_in_trouble = False

    def _line(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said = {name: str(vars(record).get(name, "")) for name in _FACTS} | {"action": record.getMessage()}
        return json.dumps({"at": at} | {name: self._redactor.text(text) for name, text in said.items()})

    def _append(self, line: bytes) -> None:
        with suppress(FileNotFoundError):
            if self._path.stat().st_size + len(line) > self._full_bytes:
                self._turn_over()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(self._path, flags, 0o600), "ab", buffering=0) as file:
            file.write(line)

    def _turn_over(self) -> None:
        now = datetime.now(UTC)
        self._path.rename(self._path.with_stem(f"{self._path.stem}-{now:%Y%m%dT%H%M%S.%fZ}"))
        for old in sorted(self._path.parent.glob(f"{self._path.stem}-*{self._path.suffix}"))[: -self._kept]:
            old.unlink()

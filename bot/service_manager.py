"""The service manager that started us: what it is told (sd_notify), and how long it waits for our end."""

import asyncio
import logging
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from sessions.redaction import Redactor

log = logging.getLogger(__name__)

_ASK_S: Final = 3.0
_CGROUP: Final = Path("/proc/self/cgroup")
_UNIT_S: Final = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
    "month": 2_629_800.0,
    "y": 31_557_600.0,
}


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """Where a service manager listens and how often it wants to hear that we live.

    `address` None means that nobody listens, `watchdog_s` None that nobody waits for a sign of life.
    `redactor` masks what is told. `journal` is the stream that the journal reads, "" for none.
    """

    address: str | None = None
    watchdog_s: float | None = None
    redactor: Redactor = field(default_factory=Redactor, compare=False)
    journal: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Return who started this process, by the variables that systemd sets."""
        address, journal = environ.get("NOTIFY_SOCKET", ""), environ.get("JOURNAL_STREAM", "")
        if not address.startswith(("/", "@")):
            return cls(journal=journal)
        wanted_us = environ.get("WATCHDOG_USEC", "")
        is_for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        wants_signs = is_for_us and wanted_us.isdecimal() and int(wanted_us) > 0
        return cls(address, int(wanted_us) / 1e6 if wants_signs else None, journal=journal)

    @property
    def listens(self) -> bool:
        """Whether there is a service manager at all."""
        return self.address is not None

    def tell(self, *assignments: str) -> None:
        """Send assignments such as `READY=1`, each on one line. Never blocks and never raises."""
        if self.address is None:
            return
        # A leading @ stands for the NUL of Linux's abstract sockets.
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        text = "\n".join(self.redactor.text(" ".join(one.split("\n"))) for one in assignments)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
                sender.sendto(text.encode(), address)
        except OSError as error:
            log.warning("the service manager does not listen", extra={"reason": str(error)})


async def stop_timeout_s(cgroup: Path = _CGROUP, limit_s: float = _ASK_S) -> float | None:
    """Return how long the service manager waits for our end before it kills us; None if that is unknown."""
    unit = unit_of(await asyncio.to_thread(cgroup.read_text))
    if unit is None:
        return None
    name, is_of_user = unit
    question = ("show", "--property=TimeoutStopUSec", "--value", name)
    try:
        asked = await asyncio.create_subprocess_exec(
            *("systemctl", *(("--user",) if is_of_user else ()), *question),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(limit_s):
            said, _ = await asked.communicate()
    except TimeoutError:
        return None
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.wait()
    return span_s(said.decode(errors="replace"))


def unit_of(cgroup: str) -> tuple[str, bool] | None:
    """Return the service that `/proc/<pid>/cgroup` names, and whether a user's own manager runs it.

    None for a process that is no service, such as one in a terminal.
    """
    for line in cgroup.splitlines():
        _, controllers, path = line.split(":", 2)
        units = [part for part in path.split("/") if part.endswith((".service", ".scope"))]
        if controllers in ("", "name=systemd") and units and units[-1].endswith(".service"):
            return units[-1], any(part.startswith("user@") for part in units[:-1])
    return None


def span_s(text: str) -> float | None:
    """Return the seconds of a span as systemd prints it, such as `1min 15s`; None for no limit or no span."""
    parts = text.split()
    found = [re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]+)", part) for part in parts]
    if not parts or not all(one is not None and one[2] in _UNIT_S for one in found):
        return None
    return sum(float(one[1]) * _UNIT_S[one[2]] for one in found if one is not None)

"""The code that makes whoever can read the bot's terminal its first owner: one of them, once, for an hour."""

import hmac
import logging
import secrets
from enum import StrEnum
from typing import Final

from sessions.clock import Clock

log = logging.getLogger(__name__)

ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""What cannot be mistaken for something else."""

CODE_CHARS: Final = 8
LIVES_S: Final = 3600.0
MOST_TRIES: Final = 5
"""Of one person; more are not looked at."""

MOST_TRIES_OF_ALL: Final = 20
"""After so many wrong ones there is another code."""


class Tried(StrEnum):
    """What a code is worth."""

    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"
    """Whoever tries has guessed too often."""
    CLOSED = "closed"
    """There is no code: the bot has an owner, or the hour is over."""


class Pairing:
    """Closed until it is opened. The code stands in the log, nowhere else."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._code = ""
        self._until_s = 0.0
        self._wrong = 0
        self._wrong_of: dict[str, int] = {}

    @property
    def is_open(self) -> bool:
        """Whether somebody can still become the first owner."""
        return bool(self._code) and self._clock.monotonic_s() < self._until_s

    def open(self) -> None:
        """Make a code that is good for an hour, and say it in the log."""
        self._until_s = self._clock.monotonic_s() + LIVES_S
        self._renew()

    def close(self) -> None:
        """Take no code any more."""
        self._code = ""

    def try_code(self, person_id: str, text: str) -> Tried:
        """Say what a code is worth that somebody gave, and count the wrong ones; it is good until `close`."""
        if not self.is_open:
            return Tried.CLOSED
        if self._wrong_of.get(person_id, 0) >= MOST_TRIES:
            return Tried.SPENT
        if hmac.compare_digest(_plain(text).encode("utf-8", "replace"), self._code.encode()):
            return Tried.RIGHT
        self._wrong_of[person_id] = self._wrong_of.get(person_id, 0) + 1
        self._wrong += 1
        if self._wrong >= MOST_TRIES_OF_ALL:
            self._renew()
        return Tried.WRONG

    def _renew(self) -> None:
        self._wrong = 0
        self._code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))
        log.warning(
            "nobody owns this bot yet: become its owner by saying /pair and this code in Discord",
            extra={"code": shown(self._code), "good_for_min": round(LIVES_S / 60)},
        )


def shown(code: str) -> str:
    """Return a code as people read it."""
    half = CODE_CHARS // 2
    return f"{code[:half]}-{code[half:]}"


def code_in(text: str) -> str | None:
    """Return the code that a message consists of, be it right or wrong; None if it is no code."""
    code = _plain(text.strip().removeprefix("/pair"))
    return code if len(code) == CODE_CHARS and set(code) <= set(ALPHABET) else None


def _plain(text: str) -> str:
    return "".join(text.split()).replace("-", "").upper()

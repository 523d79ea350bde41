"""How log lines look: key and turn id on every line; secrets masked by exact value."""

import json
import logging
from collections.abc import Collection, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

from sessions.keys import SessionKey, TurnId

_key: ContextVar[SessionKey | None] = ContextVar("key", default=None)
_turn: ContextVar[TurnId | None] = ContextVar("turn", default=None)
_OWN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_MASK: Final = "[secret]"
_MIN_SECRET_CHARS: Final = 8
_CHATTY: Final = ("alembic", "discord.client", "discord.gateway")
"""Libraries whose everyday news nobody needs in a journal."""


@contextmanager
def turn_context(key: SessionKey, turn: TurnId | None = None) -> Generator[None]:
    """Put the key and turn id on every line logged inside, also by tasks started inside."""
    key_token, turn_token = _key.set(key), _turn.set(turn)
    try:
        yield
    finally:
        _key.reset(key_token)
        _turn.reset(turn_token)


class LineFormatter(logging.Formatter):
    """One record, one line: JSON objects for machines or plain text for people.

    Facts given in `extra` follow the message. Control characters are escaped, so that no text
    from outside can forge a line; in plain text a traceback follows
    on indented lines. Each of `secrets` with 8 characters or more is masked.
    """

    def __init__(self, style: Literal["json", "text"], secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._shape = style
        self._secrets = sorted((s for s in secrets if len(s) >= _MIN_SECRET_CHARS), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        facts = self._facts(record)
        line = json.dumps(facts, default=str) if self._shape == "json" else _text(facts)
        for secret in self._secrets:
            line = line.replace(secret, _MASK)
        return line

    def _facts(self, record: logging.LogRecord) -> dict[str, object]:
        facts: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": record.getMessage(),
        }
        if (key := _key.get()) is not None:
            facts["key"] = key
        if (turn := _turn.get()) is not None:
            facts["turn"] = turn
        facts |= {k: v for k, v in vars(record).items() if k not in _OWN_FIELDS}
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return facts


def _text(facts: dict[str, object]) -> str:
    """Return facts as a line for people; a traceback follows, indented so that it cannot pass for a line."""
    shown = [f"{facts['time']} {facts['level']} {facts['log']}: {_escaped(facts['message'])}"]
    shown += [f"{k}={_quoted(v)}" for k, v in facts.items() if k not in _NAMELESS]
    trace = "".join(f"\n    {_escaped(line)}" for line in str(facts.get("traceback", "")).splitlines())
    return " ".join(shown) + trace


_NAMELESS: Final = frozenset({"time", "level", "log", "message", "traceback"})


def _escaped(fact: object) -> str:
    text = str(fact)
    return text if text.isprintable() else json.dumps(text)


def _quoted(fact: object) -> str:
    text = str(fact)
    return text if text.isprintable() and " " not in text else json.dumps(text)


def set_up(level: str, style: Literal["json", "text"], stream: TextIO, secrets: Collection[str]) -> None:
    """Send all logging of this process to `stream`, replacing what was set up before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(style, secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))

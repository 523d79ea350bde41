"""How log lines look: key and turn id on every line; secrets masked by exact value."""

import json
import logging
import math
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Literal, TextIO, cast

from sessions.journal import JournalHandler, is_journal
from sessions.keys import SessionKey, TurnId
from sessions.redaction import Redactor

Style = Literal["json", "text", "journald"]

_key: ContextVar[SessionKey | None] = ContextVar("key", default=None)
_turn: ContextVar[TurnId | None] = ContextVar("turn", default=None)
_OWN_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
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
    on indented lines. What `redactor` knows is masked, in the message, the facts and the traceback.
    """

    def __init__(self, style: Literal["json", "text"], redactor: Redactor | None = None) -> None:
        super().__init__()
        self._shape = style
        self._redactor = redactor or Redactor()

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        facts = self.facts(record)
        return json_line(facts) if self._shape == "json" else _text(facts)

    def facts(self, record: logging.LogRecord) -> dict[str, object]:
        """Return what the record says: time, level, log, message, key and turn, then what came in `extra`."""
        # Masked before it is written as JSON or quoted: a mask must not break what surrounds it.
        return {name: self._redactor.fact(fact) for name, fact in self._facts(record).items()}

    def _facts(self, record: logging.LogRecord) -> dict[str, object]:
        facts: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": _said(record),
        }
        if (key := _key.get()) is not None:
            facts["key"] = key
        if (turn := _turn.get()) is not None:
            facts["turn"] = turn
        # A fact may be named like one of ours; it never takes its place.
        for name, fact in vars(record).items():
            if name not in _OWN_FIELDS:
                facts[f"{name}_" if name in _NAMELESS else name] = fact
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return facts


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 -- a library's slip: `logging` would print its arguments as they are
        return str(record.msg)


def json_line(facts: Mapping[str, object]) -> str:
    """Return facts as exactly one JSON object, in ASCII, on one line."""
    try:
        return json.dumps(facts, allow_nan=False)
    except ValueError:  # a number that JSON has no word for, wherever it stands
        return json.dumps({name: _sayable(fact) for name, fact in facts.items()})


def _sayable(fact: object) -> object:
    match fact:
        case float() if not math.isfinite(fact):
            return repr(fact)
        case int() if fact.bit_length() > _NUMBER_BITS:  # Python itself refuses to write it down
            return hex(fact)
        case dict():
            return {name: _sayable(value) for name, value in cast("dict[str, object]", fact).items()}
        case list():
            return [_sayable(value) for value in cast("list[object]", fact)]
        case _:
            return fact


def _text(facts: Mapping[str, object]) -> str:
    """Return facts as a line for people; a traceback follows, indented so that it cannot pass for a line."""
    return f"{facts['time']} {facts['level']} {message_line(facts)}"


def message_line(facts: Mapping[str, object]) -> str:
    """Return facts for people, without time and level; a traceback follows on indented lines."""
    shown = [f"{facts['log']}: {_escaped(facts['message'])}"]
    shown += [f"{k}={_quoted(v)}" for k, v in facts.items() if k not in _NAMELESS]
    trace = "".join(f"\n    {_escaped(line)}" for line in str(facts.get("traceback", "")).splitlines())
    return " ".join(shown) + trace


_NUMBER_BITS: Final = 1024
_NAMELESS: Final = frozenset({"time", "level", "log", "message", "traceback"})


def _escaped(fact: object) -> str:
    text = str(fact)
    return text if text.isprintable() else json.dumps(text)


def _quoted(fact: object) -> str:
    text = str(fact)
    return text if text.isprintable() and " " not in text else json.dumps(text)


def style_for(wanted: Literal["auto", "text", "json", "journald"], stream: TextIO, journal: str) -> Style:
    """Return how to log: as wanted, or `auto`: to the journal if that reads `stream`, else text.

    `journal` is what $JOURNAL_STREAM says.
    """
    if wanted != "auto":
        return wanted
    return "journald" if is_journal(stream, journal) else "text"


def set_up(level: str, style: Style, stream: TextIO, redactor: Redactor) -> None:
    """Send all logging of this process to `stream` or the journal, replacing what was set up before."""
    if style == "journald":
        formatter = LineFormatter("json", redactor)
        handler: logging.Handler = JournalHandler(formatter.facts, message_line, json_line, stream)
    else:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(LineFormatter(style, redactor))
    handler.setLevel(level.upper())  # a logger that others listen to as well may let more through
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))


def take_uncaught() -> None:
    """Log what no part of the program catches: Python itself would print it as it is, secrets and all."""
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda ended: _log_uncaught(ended.exc_type, ended.exc_value, ended.exc_traceback)


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None and not isinstance(error, KeyboardInterrupt):
        logging.getLogger(__name__).critical("Roomkey broke", exc_info=(kind, error, trace))

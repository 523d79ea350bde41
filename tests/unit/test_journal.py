"""The journal gets whole entries that nobody can forge; without it nothing is lost."""

import io
import json
import logging
import mmap
import os
import socket
import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.journal import SOCKET, JournalHandler, entry, is_journal, priority
from sessions.keys import TurnId, session_key
from sessions.log import LineFormatter, json_line, message_line, style_for, turn_context
from sessions.redaction import Redactor


class Journal:
    """A journal that takes what is sent to its socket, as journald does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(10)

    def take(self) -> dict[str, str]:
        raw, files, _, _ = socket.recv_fds(self.socket, 1 << 20, 1)
        if files:
            with mmap.mmap(files[0], 0, access=mmap.ACCESS_READ) as held:
                raw = held[:]
            os.close(files[0])
        return parsed(raw)


def parsed(raw: bytes) -> dict[str, str]:
    """Read an entry as journald does."""
    fields: dict[str, str] = {}
    while raw:
        line, _, raw = raw.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size, raw = int.from_bytes(raw[:8], "little"), raw[8:]
            value, end, raw = raw[:size], raw[size : size + 1], raw[size + 1 :]
            assert end == b"\n"
        assert name.decode() not in fields
        fields[name.decode()] = value.decode()
    return fields


@pytest.fixture
def journal() -> Iterator[Journal]:
    with tempfile.TemporaryDirectory() as name:
        made = Journal(Path(name) / "socket")
        with closing(made.socket):
            yield made


@contextmanager
def logger(path: Path, stream: io.StringIO, redactor: Redactor | None = None) -> Generator[logging.Logger]:
    """A log that goes there and nowhere else."""
    formatter = LineFormatter("json", redactor)
    made = logging.getLogger("tests.journal")
    handler = JournalHandler(formatter.facts, message_line, json_line, stream, path)
    made.propagate, made.level = False, logging.DEBUG
    made.addHandler(handler)
    with closing(handler):
        yield made
    made.removeHandler(handler)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_an_entry_has_priority_message_room_and_facts(journal: Journal, stream: io.StringIO) -> None:
    with turn_context(session_key("lab"), TurnId(7)), logger(journal.path, stream) as log:
        log.warning("turn done", extra={"status": "ok", "took_s": 1.5})
    got = journal.take()
    assert got == {
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "roomkey",
        "MESSAGE": "tests.journal: turn done key=lab turn=7 status=ok took_s=1.5",
        "ROOMKEY_LOG": "tests.journal",
        "ROOMKEY_KEY": "lab",
        "ROOMKEY_TURN": "7",
        "ROOMKEY_STATUS": "ok",
        "ROOMKEY_TOOK_S": "1.5",
    }
    assert stream.getvalue() == ""


@given(st.text(), st.text(min_size=1))
def test_no_text_makes_a_field_or_an_entry_of_its_own(text: str, name: str) -> None:
    fields = parsed(entry(logging.INFO, "said", {name: text, "reason": text}))
    assert fields["MESSAGE"] == "said"
    said = text.encode("utf-8", "backslashreplace").decode()
    assert fields["ROOMKEY_REASON"] == said
    assert all(
        f.startswith("ROOMKEY_") for f in fields if f not in ("PRIORITY", "SYSLOG_IDENTIFIER", "MESSAGE")
    )


def test_a_traceback_is_in_its_message_and_a_field_of_many_lines(
    journal: Journal, stream: io.StringIO
) -> None:
    with logger(journal.path, stream) as log:
        try:
            raise ValueError("broken\nMESSAGE=forged")
        except ValueError:
            log.exception("a turn broke")
    got = journal.take()
    assert "ValueError: broken\nMESSAGE=forged" in got["ROOMKEY_TRACEBACK"]
    first, *rest = got["MESSAGE"].splitlines()
    assert first == "tests.journal: a turn broke"
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_what_no_datagram_holds_is_handed_over_whole(journal: Journal, stream: io.StringIO) -> None:
    with logger(journal.path, stream) as log:
        log.debug("prompt", extra={"text": "x" * 3_000_000})
    got = journal.take()
    assert got["ROOMKEY_TEXT"] == "x" * 3_000_000
    assert got["PRIORITY"] == "7"


def test_without_a_journal_the_stream_gets_json_with_a_priority(tmp_path: Path, stream: io.StringIO) -> None:
    with logger(tmp_path / "absent", stream) as log:
        log.error("no\nluck", extra={"reason": "a\nb"})
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("<3>")
    assert json.loads(line[3:])["reason"] == "a\nb"


def test_a_journal_that_takes_nothing_loses_nothing_and_blocks_nobody(
    journal: Journal, stream: io.StringIO
) -> None:
    with logger(journal.path, stream) as log:
        for number in range(5000):
            log.info("much", extra={"number": number})
    kept = stream.getvalue().splitlines()
    assert kept  # its queue was full at some time
    assert json.loads(kept[0].removeprefix("<6>"))["message"] == "much"


def test_no_secret_is_in_any_field(journal: Journal, stream: io.StringIO) -> None:
    with logger(journal.path, stream, Redactor(["hunter22222"])) as log:
        log.info("a hunter22222", extra={"url": "x?hunter22222", "deep": {"t": ["hunter22222"]}})
    assert "hunter22222" not in str(journal.take())


@pytest.mark.parametrize(
    ("level", "number"), [("DEBUG", 7), ("INFO", 6), ("WARNING", 4), ("ERROR", 3), ("CRITICAL", 2)]
)
def test_levels_are_sysloglevels(level: str, number: int) -> None:
    assert priority(logging.getLevelNamesMapping()[level]) == number


def test_auto_takes_the_journal_where_the_stream_goes_there(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as err:
        status = os.fstat(err.fileno())
        named = f"{status.st_dev}:{status.st_ino}"
        assert style_for("auto", err, named) == "journald"
        assert style_for("auto", err, "1:2") == "text"
        assert style_for("auto", err, "") == "text"
        assert style_for("json", err, named) == "json"
    assert not is_journal(err, named)  # closed
    assert not is_journal(io.StringIO(), named)


def test_the_socket_is_where_systemd_has_it() -> None:
    assert str(SOCKET) == "/run/systemd/journal/socket"

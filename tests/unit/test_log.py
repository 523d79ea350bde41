"""Log lines: one record, one line; the room is on it; no secret is."""

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.keys import TurnId, session_key
from sessions.log import LineFormatter, set_up, turn_context


def record(message: str = "turn done", **facts: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "sessions.worker", "levelno": 20, "levelname": "INFO", "msg": message}
    )
    vars(made).update(facts)
    return made


def test_facts_and_the_room_are_on_the_line() -> None:
    with turn_context(session_key("lab"), TurnId(7)):
        line = json.loads(LineFormatter("json").format(record(status="ok")))
    assert line["message"] == "turn done"
    assert (line["key"], line["turn"], line["status"]) == ("lab", 7, "ok")


def test_the_room_is_gone_from_the_line_when_its_turn_is_over() -> None:
    with turn_context(session_key("lab"), TurnId(7)):
        pass
    assert "key" not in json.loads(LineFormatter("json").format(record()))


@given(st.text())
def test_no_text_can_forge_a_line(text: str) -> None:
    for shape in ("text", "json"):
        assert len(LineFormatter(shape).format(record(reason=text)).splitlines()) == 1
    assert json.loads(LineFormatter("json").format(record(reason=text)))["reason"] == text


def test_a_traceback_is_indented_for_people() -> None:
    try:
        raise ValueError("broken\nINFO forged")
    except ValueError as error:
        made = record()
        made.exc_info = (type(error), error, error.__traceback__)
    lines = LineFormatter("text").format(made).splitlines()
    assert all(line.startswith("    ") for line in lines[1:])
    assert "INFO forged" in lines[-1]


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_secret_is_masked_wherever_it_stands(style: str) -> None:
    shown = LineFormatter("json" if style == "json" else "text", ["hunter22222"]).format(
        record(url="x?t=hunter22222")
    )
    assert "hunter22222" not in shown
    assert "[secret]" in shown


def test_set_up_sends_everything_to_the_stream() -> None:
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    try:
        set_up("info", "json", stream, [])
        logging.getLogger("sessions.x").info("hello")
    finally:
        root.handlers[:], root.level = before, level
    assert json.loads(stream.getvalue())["message"] == "hello"

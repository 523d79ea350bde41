"""Log lines: one record, one line; the room is on it; no secret is."""

import ast
import io
import json
import logging
import sys
import threading
from pathlib import Path

import pytest
from aiohttp import ClientResponseError, ClientSession, web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from sessions.keys import TurnId, session_key
from sessions.log import LineFormatter, set_up, take_uncaught, turn_context
from sessions.redaction import Redactor

ROOT = Path(__file__).parents[2]


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


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists), st.text())
def test_any_fact_gives_exactly_one_json_object(fact: object, text: str) -> None:
    line = LineFormatter("json").format(record(text, reason=fact, level=text, message_=fact))
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert line.isprintable()
    found = json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert (found["message"], found["level"], found["level_"]) == (text, "info", text)


def test_a_number_that_json_has_no_word_for_is_written_all_the_same() -> None:
    odd = {"far": [float("inf")], "many": 10**5000}
    line = json.loads(LineFormatter("json").format(record(reason=float("nan"), odd=odd)))
    assert line["reason"] == "nan"
    assert line["odd"]["far"] == ["inf"]


def test_a_message_that_does_not_fit_its_arguments_is_logged_as_it_is() -> None:
    made = record("%d of %d")
    made.args = ("one",)
    assert json.loads(LineFormatter("json").format(made))["message"] == "%d of %d"


def test_every_message_of_ours_is_constant() -> None:
    """So no text from outside is ever a format string."""
    levels = {"debug", "info", "warning", "error", "exception", "critical", "log"}
    found = 0
    for path in sorted(p for top in ("bot", "sessions") for p in (ROOT / top).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            named = ast.unparse(node.func.value)
            is_log = named in ("log", "audit", "logging") or named.startswith("logging.getLogger(")
            if is_log and node.func.attr in levels:
                found += 1
                first = node.args[1 if node.func.attr == "log" else 0]
                assert isinstance(first, ast.Constant), f"{path.name}:{node.lineno}"
                assert isinstance(first.value, str), f"{path.name}:{node.lineno}"
    assert found > 50


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
    secret = 'hunter"2\\n2222'
    formatter = LineFormatter("json" if style == "json" else "text", Redactor([secret]))
    try:
        raise ValueError(f"no {secret}") from KeyError(f"a {secret}")
    except ValueError as error:
        made = record(f"message {secret}", url=f'"{secret}"', deep=[{"t": secret}])
        made.exc_info = (type(error), error, error.__traceback__)
    shown = formatter.format(made)
    assert "hunter" not in shown
    assert shown.count("[secret]") == 5
    if style == "json":
        assert json.loads(shown)["url"] == '"[secret]"'


async def test_an_http_clients_error_brings_no_headers_into_the_log() -> None:
    async def refuse(_: web.Request) -> web.Response:
        raise web.HTTPForbidden

    app = web.Application()
    app.router.add_get("/", refuse)
    async with (
        TestServer(app) as server,
        ClientSession(headers={"Authorization": "Bot of.the.bot"}) as client,
    ):
        with pytest.raises(ClientResponseError) as caught:
            await client.get(server.make_url("/"), raise_for_status=True)
    assert "of.the.bot" in repr(caught.value)  # so it would be there, were it written as it is
    made = record(error=caught.value, more=[caught.value])
    made.exc_info = (type(caught.value), caught.value, caught.tb)
    for style in ("json", "text"):
        shown = LineFormatter("json" if style == "json" else "text").format(made)
        assert "403" in shown
        assert "of.the.bot" not in shown


def test_what_nobody_caught_is_logged_without_its_secrets() -> None:
    stream, hooks = io.StringIO(), (sys.excepthook, threading.excepthook)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        set_up("info", "json", stream, Redactor(["hunter22222"]))
        take_uncaught()
        thread = threading.Thread(target=lambda: int("hunter22222"))
        thread.start()
        thread.join()
        error = ValueError("hunter22222")
        sys.excepthook(ValueError, error, None)
    finally:
        sys.excepthook, threading.excepthook = hooks
        root.handlers[:], root.level = before, level
    first, second = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert first["message"] == second["message"] == "Roomkey broke"
    assert "ValueError" in first["traceback"]
    assert "hunter22222" not in stream.getvalue()


def test_what_is_below_the_level_is_not_shown_though_others_listen_to_it() -> None:
    root, stream, loud = logging.getLogger(), io.StringIO(), logging.getLogger("audit")
    before, level, own = root.handlers[:], root.level, loud.level
    try:
        set_up("warning", "json", stream, Redactor())
        loud.setLevel(logging.INFO)
        loud.info("allow")
        loud.warning("worse")
    finally:
        root.handlers[:], root.level, loud.level = before, level, own
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["worse"]


def test_set_up_sends_everything_to_the_stream() -> None:
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    try:
        set_up("info", "json", stream, Redactor())
        logging.getLogger("sessions.x").info("hello")
    finally:
        root.handlers[:], root.level = before, level
    assert json.loads(stream.getvalue())["message"] == "hello"

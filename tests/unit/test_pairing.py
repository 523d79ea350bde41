"""The pairing code: made at the start, good for an hour, guessed at a few times only."""

import logging

import pytest

from bot.pairing import ALPHABET, CODE_CHARS, LIVES_S, MOST_TRIES, MOST_TRIES_OF_ALL, Pairing, Tried, code_in
from tests.support.clocks import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def pairing(clock: SetClock) -> Pairing:
    made = Pairing(clock)
    made.open()
    return made


def code_of(caplog: pytest.LogCaptureFixture) -> str:
    """The code in the newest line of the log."""
    return vars(lines(caplog)[-1])["code"]


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [*caplog.get_records("setup"), *caplog.get_records("call")]


def test_the_code_is_in_the_log_and_nowhere_else(pairing: Pairing, caplog: pytest.LogCaptureFixture) -> None:
    code = code_of(caplog)
    assert len(code) == CODE_CHARS + 1
    assert set(code) - {"-"} <= set(ALPHABET)
    assert not set("01ILO") & set(ALPHABET)
    assert "/pair" in lines(caplog)[-1].getMessage()
    assert lines(caplog)[-1].levelno == logging.WARNING
    assert pairing.is_open


def test_two_starts_have_two_codes(clock: SetClock, caplog: pytest.LogCaptureFixture) -> None:
    codes: set[str] = set()
    for _ in range(20):
        Pairing(clock).open()
        codes.add(code_of(caplog))
    assert len(codes) == 20


@pytest.mark.parametrize("spelling", ["{}", " {} ", "{}\n"])
def test_the_right_code_is_right_however_it_is_spelt(
    pairing: Pairing, caplog: pytest.LogCaptureFixture, spelling: str
) -> None:
    code = code_of(caplog)
    for written in (code, code.lower(), code.replace("-", ""), code.replace("-", " ")):
        assert pairing.try_code("7", spelling.format(written)) is Tried.RIGHT


def test_a_closed_pairing_takes_no_code(pairing: Pairing, caplog: pytest.LogCaptureFixture) -> None:
    pairing.close()
    assert pairing.try_code("7", code_of(caplog)) is Tried.CLOSED
    assert pairing.try_code("7", "") is Tried.CLOSED
    assert not pairing.is_open


def test_a_pairing_that_was_never_opened_takes_no_code(clock: SetClock) -> None:
    assert Pairing(clock).try_code("7", "") is Tried.CLOSED


def test_the_code_is_good_for_an_hour(
    pairing: Pairing, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    clock.pass_s(LIVES_S - 1)
    assert pairing.try_code("7", code_of(caplog)) is Tried.RIGHT
    clock.pass_s(1)
    assert pairing.try_code("7", code_of(caplog)) is Tried.CLOSED


def test_who_guessed_too_often_is_not_looked_at_any_more(
    pairing: Pairing, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(MOST_TRIES):
        assert pairing.try_code("7", "AAAAAAAA") is Tried.WRONG
    assert pairing.try_code("7", code_of(caplog)) is Tried.SPENT
    assert pairing.try_code("8", code_of(caplog)) is Tried.RIGHT


def test_after_many_guesses_there_is_another_code(
    pairing: Pairing, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    first = code_of(caplog)
    clock.pass_s(LIVES_S / 2)
    for number in range(MOST_TRIES_OF_ALL):
        assert pairing.try_code(str(number), "wrong") is Tried.WRONG
    second = code_of(caplog)
    assert second != first
    assert pairing.try_code("100", first) is Tried.WRONG
    assert pairing.try_code("100", second) is Tried.RIGHT
    clock.pass_s(LIVES_S / 2)  # the hour is that of the start
    assert pairing.try_code("100", second) is Tried.CLOSED


def test_who_guessed_too_often_gets_no_further_tries_by_a_new_code(
    pairing: Pairing, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MOST_TRIES_OF_ALL):
        pairing.try_code(str(number % 4), "wrong")
    assert pairing.try_code("0", code_of(caplog)) is Tried.SPENT


@pytest.mark.parametrize("text", ["", "\ud800", "x" * 10_000, "ÄÄÄÄÄÄÄÄ", "\0"])
def test_any_text_can_be_tried(pairing: Pairing, text: str) -> None:
    assert pairing.try_code("7", text) is Tried.WRONG


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ABCD-EFGH", "ABCDEFGH"),
        (" abcdefgh\n", "ABCDEFGH"),
        ("/pair ABCD-EFGH", "ABCDEFGH"),
        ("ABCD-EFG", None),
        ("hello there", None),
        ("thank you", None),
        ("ABCDEFG1", None),
        ("", None),
    ],
)
def test_a_message_is_taken_for_a_code_only_if_it_looks_like_one(text: str, code: str | None) -> None:
    assert code_in(text) == code

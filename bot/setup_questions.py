"""Who answers what setup wants to know: a person at a terminal, or nobody."""

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import ClassVar, Protocol

import typer

from sessions.errors import EXIT_USAGE, UserError

Say = Callable[[str], None]
"""Tells the person, if there is one, what was found or done."""


class BadAnswer(UserError):
    """What was given is not what was asked for, or nobody was there to give it."""

    exit_code: ClassVar[int] = EXIT_USAGE


class Asker(Protocol):
    """Puts questions."""

    @property
    def is_person(self) -> bool:
        """Whether it makes sense to explain, and to ask again."""
        ...

    def secret(self, question: str, flag: str, /) -> str:
        """Return what is not shown while it is typed. Raises BadAnswer, naming the flag that answers too."""
        ...

    def text(self, question: str, /) -> str:
        """Return a line, which may be empty."""
        ...

    def yes(self, question: str, /) -> bool:
        """Whether the answer is yes."""
        ...

    def dares(self, question: str, /) -> bool:
        """Whether somebody says yes to what is risky; nobody's yes does not count."""
        ...


class Terminal:
    """A person. Every question raises typer.Abort at Ctrl-C, with the terminal as it was."""

    is_person: bool = True

    def secret(self, question: str, _flag: str, /) -> str:
        """Ask for it without showing it."""
        with _ctrl_c_ends_it():
            return str(typer.prompt(f"{question} (nothing is shown)", hide_input=True, err=True)).strip()

    def text(self, question: str, /) -> str:
        """Ask for a line."""
        with _ctrl_c_ends_it():
            return str(typer.prompt(question, default="", show_default=False, err=True)).strip()

    def yes(self, question: str, /) -> bool:
        """Ask for yes or no; a bare Enter is yes."""
        with _ctrl_c_ends_it():
            return typer.confirm(question, default=True, err=True)

    def dares(self, question: str, /) -> bool:
        """Ask for yes or no; a bare Enter is no."""
        with _ctrl_c_ends_it():
            return typer.confirm(question, default=False, err=True)


@contextmanager
def _ctrl_c_ends_it() -> Generator[None]:
    # asyncio's own handler only notes the first one, and a question that waits for a line never looks.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Nobody:
    """Nobody: every question has the same answer, given beforehand."""

    is_person: bool = False

    def __init__(self, *, says_yes: bool) -> None:
        self._says_yes = says_yes

    def secret(self, question: str, flag: str) -> str:
        """Refuse: what is secret is not guessed."""
        raise BadAnswer(f"{question} is missing. Give it with {flag}.")

    def text(self, _question: str, /) -> str:
        """Say nothing."""
        return ""

    def yes(self, _question: str, /) -> bool:
        """Say what was said beforehand."""
        return self._says_yes

    def dares(self, _question: str, /) -> bool:
        """Say no."""
        return False

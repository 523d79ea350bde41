"""Errors: the text each carries, whom it is for, and with which code the program ends."""

import inspect

import pytest

from sessions import errors
from sessions.errors import (
    EXIT_BAD_STATE,
    EXIT_LOCKED,
    EXIT_TOKEN_REFUSED,
    EXIT_USAGE,
    AgentError,
    Corrupt,
    Locked,
    RoomkeyError,
    StateError,
    UserError,
)

ALL = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, RoomkeyError)]


@pytest.mark.parametrize("cls", ALL)
def test_the_docstring_is_the_text(cls: type[RoomkeyError]) -> None:
    assert str(cls()) == inspect.cleandoc(cls.__doc__ or "")
    assert str(cls()).endswith(".")
    assert str(cls("said otherwise")) == "said otherwise"


@pytest.mark.parametrize("cls", ALL)
def test_every_error_is_for_somebody(cls: type[RoomkeyError]) -> None:
    assert cls is RoomkeyError or issubclass(cls, UserError | AgentError | StateError)


@pytest.mark.parametrize("cls", [cls for cls in ALL if issubclass(cls, StateError)])
def test_a_state_error_has_its_exit_code(cls: type[StateError]) -> None:
    assert cls.exit_code == (EXIT_LOCKED if cls is Locked else EXIT_BAD_STATE)


def test_the_exit_codes_are_those_of_the_unit_file() -> None:
    assert (EXIT_USAGE, EXIT_LOCKED, EXIT_TOKEN_REFUSED, EXIT_BAD_STATE) == (2, 75, 77, 78)


def test_an_agent_error_carries_its_facts() -> None:
    error = AgentError("gone", vendor="claude", exit_code=137, stderr_tail="Killed", retryable=True)
    assert (error.vendor, error.exit_code, error.stderr_tail, error.retryable) == (
        "claude",
        137,
        "Killed",
        True,
    )
    assert not AgentError().retryable


def test_the_tree_in_the_docstring_names_every_error() -> None:
    tree = errors.__doc__ or ""
    assert [cls.__name__ for cls in ALL if cls.__name__ not in tree.split()] == []
    assert Corrupt.__name__ in tree

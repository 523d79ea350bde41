"""The setting that says which hosts agents reach."""

import pytest
from pydantic import ValidationError

from bot.settings_egress import EgressSettings


def test_nothing_is_open_unless_it_is_listed() -> None:
    assert EgressSettings().allow == ()


def test_a_list_is_read_from_a_file_and_from_a_variable() -> None:
    listed = ("code.example.net", "*.example.org:8443", "[fd00::1]:22")
    assert EgressSettings.model_validate({"allow": ["Code.Example.net.", *listed[1:]]}).allow == listed
    assert (
        EgressSettings.model_validate(
            {"allow": '["code.example.net", "*.example.org:8443", "[fd00::1]:22"]'}
        ).allow
        == listed
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("code.example.net", "must be a list of hosts"),
        (["*"], "opens too much"),
        (["*.org"], "opens too much"),
        (["https://code.example.net"], "is no host"),
        ([443], "valid string"),
    ],
)
def test_what_is_no_list_of_hosts_is_refused_in_words(value: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        EgressSettings.model_validate({"allow": value})

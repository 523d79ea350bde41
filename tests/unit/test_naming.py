"""Names for peers made from any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.naming import sanitize_name

texts = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("paul-mac", "paul-mac"),
        ("Paul Mac!", "paul-mac"),
        ("ünìcødë", "n-c-d"),
        ("", "wire-session"),
        ("---", "wire-session"),
        ("a" * 100, "a" * 32),
        ("_-_", "_-_"),
        ("-a", "a"),
        ("--a--b--", "a-b"),
        ("a" * 31 + "-b", "a" * 31),
        ("A_B", "a_b"),
        ("___", "___"),
        ("ﬁ", "wire-session"),
        ("C++ help", "c-help"),
        ("🚀-launch", "launch"),
        ("API v2.1 (beta)", "api-v2-1-beta"),
        ("-_-", "_"),
        ("a-" * 20, "a-" * 15 + "a"),
        ("\u212aelvin", "elvin"),
        ("nul\0x", "nul-x"),
    ],
)
def test_a_name_is_made_safe(raw: str, name: str) -> None:
    assert sanitize_name(raw) == name


def test_what_leaves_nothing_gives_the_fallback() -> None:
    assert sanitize_name("!!!", "channel") == "channel"


@given(texts)
def test_any_text_gives_a_short_plain_name(raw: str) -> None:
    name = sanitize_name(raw)
    assert 1 <= len(name) <= 32
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert name.strip("-") == name


@given(texts)
def test_a_safe_name_stays_as_it_is(raw: str) -> None:
    assert sanitize_name(sanitize_name(raw)) == sanitize_name(raw)

"""Keys: which texts are keys, which directory a key gets, and keys for foreign names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.keys import DEFAULT_KEY, directory_name, foreign_key, session_key

keys = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True).map(session_key)
# Surrogates too: a file's name may hold them.
texts = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize("raw", ["default", "910000000000010000", "a", "A_b-9", "x" * 64])
def test_a_key_is_kept_as_it_is(raw: str) -> None:
    assert session_key(raw) == raw


@pytest.mark.parametrize("raw", ["", "x" * 65, "a b", "a/b", "..", "a.b", "é", "a\n", "a\0", "١"])
def test_anything_else_is_no_key(raw: str) -> None:
    with pytest.raises(ValueError, match="not a session key"):
        session_key(raw)


def test_a_refusal_shows_no_endless_text() -> None:
    with pytest.raises(ValueError, match="not a session key") as caught:
        session_key("x" * 10_000)
    assert len(str(caught.value)) < 200


def test_the_default_key_is_a_key() -> None:
    assert session_key(DEFAULT_KEY) == DEFAULT_KEY == "default"


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("agent:bob", "agent-bob-8636c244"),
        ("research/weekly", "research-weekly-13675dbc"),
        ("", "key-e3b0c442"),
        ("nightly", "nightly"),
    ],
)
def test_a_foreign_name_gets_a_safe_key(raw: str, key: str) -> None:
    assert foreign_key(raw) == key


@given(texts)
def test_any_text_gives_a_key(raw: str) -> None:
    assert session_key(foreign_key(raw)) == foreign_key(raw)


@given(keys.filter(lambda key: not re.search(r"-[0-9a-f]{8}\Z", key)))
def test_a_key_is_its_own_foreign_key(key: str) -> None:
    assert foreign_key(key) == key


def test_a_name_that_looks_like_the_safe_form_of_another_is_not_taken_for_it() -> None:
    """Found by `make fuzz`."""
    assert foreign_key("I\x00\x00-1") == "i-1-155f62b5"
    assert foreign_key("i-1-155f62b5") == "i-1-155f62b5-0dbbd37e"


@given(st.lists(texts.filter(lambda text: not text.isascii() or " " in text), unique=True, max_size=20))
def test_different_names_give_different_keys(raws: list[str]) -> None:
    assert len({foreign_key(raw) for raw in raws}) == len(raws)


@given(st.lists(keys, unique=True, max_size=20))
def test_directories_differ_even_where_file_names_ignore_case(some: list[str]) -> None:
    assert len({directory_name(session_key(key)).lower() for key in some}) == len(some)


@given(keys)
def test_a_directory_is_one_plain_name(key: str) -> None:
    name = directory_name(session_key(key))
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-.")
    assert name.strip(".") == name
    assert len(name) <= 73


def test_a_key_without_capitals_is_its_own_directory() -> None:
    assert directory_name(session_key("910000000000010000")) == "910000000000010000"
    assert directory_name(session_key("Room")).startswith("room.")

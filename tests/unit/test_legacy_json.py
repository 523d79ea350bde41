"""JSON that may be damaged: whole or nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.legacy_json import DEPTH_LIMIT, Decoded, as_object, decode
from tests.support.claudeclaw import CURRENT, LEGACY, SINGLE, text_of


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("root", [LEGACY, CURRENT, SINGLE, {}, [], None, 7, "x", {"a": [1.5, True, "ü"]}])
def test_what_json_wrote_is_decoded(root: object) -> None:
    assert decode(text_of(root).encode()) == Decoded(root=root)


def test_a_byte_order_mark_is_dropped() -> None:
    assert decode(b"\xef\xbb\xbf{}") == Decoded(root={})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n\t",
        b"\xff\xfe{}",
        b"{",
        b"{} {}",
        b"nonsense",
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[" + b"9" * 5000 + b"]",
        b"\0",
        nested(DEPTH_LIMIT + 1),
        nested(100_000),
        b'{"a":' * 100_000,
    ],
    ids=range(15),
)
def test_anything_else_is_refused(data: bytes) -> None:
    assert decode(data) is None


def test_the_allowed_depth_is_decoded() -> None:
    assert decode(nested(DEPTH_LIMIT)) is not None


def test_of_repeated_names_the_last_counts_and_each_is_told_once() -> None:
    decoded = decode(b'{"a": 1, "b": {"c": 1, "c": 2, "c": 3}, "a": 4}')
    assert decoded == Decoded(root={"a": 4, "b": {"c": 3}}, duplicates=("c", "a"))


def test_large_integers_keep_every_digit() -> None:
    assert decode(b"[910000000000010001]") == Decoded(root=[910000000000010001])


@pytest.mark.parametrize("root", [LEGACY, CURRENT, SINGLE], ids=["legacy", "current", "single"])
def test_a_file_cut_at_any_byte_is_refused(root: object) -> None:
    whole = text_of(root).encode().rstrip()
    assert all(decode(whole[:length]) is None for length in range(len(whole)))
    assert decode(whole) == decode(whole + b"\n") == Decoded(root=root)


@given(st.binary())
def test_no_bytes_make_it_raise(data: bytes) -> None:
    decode(data)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_what_python_writes_comes_back(root: object) -> None:
    assert decode(json.dumps(root).encode()) == Decoded(root=root)


def test_only_an_object_is_an_object() -> None:
    assert as_object({"a": 1}) == {"a": 1}
    assert [as_object(value) for value in ([], None, 1, "x")] == [None] * 4

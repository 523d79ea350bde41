"""Rules of "Always here": what is offered is narrow, and what is allowed is plainly within it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.permission_rules import (
    PATTERN_CHARS,
    Rule,
    allows,
    as_settings,
    edited_path,
    fingerprint,
    offered,
    parse_rule,
)

WORK = "/data/room/work"
TAILS = st.text(st.sampled_from("ab '\"\\$`;|&<>(){}*?!#~\n\t-=/.\u202e"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def bash(command: str, **more: object) -> dict[str, object]:
    return {"command": command, **more}


def within(rule: str, tool: str, arguments: dict[str, Any]) -> bool:
    parsed = parse_rule(rule)
    assert parsed is not None
    return allows(parsed, tool, arguments, WORK)


@pytest.mark.parametrize(
    ("tool", "arguments", "rule"),
    [
        ("Bash", bash("pytest -q", description="x", timeout=5), "Bash(pytest *)"),
        ("Bash", bash("rm -rf build"), "Bash(rm -rf build)"),
        ("Edit", {"file_path": f"{WORK}/src/a.py"}, "Edit(./src/**)"),
        ("Write", {"file_path": f"{WORK}/src/deep/a.py"}, "Edit(./src/deep/**)"),
        ("Write", {"file_path": f"{WORK}/a.py"}, "Edit(./a.py)"),
        ("NotebookEdit", {"notebook_path": f"{WORK}/n.ipynb"}, "Edit(./n.ipynb)"),
        ("WebFetch", {"url": "https://docs.a.org/x?y", "prompt": "z"}, "WebFetch(domain:docs.a.org)"),
        ("mcp__hub__send", {"a": 1}, "mcp__hub__send"),
    ],
)
def test_what_is_offered_is_narrow_and_allows_the_call_itself(
    tool: str, arguments: dict[str, Any], rule: str
) -> None:
    made = offered(tool, arguments, WORK)
    assert str(made) == rule
    assert parse_rule(rule) == made
    assert within(rule, tool, arguments)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("Bash", bash("a; b")),
        ("Bash", bash("pytest", dangerouslyDisableSandbox=True)),
        ("Bash", bash("pytest", something_new=1)),
        ("Bash", bash("./" + "x" * 80)),
        ("Bash", {"command": 5}),
        ("Bash", {}),
        ("Edit", {"file_path": "/etc/passwd"}),
        ("Edit", {"file_path": f"{WORK}/../other/a"}),
        ("Edit", {"file_path": f"{WORK}/.git/hooks/pre-commit"}),
        ("Edit", {"file_path": f"{WORK}/.claude/settings.json"}),
        ("Edit", {"file_path": f"{WORK}/src/*"}),
        ("Edit", {"file_path": f"{WORK}/a\u202eb"}),
        ("Edit", {"file_path": WORK}),
        ("Edit", {"file_path": f"{WORK}2/a"}),
        ("WebFetch", {"url": "http://a.org"}),
        ("WebFetch", {"url": "https://user@a.org"}),
        ("WebFetch", {"url": "https://a.org:8443"}),
        ("WebFetch", {"url": "https://localhost"}),
        ("WebFetch", {"url": "https://[bad"}),
        ("Agent", {"prompt": "x"}),
        ("Read", {"file_path": "/etc/passwd"}),
        ("ExitPlanMode", {"plan": "x"}),
        ("mcp__a b", {}),
    ],
)
def test_nothing_is_offered_that_is_not_narrow(tool: str, arguments: dict[str, Any]) -> None:
    assert offered(tool, arguments, WORK) is None


@pytest.mark.parametrize(
    ("rule", "tool", "arguments"),
    [
        ("Bash(git status *)", "Bash", bash("git status; rm -rf /")),
        ("Bash(git status *)", "Bash", bash("git statusx")),
        ("Bash(git status *)", "Bash", bash("git -c a=b status")),
        ("Bash(git status *)", "Bash", bash("git push")),
        ("Bash(git status *)", "Bash", bash("git")),
        ("Bash(git status *)", "Bash", bash("git status", dangerouslyDisableSandbox=True)),
        ("Bash(git status *)", "PowerShell", bash("git status")),
        ("Bash(git log *)", "Bash", bash("git log --output=/x/y")),
        ("Bash(git log *)", "Bash", bash("git log --outp /x/y")),
        ("Bash(git fetch *)", "Bash", bash("git fetch --upload-pack='sh -c x' a")),
        ("Bash(make test *)", "Bash", bash("make test --eval='$(shell x)'")),
        ("Bash(go test *)", "Bash", bash("go test -exec sh")),
        ("Bash(rm -rf build)", "Bash", bash("rm -rf build x")),
        ("Bash(rm -rf build)", "Bash", bash("rm -rf builds")),
        ("Bash(*)", "Bash", bash("ls")),
        ("Bash( *)", "Bash", bash("ls")),
        ("Edit(./src/**)", "Edit", {"file_path": f"{WORK}/srcs/a"}),
        ("Edit(./src/**)", "Edit", {"file_path": f"{WORK}/src/../a"}),
        ("Edit(./src/**)", "Edit", {"file_path": f"{WORK}/src/.git/config"}),
        ("Edit(./src/**)", "Read", {"file_path": f"{WORK}/src/a"}),
        ("Edit(./a.py)", "Edit", {"file_path": f"{WORK}/src/a.py"}),
        ("WebFetch(domain:a.org)", "WebFetch", {"url": "https://b.a.org"}),
        ("WebFetch(domain:a.org)", "WebFetch", {"url": "https://a.org.evil.org"}),
        ("WebFetch(domain:a.org)", "WebFetch", {"url": "https://a.org@evil.org"}),
        ("mcp__hub__send", "mcp__hub__send_all", {}),
    ],
)
def test_what_is_not_plainly_within_a_rule_is_asked_about(
    rule: str, tool: str, arguments: dict[str, Any]
) -> None:
    assert not within(rule, tool, arguments)


@given(TAILS)
def test_a_rule_for_one_program_lets_no_other_run(tail: str) -> None:
    if within("Bash(git status *)", "Bash", bash(f"git status{tail}")):
        outside, quote = "", ""
        for sign in tail:
            if quote:
                quote = "" if sign == quote else quote
            elif sign in "'\"":
                quote = sign
            else:
                outside += sign
        assert not quote
        assert not set(";|&<>(){}$`*?!#~\n\t\\") & set(outside)


@given(st.text(max_size=80), st.dictionaries(st.text(max_size=8), JSON, max_size=3))
def test_whatever_is_offered_is_a_rule_that_fits_a_button(tool: str, more: dict[str, object]) -> None:
    for name in (tool, "Bash", "Edit", "WebFetch", "mcp__x"):
        made = offered(name, {**more, "command": tool, "file_path": f"{WORK}/{tool}", "url": tool}, WORK)
        if made is not None:
            assert len(str(made)) <= PATTERN_CHARS
            assert parse_rule(str(made)) == made
            assert str(made).isprintable()


@pytest.mark.parametrize(
    "text", ["", "Bash", "Bash()", "Read(x)", "Bash(a\nb)", "mcp__", "Agent", "Bash(a", "x Bash(a)"]
)
def test_nothing_else_is_a_rule(text: str) -> None:
    assert parse_rule(text) is None


@given(JSON, JSON)
def test_a_fingerprint_is_the_same_for_the_same_alone(one: object, other: object) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (fingerprint("T", {"a": one}) == fingerprint("T", {"a": other})) is same
    assert fingerprint("T", {"a": one}) != fingerprint("U", {"a": one})


def test_what_cannot_be_written_down_is_never_the_same() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert fingerprint("T", {"a": deep}) == ""
    assert len(fingerprint("T", {"a": "x" * 1_000_000, "b": "\ud800"})) == 32


def test_a_path_within_is_from_the_working_directory() -> None:
    assert edited_path("Edit", {"file_path": "src/a"}, WORK) == "src/a"
    assert edited_path("Edit", {"file_path": f"{WORK}/src//a"}, WORK) == "src/a"
    assert edited_path("Edit", {"file_path": ["x"]}, WORK) is None


def test_rules_are_exported_as_the_agents_settings() -> None:
    text = as_settings([Rule("Bash", "pytest *"), Rule("mcp__a__b")])
    assert json.loads(text) == {"permissions": {"allow": ["Bash(pytest *)", "mcp__a__b"]}}

"""Plain commands and their words: what a shell would do more with is none."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.shell_words import narrow_words, plain_words

SIGNS = st.text(st.sampled_from("ab c'\"\\$`;|&<>(){}[]*?!#~\n\t\0-=/.\u202e\u200b\xa0"), max_size=30)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("pytest -q tests", ("pytest", "-q", "tests")),
        ("  git   status ", ("git", "status")),
        ("git commit -m 'a; b | c'", ("git", "commit", "-m", "a; b | c")),
        ('grep "a*" x', ("grep", "a*", "x")),
        ("echo ''", ("echo", "")),
        ("ls bücher", ("ls", "bücher")),
    ],
)
def test_a_plain_command_is_its_words(command: str, words: tuple[str, ...]) -> None:
    assert plain_words(command) == words


@pytest.mark.parametrize(
    "command",
    [
        "",
        " ",
        "git status; rm -rf /",
        "git status && rm x",
        "git status & rm x",
        "git status || rm x",
        "git status | sh",
        "git status\nrm -rf /",
        "git status\r\nrm",
        "git status $(rm x)",
        "git status `rm x`",
        'git status "$(rm x)"',
        'git status "`rm x`"',
        "git status > /etc/passwd",
        "git status < x",
        "git status <(rm x)",
        "git status {a,b}",
        "git status *",
        "git status ?",
        "git status [a]",
        "git status ~/x",
        "git status \\; rm",
        "git status 'x",
        "git status !x",
        "git status # x",
        "git\tstatus",
        "git status\0x",
        "git st\u200batus",
        "git status \u202ex",
        "git status\u2028rm",
        "git status 'a\u202eb'",
        "git\xa0status",
        "A=1 git status",
        "'' x",
        "'git status' x",
        "(git status)",
        "%1",
        "=git",
    ],
)
def test_what_a_shell_would_do_more_with_is_not_plain(command: str) -> None:
    assert plain_words(command) is None
    assert narrow_words(command) is None


@given(SIGNS)
def test_what_is_plain_has_no_other_words_for_a_shell(command: str) -> None:
    words = plain_words(command)
    if words is not None:
        assert shlex.split(command) == list(words)


@given(SIGNS, st.sampled_from([";", "&", "|", "\n", ">", "<", "$(x)", "`x`", "(", "\\"]), SIGNS)
def test_nothing_stands_behind_a_command_unquoted(before: str, sign: str, after: str) -> None:
    command = f"git status {before}{sign}{after}"
    words = plain_words(command)
    if words is not None:  # then it stands within quotes, and the shell sees it as part of a word
        assert any(sign in word for word in words)


@pytest.mark.parametrize(
    ("command", "pattern"),
    [
        ("pytest", "pytest *"),
        ("pytest -q x", "pytest *"),
        ("./run.sh a", "./run.sh *"),
        ("git status", "git status *"),
        ("git log --oneline", "git log *"),
        ("npm run test", "npm run test *"),
        ("uv run pytest -q", "uv run pytest *"),
        # They say too little, or run others, or reach far: the command itself alone.
        ("git", "git"),
        ("git -c core.pager=x log", "git -c core.pager=x log"),
        ("git config x y", "git config x y"),
        ("npm run", "npm run"),
        ("uv run python x.py", "uv run python x.py"),
        ("python3.12 x.py", "python3.12 x.py"),
        ("/usr/bin/python x.py", "/usr/bin/python x.py"),
        ("bash x.sh", "bash x.sh"),
        ("sudo ls", "sudo ls"),
        ("env ls", "env ls"),
        ("xargs ls", "xargs ls"),
        ("find . -delete", "find . -delete"),
        ("rm -rf build", "rm -rf build"),
        ("curl https://a.org", "curl https://a.org"),
        ("python -c 'print(\"*\")'", None),
        ("/usr/bin/git status", "/usr/bin/git status *"),
        ("/usr/bin/git config x y", "/usr/bin/git config x y"),
        ("/usr/bin/git -C /x status", "/usr/bin/git -C /x status"),
        ("pip3.12 install x", "pip3.12 install x"),
        ("pip3 list", "pip3 list *"),
        ("npm install x", "npm install x"),
        ("git add x", "git add *"),
        ("uv tool run x", "uv tool run x"),
        ("git grep x", "git grep x"),
        ("git log --output=x", "git log --output=x"),
        ("head /etc/passwd", "head /etc/passwd"),
    ],
)
def test_the_pattern_is_narrow(command: str, pattern: str | None) -> None:
    assert narrow_words(command) == pattern

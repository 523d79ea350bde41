"""Which variables of an agent are secret."""

import pytest

from sessions.credentials import (
    SecretTooShort,
    custom_headers,
    is_credential,
    is_subscription,
    redactor_of,
    secrets_in,
)
from sessions.redaction import MASK

HEADERS = "X-Team: ops\nAuthorization: Bearer gateway-0123\n anthropic-beta : context-1m-2025\nodd\n: none"


def test_credentials_headers_and_passwords_are_found_and_nothing_else() -> None:
    env = {
        "ANTHROPIC_API_KEY": "sk-ant-api03-1",
        "ANTHROPIC_AUTH_TOKEN": "auth-token-1",
        "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-1",
        "ANTHROPIC_FOUNDRY_API_KEY": "foundry-key-1",
        "ANTHROPIC_BASE_URL": "https://me:gate%2Fkeeper@model.example/v1",
        "ANTHROPIC_MODEL": "claude-opus-5",
        "https_proxy": "http://joe:hunter2222@proxy:3128",
        "HTTP_PROXY": "joe:hunter3333@proxy:3128",
        "NO_PROXY": "localhost,.example",
        "ANTHROPIC_CUSTOM_HEADERS": HEADERS,
        "PATH": "/bin:/home/a@b",
    }
    assert sorted(secrets_in(env).values()) == sorted(
        [
            *("sk-ant-api03-1", "auth-token-1", "sk-ant-oat01-1", "foundry-key-1"),
            *("gate/keeper", "gate%2Fkeeper", "hunter2222", "hunter2222", "hunter3333", "hunter3333"),
            *("gateway-0123", "context-1m-2025"),
        ]
    )


def test_headers_are_read_line_by_line() -> None:
    assert custom_headers({"ANTHROPIC_CUSTOM_HEADERS": HEADERS}) == {
        "X-Team": "ops",
        "Authorization": "Bearer gateway-0123",
        "anthropic-beta": "context-1m-2025",
    }
    assert custom_headers({}) == {}


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("ANTHROPIC_API_KEY", True),
        ("ANTHROPIC_CUSTOM_HEADERS", True),
        ("CLAUDE_CODE_OAUTH_TOKEN", True),
        ("ANTHROPIC_BASE_URL", False),
        ("ANTHROPIC_MODEL", False),
        ("HTTPS_PROXY", False),
    ],
)
def test_a_variable_is_told_by_its_name(name: str, is_one: bool) -> None:
    assert is_credential(name) is is_one


@pytest.mark.parametrize(
    ("env", "place"),
    [
        ({"ANTHROPIC_API_KEY": "short"}, "ANTHROPIC_API_KEY"),
        ({"HTTPS_PROXY": "http://joe:pw12345@proxy:1"}, "The password in HTTPS_PROXY"),
        ({"ANTHROPIC_CUSTOM_HEADERS": "X-Api-Key: abc1234"}, "The header X-Api-Key"),
    ],
)
def test_a_short_secret_is_refused_by_its_place_and_never_shown(env: dict[str, str], place: str) -> None:
    with pytest.raises(SecretTooShort, match=f"{place}.* fewer than 8 characters.* remove it") as caught:
        redactor_of(secrets_in(env))
    assert not any(value in str(caught.value) for value in env.values())
    assert "pw12345" not in str(caught.value)
    assert caught.value.exit_code == 78


def test_what_is_empty_or_odd_is_no_secret() -> None:
    env = {"ANTHROPIC_API_KEY": "", "HTTPS_PROXY": "http://[::1@bad", "ANTHROPIC_CUSTOM_HEADERS": ""}
    redactor = redactor_of(secrets_in(env))
    assert not redactor.knows_any
    assert redactor_of({"here": "hunter2222"}).text("a hunter2222") == f"a {MASK}"


@pytest.mark.parametrize(
    ("env", "is_one"),
    [
        ({"CLAUDE_CODE_OAUTH_TOKEN": "token"}, True),
        ({"CLAUDE_CODE_OAUTH_TOKEN": "token", "ANTHROPIC_API_KEY": "key"}, False),
        ({"CLAUDE_CODE_OAUTH_TOKEN": "token", "ANTHROPIC_AUTH_TOKEN": "token"}, False),
        ({"ANTHROPIC_API_KEY": "key"}, False),
        ({}, False),
    ],
)
def test_a_subscription_is_what_claude_would_log_in_with(env: dict[str, str], is_one: bool) -> None:
    assert is_subscription(env) is is_one

"""Which values in an agent's environment are secret, and what masks them. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from sessions.errors import StateError
from sessions.redaction import LEAST_CHARS, Redactor, TooShort

API_KEY: Final = "ANTHROPIC_API_KEY"
AUTH_TOKEN: Final = "ANTHROPIC_AUTH_TOKEN"  # noqa: S105 -- a variable's name
OAUTH_TOKEN: Final = "CLAUDE_CODE_OAUTH_TOKEN"  # noqa: S105 -- a variable's name
CUSTOM_HEADERS: Final = "ANTHROPIC_CUSTOM_HEADERS"

_ENDINGS: Final = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
_TELLING: Final = ("auth", "key", "token", "secret", "cookie", "password")
"""A header with one of these in its name holds a secret, however short."""


class SecretTooShort(StateError):
    """A secret is so short that it cannot be kept out of answers: give it its real value, or remove it."""


def secrets_in(env: Mapping[str, str]) -> Mapping[str, str]:
    """Return the secrets among an agent's variables, by where each stands.

    Those are the model's credentials, the values of its own headers, and passwords in addresses.
    """
    return dict(_secrets(env))


def custom_headers(env: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers that a person wants to have on every request to the model, by name."""
    lines = (line.partition(":") for line in env.get(CUSTOM_HEADERS, "").splitlines())
    return {name.strip(): value.strip() for name, colon, value in lines if colon and name.strip()}


def is_subscription(env: Mapping[str, str]) -> bool:
    """Whether an agent with these variables works on a subscription, where no turn costs anything."""
    return bool(env.get(OAUTH_TOKEN)) and not (env.get(API_KEY) or env.get(AUTH_TOKEN))


def is_credential(name: str) -> bool:
    """Whether a variable of this name holds a credential of the model and nothing else."""
    return name == CUSTOM_HEADERS or (
        name.startswith(("ANTHROPIC_", "CLAUDE_")) and name.upper().endswith(_ENDINGS)
    )


def redactor_of(secrets: Mapping[str, str]) -> Redactor:
    """Return what masks these secrets, given by where each stands; an empty one counts as not given.

    Raises:
        SecretTooShort: the text names the place, never the secret.
    """
    redactor = Redactor()
    for place, secret in secrets.items():
        try:
            if secret.strip():
                redactor.add(secret)
        except TooShort as error:
            raise SecretTooShort(
                f"{place} has fewer than {LEAST_CHARS} characters, too few to be kept out of answers and"
                " logs. Give it its real value, or remove it."
            ) from error
    return redactor


def _secrets(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in env.items():
        if name == CUSTOM_HEADERS:
            yield from _in_headers(env)
        elif is_credential(name):
            yield name, value
        elif password := _password(value):
            yield f"The password in {name}", unquote(password)
            yield f"The password in {name} as it is written there", password


def _in_headers(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for header, value in custom_headers(env).items():
        # "Bearer abc": the second word is the secret, and it may stand alone.
        secret = value.rpartition(" ")[2]
        if len(secret) >= LEAST_CHARS or any(word in header.lower() for word in _TELLING):
            yield f"The header {header} in {CUSTOM_HEADERS}", secret


def _password(value: str) -> str:
    if "@" not in value:
        return ""
    try:
        return urlsplit(value if "://" in value else f"//{value}").password or ""
    except ValueError:
        return ""

"""Which names are settings, and which name was meant."""

import pytest

from bot.settings import Settings
from bot.settings_names import nearest, settings_of, snake_case, split_variables, variable


def test_every_name_that_is_promised_is_a_setting() -> None:
    """Scripts and units in the field use these names: none may go."""
    names = {variable(setting.path) for setting in settings_of(Settings)}
    assert names >= {
        "ROOMKEY_DATA_DIR",
        "ROOMKEY_ISOLATION",
        "ROOMKEY_LEGACY_DIR",
        "ROOMKEY_DISCORD__API_BASE",
        "ROOMKEY_DISCORD__GATEWAY_URL",
        "ROOMKEY_DISCORD__LISTEN_CHANNELS",
        "ROOMKEY_DISCORD__ALLOWED_USERS",
        "ROOMKEY_DISCORD__ALLOWED_ROLES",
        "ROOMKEY_DISCORD__ALLOWED_GUILDS",
        "ROOMKEY_DISCORD__REPLY_TO",
        "ROOMKEY_AGENT__VENDOR",
        "ROOMKEY_AGENT__MAX_RUNNING",
        "ROOMKEY_AGENT__MAX_LIVE",
        "ROOMKEY_AGENT__IDLE_TTL_S",
        "ROOMKEY_AGENT__MODEL",
        "ROOMKEY_AGENT__PERMISSION_MODE",
        "ROOMKEY_AGENT__SCRIPT",
    }


def test_the_token_is_no_setting() -> None:
    assert not any("token" in setting.name for setting in settings_of(Settings))


def test_every_setting_says_what_it_means() -> None:
    assert [setting.name for setting in settings_of(Settings) if not setting.field.description] == []


def test_variables_count_in_any_case() -> None:
    known, unknown = split_variables(Settings, {"roomkey_data_dir": "/x", "PATH": "/bin"})
    assert (known, unknown) == ({"roomkey_data_dir": "/x"}, {})


def test_a_name_like_no_other_has_no_nearest() -> None:
    assert nearest("zzzzzzzz", ["model", "vendor"]) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("listenChannels", "listen_channels"),
        ("listen_channels", "listen_channels"),
        ("idleTtlS", "idle_ttl_s"),
        ("", ""),
    ],
)
def test_camel_case_becomes_snake_case(given: str, expected: str) -> None:
    assert snake_case(given) == expected

"""The settings about voice messages: off by default, one way at a time, and no secret shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import load_settings
from bot.settings_voice import VoiceSettings


def test_by_default_nobody_writes_down_voice_messages() -> None:
    settings = VoiceSettings()
    assert (settings.command, settings.url, settings.secret) == ((), None, "")


def test_a_command_is_a_list_of_words_also_in_a_variable() -> None:
    assert VoiceSettings.model_validate({"command": '["hear", "{file}"]'}).command == ("hear", "{file}")
    assert VoiceSettings.model_validate({"command": ["hear"]}).command == ("hear",)
    with pytest.raises(ValidationError, match="must be a list of words"):
        VoiceSettings.model_validate({"command": "hear --all"})


def test_a_variable_sets_it(tmp_path: Path) -> None:
    variables = {
        "ROOMKEY_DATA_DIR": str(tmp_path),
        "ROOMKEY_VOICE__COMMAND": '["hear"]',
    }
    assert load_settings(environ=variables).voice.command == ("hear",)


def test_a_command_and_a_service_at_once_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"give voice\.command or voice\.url, and not both"):
        VoiceSettings(command=("hear",), url="http://127.0.0.1:8000")


def test_the_services_token_is_in_no_text() -> None:
    settings = VoiceSettings.model_validate({"url": "http://127.0.0.1:1", "key": "a-secret-key"})
    assert settings.secret == "a-secret-key"
    assert "a-secret-key" not in f"{settings} {settings!r} {settings.model_dump_json()}"

"""What README says of the settings is what the classes say."""

from bot.settings_table import README, with_table


def test_the_settings_table_is_the_generated_one() -> None:
    """Mend with `python -m bot.settings_table --write`."""
    text = README.read_text("utf-8")
    assert with_table(text) == text

"""The settings as a table and as an example file."""

import re
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.settings_file import parse_file
from bot.settings_names import settings_of, variable
from bot.settings_table import EXAMPLE, example_file, settings_table, with_table


def test_the_table_has_a_row_for_every_setting() -> None:
    table = settings_table()
    for setting in settings_of(Settings):
        assert f"| `{setting.name}` | `{variable(setting.path)}` | " in table


def test_every_row_has_four_cells() -> None:
    assert {line.count(" | ") for line in settings_table().splitlines()} == {3}


def test_the_table_is_written_between_the_markers_and_nowhere_else() -> None:
    readme = "# Title\n<!-- settings -->\nold\n<!-- /settings -->\nend\n"
    written = with_table(readme)
    assert written == f"# Title\n<!-- settings -->\n{settings_table()}\n<!-- /settings -->\nend\n"
    assert with_table(written) == written


def test_without_markers_nothing_is_written() -> None:
    with pytest.raises(ValueError, match="has no <!-- settings -->"):
        with_table("# Title\n")


def test_the_example_file_is_the_generated_one() -> None:
    """Mend with `python -m bot.settings_table --write`."""
    assert EXAMPLE.read_text("utf-8") == example_file()


def test_the_example_as_it_stands_changes_nothing() -> None:
    file = parse_file(Path("example"), example_file(), Settings)
    assert file.problems == ()
    assert Settings.model_validate({"data_dir": "/data", **file.values}) == Settings(data_dir=Path("/data"))


def test_the_example_with_everything_taken_in_says_the_defaults() -> None:
    text = re.sub(r"^#(?! )", "", example_file(), flags=re.MULTILINE)
    file = parse_file(Path("example"), text, Settings)
    assert file.problems == ()
    settings = Settings.model_validate(file.values)
    defaults = Settings(data_dir=Path.home() / ".local/state/roomkey")
    assert settings.model_copy(update={"guild": {}, "channel": {}}) == defaults
    assert settings.reply_to_for("123456789012345678", "123456789012345678") == "all"

"""Single settings are changed in a file that is somebody's own, and nothing else in it."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.settings import Settings
from bot.settings_edit import Name, NotEditable, differing, fresh_text, with_values
from bot.settings_file import parse_file

FILE = Path("/somewhere/roomkey.toml")
ID = "123456789012345678"
OTHER = "123456789012345679"
OWNERS: Name = ("discord", "owners")
ISOLATION: Name = ("isolation",)


def edited(text: str, **values: object) -> str:
    names = {"owners": OWNERS, "isolation": ISOLATION, "vendor": ("agent", "vendor")}
    wanted = {names[name]: value for name, value in values.items()}
    return with_values(text, wanted, FILE)  # pyright: ignore[reportArgumentType]


def test_a_new_file_says_what_it_is_and_holds_the_values() -> None:
    text = fresh_text({OWNERS: [ID], ISOLATION: "bwrap"})
    assert tomllib.loads(text) == {"isolation": "bwrap", "discord": {"owners": [ID]}}
    assert text.startswith("# Roomkey's settings")
    assert parse_file(FILE, text, Settings).problems == ()


def test_comments_and_other_settings_stay_where_they_are() -> None:
    text = f'# mine\nkeep_days = 7 # short\n\n[discord] # here\nowners = ["{OTHER}"]\nreply_to = "mention"\n'
    changed = edited(text, owners=[ID], isolation="none")
    assert tomllib.loads(changed) == {
        "keep_days": 7,
        "isolation": "none",
        "discord": {"owners": [ID], "reply_to": "mention"},
    }
    assert changed.startswith("# mine\nkeep_days = 7 # short\n")
    assert "[discord] # here\n" in changed


def test_the_comment_behind_a_setting_stays_when_it_is_changed() -> None:
    text = 'isolation = "no#ne" \t# "strict" later\n[discord]\nowners = ["#"]# mine\n'
    changed = edited(text, owners=[ID], isolation="none")
    assert changed == f'isolation = "none" \t# "strict" later\n[discord]\nowners = ["{ID}"]# mine\n'


def test_a_table_that_is_missing_is_added_at_the_end() -> None:
    changed = edited('[log]\nlevel = "debug"\n', vendor="scripted")
    assert tomllib.loads(changed) == {"log": {"level": "debug"}, "agent": {"vendor": "scripted"}}


def test_other_spellings_of_a_name_are_the_same_setting() -> None:
    changed = edited(f'[discord]\n"Owners" = [{OTHER}]\n', owners=[ID])
    assert tomllib.loads(changed) == {"discord": {"owners": [ID]}}


@pytest.mark.parametrize(
    "text",
    [
        f'[discord]\nowners = [\n  "{OTHER}",\n]\n',
        f'discord.owners = ["{OTHER}"]\n',
        f'discord = {{ owners = ["{OTHER}"] }}\n',
        "[discord\n",
    ],
    ids=["many lines", "dotted", "inline table", "no TOML"],
)
def test_what_is_written_in_another_way_is_left_alone_and_said(text: str) -> None:
    with pytest.raises(NotEditable, match=r"discord\.owners = \[\"123456789012345678\"\]"):
        edited(text, owners=[ID])


def test_only_what_differs_is_a_change() -> None:
    text = f'isolation = "none"\n[discord]\nowners = [{ID}]\n'
    assert differing(text, {OWNERS: [ID], ISOLATION: "none"}, FILE) == {}
    assert differing(text, {OWNERS: [OTHER], ISOLATION: "none"}, FILE) == {OWNERS: [OTHER]}


LINES = st.sampled_from(
    [
        "# a comment",
        "",
        "[discord]",
        "[agent]",
        "[log]",
        'reply_to = "mention"',
        f'owners = ["{OTHER}"]',
        'isolation = "none"',
        'level = "debug"',
        f'owners = [\n"{OTHER}"]',
        '"isolation" = "none"',
    ]
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=8))
def test_whatever_stands_there_only_the_wanted_values_change(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    before = parse_file(FILE, text, Settings)
    try:
        changed = edited(text, owners=[ID], isolation="bwrap")
    except NotEditable:
        return
    after = parse_file(FILE, changed, Settings)
    discord = before.values.get("discord", {})
    assert isinstance(discord, dict)
    assert after.values == {
        **before.values,
        "isolation": "bwrap",
        "discord": {**discord, "owners": [ID]},
    }
    assert [line for line in changed.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#")
    ]

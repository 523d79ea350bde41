"""Where roomkey.toml lies and what is understood of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings
from bot.settings_file import find_file, parse_file, read_file

FILE = Path("roomkey.toml")


def make(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_file_is_looked_for_in_order(tmp_path: Path) -> None:
    data, config = tmp_path / "data", tmp_path / "config"
    environ = {"HOME": str(tmp_path), "ROOMKEY_DATA_DIR": str(data), "XDG_CONFIG_HOME": str(config)}
    assert find_file(None, environ) is None
    last = make(config / "roomkey" / "roomkey.toml")
    assert find_file(None, environ) == last
    third = make(data / "roomkey.toml")
    assert find_file(None, environ) == third
    second = tmp_path / "named-by-variable.toml"
    assert find_file(None, environ | {"ROOMKEY_CONFIG": str(second)}) == second
    first = tmp_path / "named-by-option.toml"
    assert find_file(first, environ | {"ROOMKEY_CONFIG": str(second)}) == first


def test_the_default_places_are_below_home(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    config = make(tmp_path / ".config/roomkey/roomkey.toml")
    assert find_file(None, environ) == config
    state = make(tmp_path / ".local/state/roomkey/roomkey.toml")
    assert find_file(None, environ) == state


def test_a_data_directory_that_is_a_file_is_no_problem_here(tmp_path: Path) -> None:
    assert find_file(None, {"HOME": "/nowhere", "ROOMKEY_DATA_DIR": str(make(tmp_path / "data"))}) is None


def test_a_file_that_cannot_be_looked_at_is_a_problem_not_a_miss(tmp_path: Path) -> None:
    loop = tmp_path / "roomkey.toml"
    loop.symlink_to(loop)
    path = find_file(None, {"HOME": "/nowhere", "ROOMKEY_DATA_DIR": str(tmp_path)})
    assert path is not None
    assert path == loop
    assert read_file(path, Settings).problems[0].startswith(f"{loop} cannot be read: ")


@pytest.mark.parametrize("kind", ["missing", "directory", "binary"])
def test_a_file_that_cannot_be_read_gives_one_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "roomkey.toml"
    if kind == "directory":
        path.mkdir()
    elif kind == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    file = read_file(path, Settings)
    assert len(file.problems) == 1
    assert file.problems[0].startswith(f"{path} ")
    assert file.values == {}


def test_a_byte_order_mark_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "roomkey.toml"
    path.write_bytes(b"\xef\xbb\xbfisolation = 'none'\n")
    assert read_file(path, Settings).values == {"isolation": "none"}


def test_malformed_toml_is_told_with_its_line() -> None:
    (problem,) = parse_file(FILE, "[agent]\nmodel = \n", Settings).problems
    assert problem.startswith("roomkey.toml is not valid TOML: ")
    assert "line 2" in problem


@pytest.mark.parametrize(
    ("text", "name", "line", "hint"),
    [
        ("[agent]\nmodle = 'x'\n", "agent.modle", 2, "agent.model"),
        ("listen_channels = []\n", "listen_channels", 1, "discord.listen_channels"),
        ("listenChannel = []\n", "listenChannel", 1, "discord.listen_channels"),
        ("\n[agnet]\n", "agnet", 2, "agent"),
        ("agent.zzzzzz = 1\n", "agent.zzzzzz", 1, None),
        ("agent = {modle = 1}\n", "agent.modle", None, "agent.model"),
        ("[log]\n\n[agent]\nmax_live = 3\nmodle = 1\n", "agent.modle", 5, "agent.model"),
        ("[guild.1.x]\n", "guild.1.x", 1, None),
    ],
)
def test_an_unknown_name_is_told_with_its_place_and_the_nearest(
    text: str, name: str, line: int | None, hint: str | None
) -> None:
    place = f"{name} in roomkey.toml" + (f", line {line}" if line else "")
    question = f"; did you mean {hint}?" if hint else ""
    assert parse_file(FILE, text, Settings).problems == (f"{place}: is not a setting{question}",)


def test_a_value_in_the_place_of_a_table_is_told() -> None:
    (problem,) = parse_file(FILE, "agent = 3\n", Settings).problems
    assert problem == "agent in roomkey.toml, line 1: must be a table: [agent]"


def test_a_comment_is_not_taken_for_the_place() -> None:
    (problem,) = parse_file(FILE, "# modle = 1\n[agent]\n#modle = 1\nmodle = 1\n", Settings).problems
    assert "line 4" in problem


def test_known_settings_stand_beside_a_problem() -> None:
    file = parse_file(FILE, "speed = 1\n[agent]\nmax_live = 2\n", Settings)
    assert file.values == {"agent": {"max_live": 2}}


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    parse_file(FILE, text, Settings)


def test_bottomless_nesting_is_a_problem_not_a_crash() -> None:
    assert parse_file(FILE, "x = " + "[" * 100_000, Settings).problems


def test_a_file_that_others_can_change_or_replace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config" / "roomkey.toml"
    path.parent.mkdir(mode=0o700)
    path.write_text('isolation = "none"')
    path.chmod(0o644)
    assert read_file(path, Settings).problems == ()
    path.chmod(0o664)
    [problem] = read_file(path, Settings).problems
    assert problem.endswith(f"run: chmod go-w {path}")
    path.chmod(0o644)
    path.parent.chmod(0o777)
    [problem] = read_file(path, Settings).problems
    assert problem.endswith(f"run: chmod go-w {path.parent}")

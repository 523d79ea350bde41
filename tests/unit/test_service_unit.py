"""The unit of an installation is the shipped one with its own program and paths."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hatchling.build import build_wheel
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.hosting import Hosting, system_hosting, user_hosting
from bot.service_unit import shipped_unit, this_program, unit_for, with_lines
from sessions.errors import UserError

ROOT = Path(__file__).parents[2]
HOME = Path("/home/ann")


def of_user() -> Hosting:
    return user_hosting({"HOME": str(HOME)}, None)


def lines(unit: str, name: str) -> list[str]:
    return [line.removeprefix(f"{name}=") for line in unit.splitlines() if line.startswith(f"{name}=")]


@pytest.mark.parametrize("is_system", [False, True], ids=["user", "system"])
def test_everything_else_is_as_shipped(is_system: bool) -> None:
    hosting = system_hosting() if is_system else of_user()
    unit = unit_for(hosting, ["/opt/roomkey/bin/roomkey"], home=HOME)
    shipped = shipped_unit(is_system=is_system).splitlines()
    own = {"ExecStart=/opt/roomkey/bin/roomkey run", f"EnvironmentFile=-{hosting.login_file}"}
    assert {line for line in unit.splitlines() if line not in shipped and not line.startswith("#")} <= own
    settings = [line for line in shipped if "=" in line and not line.startswith("#")]
    missing = [line for line in settings if line not in unit.splitlines()]
    assert [line.partition("=")[0] for line in missing] in (
        ["ExecStart", "EnvironmentFile"],
        ["ExecStart"],
        [],
    )


def test_where_everything_lies_in_its_usual_place_nothing_is_named() -> None:
    unit = unit_for(of_user(), ["/usr/bin/roomkey"], home=HOME)
    assert lines(unit, "ExecStart") == ["/usr/bin/roomkey run"]
    assert lines(unit, "EnvironmentFile") == ["-/home/ann/.config/roomkey/environment"]
    assert lines(unit, "Environment") == []


def test_what_lies_elsewhere_is_named() -> None:
    hosting = replace(of_user(), settings_file=Path("/etc/my own.toml"), data_dir=Path("/srv/100%"))
    [environment] = lines(unit_for(hosting, ["/usr/bin/roomkey"], home=HOME), "Environment")
    assert environment == '"ROOMKEY_CONFIG=/etc/my own.toml" "ROOMKEY_DATA_DIR=/srv/100%%"'


def test_the_words_of_the_command_mean_themselves() -> None:
    unit = unit_for(of_user(), ["/a b/100%/$HOME", "-m", 'b"o$t\\'], home=HOME)
    assert lines(unit, "ExecStart") == ['"/a b/100%%/$HOME" -m "b\\"o$$t\\\\" run']


@pytest.mark.parametrize("sign", ["\n", "\x1b", "\x00"])
def test_a_path_that_no_unit_can_hold_is_refused(sign: str) -> None:
    with pytest.raises(UserError, match="plainer name"):
        unit_for(of_user(), [f"/opt/room{sign}key"], home=HOME)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_path_adds_a_line(name: str) -> None:
    hosting = replace(of_user(), data_dir=Path("/srv") / name.replace("\0", ""))
    try:
        unit = unit_for(hosting, ["/usr/bin/roomkey"], home=HOME)
    except UserError:
        return
    plain = unit_for(of_user(), ["/usr/bin/roomkey"], home=HOME)
    assert len(unit.split("\n")) <= len(plain.split("\n")) + 1


def test_a_line_that_is_not_there_once_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        with_lines("[Service]\nUser=a\nUser=b\n", {"User": "User=c"})
    with pytest.raises(ValueError, match="values to unpack"):
        with_lines("[Service]\n", {"User": "User=c"})


def test_this_program_is_one_that_is_there() -> None:
    program = this_program()
    assert Path(program.words[0]).is_file()
    assert all(file.exists() for file in program.files)


def test_the_wheel_carries_the_units_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    wheel = zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path)))
    for kind in ("user", "system"):
        packed = wheel.read(f"bot/deploy/{kind}/roomkey.service").decode()
        assert packed == shipped_unit(is_system=kind == "system")

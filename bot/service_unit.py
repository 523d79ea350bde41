"""The unit file of an installation: the one we ship, with its own program and paths in it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.hosting import Hosting
from sessions.errors import UserError

_HERE: Final = Path(__file__).parent
_PLACES: Final = (_HERE / "deploy", _HERE.parent / "deploy")
"""Where the shipped files lie: in an installed package, and in a clone."""

_MARK: Final = "# Written by `roomkey service install`, which replaces it when asked to.\n"


def shipped_unit(*, is_system: bool) -> str:
    """Return the text of the unit that came with this Roomkey. Blocks.

    Raises:
        UserError: it did not come along.
    """
    name = Path("system" if is_system else "user") / "roomkey.service"
    for place in _PLACES:
        if (file := place / name).is_file():
            return file.read_text("utf-8")
    raise UserError("This installation of Roomkey lacks its unit files. Install it again.")


def unit_for(hosting: Hosting, program: Sequence[str], *, home: Path | None = None) -> str:
    """Return the unit of an installation; `program` is what runs Roomkey, `home` the user's home directory.

    Raises:
        UserError: a path cannot stand in a unit file.
    """
    shipped = shipped_unit(is_system=hosting.is_system)
    lines = {"ExecStart": f"ExecStart={_command([*program, 'run'])}"}
    if hosting.is_system:
        lines["User"] = f"User={_plain(hosting.service_user)}"
    else:
        lines["EnvironmentFile"] = f"EnvironmentFile=-{_plain(hosting.login_file)}" + _own_places(
            hosting, home
        )
    return _MARK + with_lines(_without_how_to(shipped), lines)


def with_lines(unit: str, lines: Mapping[str, str]) -> str:
    """Return a unit in which the one line that sets each name is replaced.

    Raises:
        ValueError: a name is set more than once, or not at all.
    """
    text = unit.splitlines()
    for name, line in lines.items():
        [place] = [number for number, old in enumerate(text) if old.startswith(f"{name}=")]
        text[place] = line
    return "\n".join(text) + "\n"


@dataclass(frozen=True, slots=True)
class Program:
    """What runs Roomkey, and the files that must be seen for that."""

    words: tuple[str, ...]
    files: tuple[Path, ...]


def this_program() -> Program:
    """Return what runs this very Roomkey: its program, or its interpreter with the package. Blocks."""
    interpreter = Path(sys.executable)
    program = interpreter.with_name("roomkey")
    words = (str(program),) if program.is_file() else (str(interpreter), "-m", "bot")
    return Program(words, (program.resolve(), interpreter.resolve(), _HERE.resolve()))


def _own_places(hosting: Hosting, home: Path | None) -> str:
    """Return the line that names what does not lie where the program looks for it by itself."""
    usual = home or Path.home()
    named = {
        "ROOMKEY_CONFIG": (hosting.settings_file, usual / ".config" / "roomkey" / "roomkey.toml"),
        "ROOMKEY_DATA_DIR": (hosting.data_dir, usual / ".local" / "state" / "roomkey"),
    }
    words = [_quoted(f"{name}={path}") for name, (path, default) in named.items() if path != default]
    return f"\nEnvironment={' '.join(words)}" if words else ""


def _without_how_to(unit: str) -> str:
    """Return a unit without the lines before its first section: they say how to do this by hand."""
    return unit[unit.index("[Unit]") :]


def _command(words: Sequence[str]) -> str:
    # In the program's own path a dollar is a dollar; in what follows it would begin a variable.
    return " ".join([_quoted(words[0]), *(_quoted(word).replace("$", "$$") for word in words[1:])])


def _quoted(word: str) -> str:
    escaped = _plain(word).replace("\\", "\\\\").replace('"', '\\"')
    is_plain = escaped == word and word and not any(sign in word for sign in " \t';")
    return escaped if is_plain else f'"{escaped}"'


def _plain(path: Path | str) -> str:
    """Return a path as a unit writes it outside of quotes: percent signs are its own."""
    text = str(path)
    if not text.isprintable():
        raise UserError(f"{text!r} cannot stand in a unit file. Choose a place with a plainer name.")
    return text.replace("%", "%%")

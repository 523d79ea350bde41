"""roomkey.toml: where it lies, what it says in our names, and on which line it says so."""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, cast

from pydantic import BaseModel

from bot.private_files import writable_by_others
from bot.settings_names import fields_of, nearest, settings_of, snake_case, table_of, tables_by_id_of

FILE_NAME: Final = "roomkey.toml"

Table = dict[str, object]


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a file says: its values under the settings' own names, and what is wrong with it.

    A value that is named in `problems` is not in `values`. Empty text counts as not set.
    """

    path: Path | None = None
    text: str = ""
    values: Table = field(default_factory=dict[str, object])
    problems: tuple[str, ...] = ()

    def where(self, path: tuple[str, ...]) -> str:
        """Return the place of a setting for a person: name, file and, if it can be told, the line."""
        line = _line_of(self.text, path)
        return f"{'.'.join(path)} in {self.path}{f', line {line}' if line else ''}"


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Return where state goes if nobody says: `roomkey` in the XDG state directory."""
    return _xdg(environ, "XDG_STATE_HOME", ".local/state") / "roomkey"


def config_dir(environ: Mapping[str, str]) -> Path:
    """Return the XDG configuration directory."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config")


def find_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the settings file to read: the first that is named or exists, None if there is none.

    The order: `config`, ROOMKEY_CONFIG, the data directory, the XDG configuration directory. A file
    that is named is returned whether it exists or not.
    """
    if config is not None:
        return config
    if named := environ.get("ROOMKEY_CONFIG"):
        return Path(named)
    data_dir = Path(environ.get("ROOMKEY_DATA_DIR") or default_data_dir(environ))
    with suppress(RuntimeError):  # an unknown home is told when the value itself is checked
        data_dir = data_dir.expanduser()
    places = (data_dir, config_dir(environ) / "roomkey")
    return next((file for place in places if is_there(file := place / FILE_NAME)), None)


def read_file(path: Path, model: type[BaseModel]) -> SettingsFile:
    """Read a settings file. Never raises: what is wrong with it is in `problems`.

    It is also wrong that others could change it, or put another file in its place.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        return SettingsFile(path, problems=(f"{path} cannot be read: {error.strerror}",))
    except UnicodeDecodeError:
        return SettingsFile(path, problems=(f"{path} is not UTF-8 text",))
    file = parse_file(path, text, model)
    trouble = writable_by_others(path) or writable_by_others(path.absolute().parent)
    return replace(file, problems=(trouble, *file.problems)) if trouble else file


def parse_file(path: Path, text: str, model: type[BaseModel]) -> SettingsFile:
    """Return what the text of a settings file says. Pure; `path` is for the problems' texts."""
    try:
        document = cast("Table", tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return SettingsFile(path, text, problems=(f"{path} is not valid TOML: {error}",))
    reader = _Reader(SettingsFile(path, text), [setting.name for setting in settings_of(model)])
    values = reader.table(document, model, ())
    return SettingsFile(path, text, values, tuple(reader.problems))


class _Reader:
    """Walks a document beside the models, gathering problems."""

    def __init__(self, file: SettingsFile, names: list[str]) -> None:
        self.problems: list[str] = []
        self._file = file
        self._names = names

    def table(self, raw: object, model: type[BaseModel], above: tuple[str, ...]) -> Table:
        known = fields_of(model)
        values: Table = {}
        for given, value in self._items(raw, above):
            name = given if given in known else snake_case(given)
            if name not in known:
                self._unknown((*above, given), list(known))
            elif name in values:
                self._add((*above, given), f"says again what {name} says; remove one")
            elif (inner := table_of(known[name])) is not None:
                values[name] = self.table(value, inner, (*above, given))
            elif (inner := tables_by_id_of(known[name])) is not None:
                path = (*above, given)
                values[name] = {
                    key: self.table(one, inner, (*path, key)) for key, one in self._items(value, path)
                }
            elif value != "":
                values[name] = value
        return values

    def _items(self, raw: object, path: tuple[str, ...]) -> list[tuple[str, object]]:
        if isinstance(raw, dict):
            return list(cast("Table", raw).items())
        self._add(path, f"must be a table: [{'.'.join(path)}]")
        return []

    def _unknown(self, path: tuple[str, ...], siblings: list[str]) -> None:
        if path[-1] == "token":
            self._add(path, "does not belong into this file; set DISCORD_BOT_TOKEN instead")
            return
        named = {known.rpartition(".")[2]: known for known in self._names}
        named |= {name: ".".join((*path[:-1], name)) for name in siblings}
        meant = nearest(snake_case(path[-1]), named)
        self._add(path, "is not a setting" + (f"; did you mean {named[meant]}?" if meant else ""))

    def _add(self, path: tuple[str, ...], text: str) -> None:
        self.problems.append(f"{self._file.where(path)}: {text}")


def is_there(file: Path) -> bool:
    """Whether there is such a file, also one in a directory into which nobody lets us look. Blocks."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # it cannot be seen; reading it says why
        return True
    return True


def _header(line: str) -> str | None:
    """Return the name between the brackets of a table's first line; None for any other line."""
    name, closed, _ = line.lstrip().removeprefix("[").partition("]")
    return name if closed and line.lstrip().startswith("[") and name and "[" not in name else None


def _assigned(line: str) -> str | None:
    """Return the name before the first equals sign; None for a line that assigns nothing."""
    name, assigns, _ = line.partition("=")
    return name.strip() if assigns and name.strip() and not {"#", "["} & set(name) else None


def _line_of(text: str, path: tuple[str, ...]) -> int | None:
    """Return the line that names a setting, or else its table; None if no line does so plainly."""
    path = tuple(snake_case(part) for part in path)
    table: tuple[str, ...] = ()
    best: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _header(line)) is not None:
            table = _parts(header)
            if table == path[: len(table)]:
                best = number
        elif (name := _assigned(line)) is not None and (*table, *_parts(name)) == path:
            return number
    return best


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(snake_case(part.strip().strip("\"'")) for part in dotted.split("."))


def _xdg(environ: Mapping[str, str], name: str, default: str) -> Path:
    # The XDG rules say that a relative value counts as not set.
    named = Path(environ.get(name, ""))
    home = environ.get("HOME")
    return named if named.is_absolute() else (Path(home) if home else Path.home()) / default

"""Which settings there are, under which names, and which known name an unknown one was meant to be. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

PREFIX: Final = "ROOMKEY_"
ANY_ID: Final = "ID"
"""Stands in a path for the id of a guild or channel, as in `guild.ID.reply_to`."""

NO_SETTINGS: Final = (
    "ROOMKEY_CONFIG",
    "ROOMKEY_CRASH_AT",
    "ROOMKEY_HOME",
    "ROOMKEY_LAUNCH*",
    "ROOMKEY_REQUIRE_ALL",
    "ROOMKEY_SESSION",
    "ROOMKEY_TEST_*",
    "ROOMKEY_TOKEN",
)
"""Variables that begin like settings and are none: where the file is, what children and tests get."""

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its place in the file, such as `("agent", "model")`, and its field."""

    path: Place
    field: FieldInfo

    @property
    def name(self) -> str:
        """The name in roomkey.toml, dotted."""
        return ".".join(self.path)


def settings_of(model: type[BaseModel], above: Place = ()) -> Iterator[Setting]:
    """Yield every setting below a model, in the order of its fields; excluded fields are none."""
    for name, field in fields_of(model).items():
        path = (*above, name)
        if (table := table_of(field)) is not None:
            yield from settings_of(table, path)
        elif (tables := tables_by_id_of(field)) is not None:
            yield from settings_of(tables, (*path, ANY_ID))
        else:
            yield Setting(path, field)


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields that a person may set."""
    return {name: field for name, field in model.model_fields.items() if not field.exclude}


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a table, such as `[agent]`."""
    return _model(field.annotation)


def tables_by_id_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a field that is a table of tables, such as `[guild.ID]`."""
    return _model(get_args(field.annotation)[-1]) if get_origin(field.annotation) is dict else None


def variable(path: Iterable[str]) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + "__".join(path).upper()


def split_variables(
    model: type[BaseModel], environ: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str | None]]:
    """Return the variables that are settings, and the unknown ones with the name nearest to each.

    Names count in any case. `NO_SETTINGS` are neither.
    """
    names = [variable(setting.path) for setting in settings_of(model)]
    patterns = [name.replace(f"__{ANY_ID}__", "__*__") for name in names]
    known: dict[str, str] = {}
    unknown: dict[str, str | None] = {}
    for name, value in environ.items():
        upper = name.upper()
        if any(fnmatchcase(upper, pattern) for pattern in patterns):
            known[name] = value
        elif upper.startswith(PREFIX) and not any(fnmatchcase(upper, one) for one in NO_SETTINGS):
            unknown[name] = nearest(upper, (*names, "ROOMKEY_CONFIG"))
    return known, unknown


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that looks most like `name`, if any does."""
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.5)), None)


def snake_case(name: str) -> str:
    """Return `listenChannels` as `listen_channels`; a name without capitals as it is."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None

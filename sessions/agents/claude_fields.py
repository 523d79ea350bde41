"""Typed reading of Claude Code's JSON: a field that is missing or odd gives an empty value. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

Json = Mapping[str, object]
_LARGEST: Final = 2**53
_INPUT_KINDS: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def as_map(value: object) -> Json:
    """Return a JSON object, an empty one for anything else."""
    return cast("Json", value) if isinstance(value, Mapping) else {}


def as_list(value: object) -> Sequence[object]:
    """Return a JSON array, an empty one for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Return a JSON string, an empty one for anything else."""
    return value if isinstance(value, str) else ""


def as_number(value: object) -> float | None:
    """Return a JSON number, None for anything else; also for one that is no count of anything."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if abs(value) <= _LARGEST else None  # NaN is not


def as_int(value: object) -> int | None:
    """Return a JSON number as an integer, None for anything else."""
    number = as_number(value)
    return None if number is None else int(number)


def input_tokens(usage: Json) -> int:
    """Return all that a request put into the context, cached or not."""
    return sum(as_int(usage.get(kind)) or 0 for kind in _INPUT_KINDS)


def as_time(epoch_s: object) -> datetime | None:
    """Return seconds since 1970 as a time, None for anything else."""
    number = as_number(epoch_s)
    try:
        return None if number is None else datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None

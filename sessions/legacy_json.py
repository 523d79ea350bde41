"""JSON that may be cut, damaged or hostile: decoded whole or not at all. Pure."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, cast

JsonObject = dict[str, object]

DEPTH_LIMIT: Final = 100
"""What is nested deeper counts as corrupt; how deep a parser can go differs between versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The value of a file, and each name that stood twice in one object (the last counts)."""

    root: object
    duplicates: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded | None:
    """Decode a JSON file; None if it is not JSON from its first to its last byte.

    Total. A byte order mark is dropped. `NaN`, `Infinity` and numbers too large for a float are not
    JSON here, nor are integers of thousands of digits.
    """
    duplicates: list[str] = []

    def gather(pairs: Sequence[tuple[str, object]]) -> JsonObject:
        gathered: JsonObject = {}
        for name, value in pairs:
            if name in gathered:
                duplicates.append(name)
            gathered[name] = value
        return gathered

    try:
        root: object = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=gather,
            parse_constant=_refuse,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):
        return None
    return None if _is_too_deep(root) else Decoded(root=root, duplicates=tuple(dict.fromkeys(duplicates)))


def as_object(value: object) -> JsonObject | None:
    """Return a decoded value as the object that it is, or None."""
    return cast("JsonObject", value) if isinstance(value, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number beyond all floats")
    return number


def _is_too_deep(root: object) -> bool:
    level = [root]
    for _ in range(DEPTH_LIMIT):
        level = [inner for value in level for inner in _inner(value)]
        if not level:
            return False
    return True


def _inner(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("JsonObject", value).values())
    return cast("list[object]", value) if isinstance(value, list) else []

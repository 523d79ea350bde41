"""Does a payload have what a TypedDict requires? Keys and nested values, by looking into the types."""

import __future__

import ast
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import (
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)


def faults(value: Any, wanted: Any, at: str = "") -> list[str]:
    """Return what is wrong with a value, each fault with its place; nothing means that it fits."""
    if is_typeddict(wanted):
        return list(_of_dict(value, wanted, at))
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        found = [faults(value, member, at) for member in get_args(wanted)]
        return min(found, key=_severity)
    if origin is list:
        if not isinstance(value, list):
            return [f"{at}: {value!r} is no list"]
        (inner,) = get_args(wanted)
        return [fault for index, one in enumerate(value) for fault in faults(one, inner, f"{at}[{index}]")]
    if origin is dict:
        inner = get_args(wanted)[1]
        return [fault for key, one in value.items() for fault in faults(one, inner, f"{at}.{key}")]
    if origin is Literal:
        return [] if value in get_args(wanted) else [f"{at}: {value!r} is none of {get_args(wanted)}"]
    if wanted is None or wanted is type(None):
        return [] if value is None else [f"{at}: {value!r} is not null"]
    if wanted in (str, int, bool, float):
        return [] if _is(value, wanted) else [f"{at}: {value!r} is no {wanted.__name__}"]
    return []


def load_types(folder: Path) -> dict[str, types.ModuleType]:
    """Load the modules of a folder that import each other in circles, as only type checkers can otherwise.

    Each statement runs as soon as what it needs is there. The modules get names of their own in
    `sys.modules`, where annotations that are text are looked up.
    """
    modules = {path.stem: types.ModuleType(f"typed_{path.stem}") for path in sorted(folder.glob("*.py"))}
    pending = [
        (modules[name], statement)
        for name in modules
        for statement in _statements(ast.parse((folder / f"{name}.py").read_text()).body)
    ]
    sys.modules.update({module.__name__: module for module in modules.values()})
    while pending:
        left = [one for one in pending if not _ran(*one, modules)]
        assert len(left) < len(pending), ast.unparse(left[0][1])
        pending = left
    return modules


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If):
            yield from _statements(statement.body)
        else:
            yield statement


def _ran(module: types.ModuleType, statement: ast.stmt, modules: dict[str, types.ModuleType]) -> bool:
    try:
        if isinstance(statement, ast.ImportFrom) and statement.level:
            for name in statement.names:
                setattr(module, name.asname or name.name, getattr(modules[statement.module or ""], name.name))
        else:
            lazy = __future__.annotations.compiler_flag
            code = compile(
                ast.Module([statement], []), module.__name__, "exec", flags=lazy, dont_inherit=True
            )
            exec(code, vars(module))
    except (NameError, AttributeError):
        return False
    return True


def _of_dict(value: Any, wanted: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: {value!r} is no object"
        return
    hints = get_type_hints(wanted, include_extras=True)
    for key, hint in hints.items():
        required = key in wanted.__required_keys__
        while get_origin(hint) in (Required, NotRequired):
            # Annotations that were text when the class was made did not reach __required_keys__.
            required = get_origin(hint) is Required
            (hint,) = get_args(hint)
        if key in value:
            yield from faults(value[key], hint, f"{at}.{key}")
        elif required:
            yield f"{at}.{key}: missing"


def _is(value: Any, wanted: type) -> bool:
    if wanted is float:
        return isinstance(value, (int, float))
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def _severity(found: list[str]) -> tuple[int, int]:
    # A wrong `type` means that another member of the union was meant.
    return sum(".type:" in fault for fault in found), len(found)

"""What an edit of Claude's changed in a file, as a unified diff. Pure."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from sessions.agents.claude_fields import as_int, as_list, as_map, as_text

DIFF_CHARS: Final = 20_000
_LINE_CHARS: Final = 400
_LINES: Final = 1000
_EDITS: Final = frozenset({"Edit", "MultiEdit", "Write", "NotebookEdit"})


def file_diff(name: str, arguments: Mapping[str, object], result: object) -> str:
    """Return what a call changed, from its structured result, else from what it was given; "" for nothing.

    At most `DIFF_CHARS`, in whole lines; what is left out is said in the last one.
    """
    if name not in _EDITS:
        return ""
    found = as_map(result)
    path = as_text(found.get("filePath")) or as_text(arguments.get("file_path"))
    is_new = found.get("type") == "create"
    return _joined(_headed(path or "file", _body(arguments, found), is_new=is_new))


def _body(arguments: Mapping[str, object], found: Mapping[str, object]) -> Iterator[str]:
    hunks = as_list(found.get("structuredPatch"))
    if hunks:
        for hunk in map(as_map, hunks):
            yield _range(hunk)
            yield from map(str, as_list(hunk.get("lines")))
        return
    edits = [as_map(edit) for edit in as_list(arguments.get("edits"))] or [arguments]
    for edit in edits:
        old, new = as_text(edit.get("old_string")), as_text(edit.get("new_string"))
        if not old and not new:
            new = as_text(found.get("content")) or as_text(edit.get("content"))
        yield from (f"-{line}" for line in _lines(old))
        yield from (f"+{line}" for line in _lines(new))


def _lines(text: str) -> list[str]:
    return text[:DIFF_CHARS].splitlines()


def _range(hunk: Mapping[str, object]) -> str:
    old, new = (
        f"{as_int(hunk.get(f'{side}Start')) or 0},{as_int(hunk.get(f'{side}Lines')) or 0}"
        for side in ("old", "new")
    )
    return f"@@ -{old} +{new} @@"


def _headed(path: str, body: Iterator[str], *, is_new: bool) -> Iterator[str]:
    first = next(body, None)
    if first is not None:
        yield from (f"--- {'/dev/null' if is_new else path}", f"+++ {path}", first)
        yield from body


def _joined(lines: Iterator[str]) -> str:
    kept: list[str] = []
    room = DIFF_CHARS
    for line in islice(lines, _LINES):
        short = line.replace("\n", " ")[:_LINE_CHARS]
        room -= len(short) + 1
        if room < 0:
            break
        kept.append(short)
    else:
        if next(lines, None) is None:
            return "\n".join(kept)
    return "\n".join([*kept, "… more was changed, which is left out here"])

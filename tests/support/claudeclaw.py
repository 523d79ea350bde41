"""What claudeclaw leaves on disk, as its own programs write it, and the shortest ways to read it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sessions.legacy_entries import Entry, Findings, read_entries
from sessions.legacy_files import SourceFile
from sessions.legacy_json import JsonObject

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WRITTEN = datetime(2026, 3, 5, 6, 7, 8, tzinfo=UTC)

THREAD_KEY, THREAD_ID = "910000000000010000", "652d4b8c-64d7-4b59-abcb-d829339d83dd"
ROOM_KEY, ROOM_ID = "910000000000020000", "1f4dfdc1-af04-4bf8-af81-4e2372ade0be"
DEFAULT_ID = "1b0c9e52-3a60-4c7e-9f0e-6f1d2a3b4c5d"
OLD_DEFAULT_ID = "0d6a4a52-7d3f-4b0e-8f0b-2f5a3c1e9b77"

LEGACY: JsonObject = {
    "threads": {
        THREAD_KEY: {
            "sessionId": THREAD_ID,
            "threadId": THREAD_KEY,
            "createdAt": "2026-03-01T10:00:46.250Z",
            "lastUsedAt": "2026-03-01T10:00:46.462Z",
            "turnCount": 10,
            "compactWarned": False,
        }
    }
}
CURRENT: JsonObject = {
    "sessions": {
        "default": {
            "sessionId": DEFAULT_ID,
            "key": "default",
            "createdAt": "2026-03-02T08:00:00.000Z",
            "lastUsedAt": "2026-03-02T09:30:00.000Z",
            "turnCount": 3,
            "compactWarned": False,
        },
        ROOM_KEY: {
            "sessionId": ROOM_ID,
            "createdAt": "2026-03-02T10:00:59.837Z",
            "lastUsedAt": "2026-03-02T10:00:59.981Z",
            "turnCount": 10,
            "compactWarned": False,
            "key": ROOM_KEY,
        },
    }
}
SINGLE: JsonObject = {
    "sessionId": OLD_DEFAULT_ID,
    "createdAt": "2026-02-01T00:00:00.000Z",
    "lastUsedAt": "2026-02-02T00:00:00.000Z",
    "turnCount": 9,
    "compactWarned": True,
    "messageCount": 12,
}


def text_of(root: object) -> str:
    """Return a value as claudeclaw writes it."""
    return json.dumps(root, indent=2) + "\n"


def session_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def fields(number: int = 1, **more: object) -> JsonObject:
    """Return a good entry; a field given as `...` is left out."""
    entry: JsonObject = {
        "sessionId": session_id(number),
        "createdAt": "2026-03-01T10:00:00.000Z",
        "lastUsedAt": "2026-03-02T10:00:00.000Z",
        "turnCount": 1,
        "compactWarned": False,
    }
    return {name: value for name, value in (entry | more).items() if value is not ...}


def source(root: object, **more: object) -> SourceFile:
    """Return a file as read, by default a sessions.json; bytes are taken as they are."""
    data = root if isinstance(root, bytes) else text_of(root).encode()
    given: JsonObject = {"name": "sessions.json", "role": "sessions", "data": data, "modified": WRITTEN}
    return SourceFile(**(given | more))  # pyright: ignore[reportArgumentType]


def read(root: object, **more: object) -> tuple[list[Entry], Findings]:
    findings = Findings()
    return read_entries(source(root, **more), NOW, findings), findings


def codes(findings: Findings) -> list[tuple[str, str | None]]:
    return [(note.code, note.origin_key) for note in findings.notes]


def reasons(findings: Findings) -> list[tuple[str, str]]:
    return [(one.reason, one.origin_key) for one in findings.skipped]


def install(project: Path, files: Mapping[str, object]) -> Path:
    """Write files of an installation: `agents/...` below the project, others in its state directory."""
    state = project / ".claude" / "claudeclaw"
    state.mkdir(parents=True, exist_ok=True)
    for name, root in files.items():
        file = (project if name.startswith("agents/") else state) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(root if isinstance(root, bytes) else text_of(root).encode())
    return state


def snapshot(directory: Path) -> dict[str, object]:
    """Return everything below a directory that a careless import could change."""
    found: dict[str, object] = {}
    for path in sorted(directory.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        found[str(path)] = (status.st_mode, status.st_mtime_ns, status.st_ino, content)
    return found

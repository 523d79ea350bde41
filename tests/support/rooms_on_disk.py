"""A data directory as a bot leaves it: a store with rooms, and what agents keep in them."""

from pathlib import Path

from sessions.clock import SystemClock
from sessions.keys import session_key
from sessions.paths import Paths
from sessions.store import open_store
from tests.support.store_values import inbound, record

LAB = session_key("lab")
TRANSCRIPT = '{"type":"user"}\n'


async def left_behind(root: Path) -> Paths:
    """Make one room with two waiting prompts; its agent has a conversation, notes and a work in progress."""
    paths = Paths(root)
    store = await open_store(root, SystemClock())
    room = paths.room(LAB)
    await store.ensure_session(
        record(LAB, vendor="claude", workdir=room.workdir, memory_dir=room.memory_dir, turn_count=2)
    )
    for number in (1, 2):
        await store.accept(inbound(number, LAB, f"prompt {number}"))
    await store.close()
    write_room(paths)
    return paths


def write_room(paths: Paths) -> None:
    """Write the room's files."""
    room = paths.room(LAB)
    (paths.root / "discord-token").write_text("canary-of-the-token")
    (paths.root / "roomkey.toml").write_text("keep_days = 7\n")
    for name, text in {
        room.memory_dir / "notes.md": "notes",
        room.workdir / "src" / "a.py": "print()",
        room.temp_dir / "scratch": "gone soon",
        transcript(paths): TRANSCRIPT,
        room.home / "claude" / ".credentials.json": "canary-of-a-login",
    }.items():
        name.parent.mkdir(parents=True, exist_ok=True)
        name.write_text(text)
    (room.workdir / "run.sh").write_text("#!/bin/sh\n")
    (room.workdir / "run.sh").chmod(0o755)
    (room.home / "link").symlink_to("/etc/passwd")


def transcript(paths: Paths) -> Path:
    """Where Claude Code would look for the room's conversation."""
    room = paths.room(LAB)
    slug = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in str(room.workdir))
    return room.home / "claude" / "projects" / slug / "id-of-lab.jsonl"

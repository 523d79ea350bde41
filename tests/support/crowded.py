"""Stores in which much is done at once, and what is in them."""

import shutil
import sqlite3
from pathlib import Path

from hypothesis import strategies as st

from sessions.clock import SystemClock
from sessions.keys import session_key
from sessions.paths import Paths
from sessions.store import sqlite_files
from sessions.store.values import ChatAddress, Inbound, Prompt

NOW = "2026-01-02T03:04:05.000000+00:00"
SAID = Inbound(
    source="discord",
    msg_id=1,
    key=session_key("one"),
    address=ChatAddress(platform="discord", channel_id="1"),
    prompt=Prompt(text="hello", author_id="1", author_name="ann"),
)
TEXTS = st.text(max_size=20) | st.sampled_from(["\0", "\ud800", '"]}', "😀", "\\u0000", "null"])


def opened(directory: Path, copied: Path | None = None) -> sqlite3.Connection:
    """Open a store to write on, a new one or a copy; nothing in it outlives a test."""
    paths = Paths.at(directory)
    if copied is None:
        sqlite_files.prepare(paths, SystemClock().utc())
    else:
        shutil.copytree(copied, directory, dirs_exist_ok=True)
    connection = sqlite_files.connect_writer(paths)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def stored(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    """Return all that is in it, in an order of its own."""
    tables = ("turn", "lane", "cursor", "session", "former_session", "outbox", "fact")
    return [sorted(map(tuple, connection.execute(f"SELECT * FROM {table}")), key=repr) for table in tables]

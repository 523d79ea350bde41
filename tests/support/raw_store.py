"""A store's writing connection without its threads, for tests of single statements."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

from sessions.clock import SystemClock
from sessions.keys import SessionKey, TurnId
from sessions.paths import Paths
from sessions.store import sqlite_intake, sqlite_turns
from sessions.store.sqlite_files import connect_writer, prepare
from sessions.store.values import Lease, Take
from tests.support.store_values import ROOM, inbound

NOW = "2030-01-01T00:00:00.000000+00:00"
LATER = "2030-01-01T00:01:00.000000+00:00"
STORE = "store"
OWNER = UUID(int=1)


@contextmanager
def raw_store(data_dir: Path) -> Generator[sqlite3.Connection]:
    """Make a store and open its writing connection; each statement is its own transaction."""
    paths = Paths(data_dir)
    prepare(paths, SystemClock().utc())
    with closing(connect_writer(paths)) as connection:
        yield connection


def accept(connection: sqlite3.Connection, number: int, key: SessionKey = ROOM) -> TurnId:
    return sqlite_intake.accept(connection, inbound(number, key, cursor=f"c-{key}"), NOW).turn


def start(connection: sqlite3.Connection, key: SessionKey = ROOM) -> Lease:
    lease = sqlite_turns.claim(connection, key, OWNER)
    assert sqlite_turns.advance(connection, lease, None, Take.ONE, STORE, NOW)
    return lease

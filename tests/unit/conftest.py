"""What more than one module asks for: a store's tables without the store."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.raw_store import raw_store


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with raw_store(tmp_path) as opened:
        yield opened

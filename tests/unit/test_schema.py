"""The tables: the migrations make exactly them, and their unique indexes refuse what they must."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from sessions.store.schema import METADATA
from sessions.store.upgrade import upgrade_sqlite

TURN = """
    INSERT INTO turn (source, msg_id, key, kind, origin, platform, channel_id, prompt, state, created)
    VALUES ('chat', {msg_id}, 'room', 'prompt', 'human', 'chat', 'c', '{{}}', '{state}', '2030')"""
PIECE = """
    INSERT INTO outbox (turn, part, platform, channel_id, nonce, piece)
    VALUES (1, {part}, 'chat', 'c', 'n', '{{}}')"""

GRANT = """
    INSERT INTO granted (platform, kind, id, standing, place, guild, given_by, at)
    VALUES ('chat', 'user', '{id}', '{standing}', '', '', '7', '2030')"""


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    upgrade_sqlite(tmp_path / "db")
    return tmp_path / "db"


@pytest.fixture
def connection(migrated: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(migrated, isolation_level=None)) as opened:
        opened.execute("PRAGMA foreign_keys = ON")
        opened.execute("INSERT INTO lane (key) VALUES ('room')")
        opened.execute(TURN.format(msg_id=1, state="running"))
        opened.execute(PIECE.format(part=0))
        opened.execute(GRANT.format(id="7", standing="owner"))
        yield opened


def engine_for(file: Path) -> sa.Engine:
    return sa.create_engine(f"sqlite:///{file}")


def definitions(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name != 'alembic_version'"
        )
        return {" ".join(sql.replace('"', "").split()) for (sql,) in rows}


def test_the_migrations_make_the_tables_of_the_schema(migrated: Path) -> None:
    engine = engine_for(migrated)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: (kind, name) != ("table", "alembic_version"),
            },
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_migrations_make_them_to_the_letter(migrated: Path, tmp_path: Path) -> None:
    """Alembic compares neither defaults nor checks nor the conditions of partial indexes."""
    engine = engine_for(tmp_path / "direct")
    METADATA.create_all(engine)
    engine.dispose()
    assert definitions(migrated) == definitions(tmp_path / "direct")


def test_the_schema_can_be_said_to_postgresql() -> None:
    dialect = postgresql.dialect()
    said = [
        str(statement.compile(dialect=dialect))
        for table in METADATA.sorted_tables
        for statement in (CreateTable(table), *(CreateIndex(index) for index in table.indexes))
    ]
    assert any("WHERE state = 'running'" in line and "UNIQUE" in line for line in said)
    assert any("seq BIGSERIAL" in line for line in said)


@pytest.mark.parametrize(
    ("index", "duplicate"),
    [
        ("turn_source_msg_id", TURN.format(msg_id=1, state="queued")),
        ("turn_one_running", TURN.format(msg_id=2, state="running")),
        ("outbox_turn_part", PIECE.format(part=0)),
        ("granted_one_owner", GRANT.format(id="8", standing="owner")),
    ],
)
def test_a_unique_index_refuses_what_gets_in_without_it(
    connection: sqlite3.Connection, index: str, duplicate: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        connection.execute(duplicate)
    connection.execute(f"DROP INDEX {index}")
    connection.execute(duplicate)


@pytest.mark.parametrize(
    "row",
    [
        "INTO lane (key) VALUES ('room')",
        "INTO cursor VALUES ('chat', 'c', 1)",
        "INTO fact VALUES ('a', 'b', 'c')",
        "INTO granted VALUES ('chat', 'user', '9', '5', '1', 'user', '7', '2030')",
    ],
)
def test_a_primary_key_refuses_a_second_row(connection: sqlite3.Connection, row: str) -> None:
    connection.execute(f"INSERT OR IGNORE {row}")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        connection.execute(f"INSERT {row}")


@pytest.mark.parametrize(
    "row",
    [
        TURN.format(msg_id=2, state="forgotten"),
        GRANT.format(id="8", standing="king"),
        PIECE.format(part=1).replace("nonce, piece)", "nonce, piece, state)").replace("'n', ", "'n', 'p', "),
    ],
)
def test_a_state_nobody_knows_is_refused(connection: sqlite3.Connection, row: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(row)


def test_a_row_without_its_parent_is_refused(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        connection.execute(PIECE.format(part=1).replace("VALUES (1", "VALUES (99"))
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        connection.execute(TURN.format(msg_id=2, state="queued").replace("'room'", "'nowhere'"))

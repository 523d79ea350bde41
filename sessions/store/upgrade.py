"""Brings a database's tables to this program's version, with Alembic, in one transaction.

Imported only when there is something to upgrade: Alembic and SQLAlchemy take more memory and time
to load than the rest of the engine.
"""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DBAPIError

from sessions.store import migrations
from sessions.store.sqlite_files import APPLICATION_ID, SCHEMA_VERSION

MIGRATIONS: Final = Path(migrations.__path__[0])


def upgrade_sqlite(database: Path) -> None:
    """Create or upgrade all tables; all of it or, killed at any moment, nothing.

    The database's own version number becomes `SCHEMA_VERSION`, by which it is known at the next
    start. The caller has taken a backup and holds the data directory.

    Raises: sqlite3.Error.
    """
    address = sa.URL.create("sqlite", database=str(database))
    engine = sa.create_engine(address, connect_args={"isolation_level": None})
    try:
        with engine.connect() as connection:
            run = connection.exec_driver_sql
            # Before the transaction, in which SQLite cannot change it.
            run("PRAGMA journal_mode = WAL")
            run("BEGIN IMMEDIATE")
            upgrade_tables(connection)
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run(f"PRAGMA user_version = {SCHEMA_VERSION}")
            run("COMMIT")
    except DBAPIError as error:
        raise error.orig or error from error
    finally:
        engine.dispose()


def upgrade_tables(connection: sa.Connection) -> None:
    """Run the migrations that are missing, inside the transaction that the caller has begun."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

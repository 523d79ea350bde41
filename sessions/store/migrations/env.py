"""How Alembic runs the migrations: on the connection it is handed, in that connection's transaction."""

from alembic import context

from sessions.store.schema import METADATA

# Not offline, and no alembic.ini: `sessions.store.upgrade` is the only caller.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite can do it; Alembic only assumes that the driver commits before each statement.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Alembic's migrations of the store: one line of revisions, forward only."""

"""Who may do what by somebody's word, and what was done with it: grants and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "granted",
        sa.Column("platform", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("guild", sa.Text, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.CheckConstraint("kind IN ('user', 'role')", name="granted_kind"),
        sa.CheckConstraint("standing IN ('none', 'user', 'operator', 'owner')", name="granted_standing"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "granted_one_owner",
        "granted",
        ["platform"],
        unique=True,
        sqlite_where=sa.text("standing = 'owner'"),
        postgresql_where=sa.text("standing = 'owner'"),
    )
    op.create_table(
        "audit",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )

"""What a person is told: pauses, interruptions and decisions about them, receipts, declined messages."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("lane", sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("lane", sa.Column("cut_off", sa.BigInteger))
    # SQLite cannot change a check, so there the table is copied, which leaves the old check behind.
    with op.batch_alter_table(
        "turn",
        reflect_args=(sa.Column("summary", sa.Text, nullable=False, server_default=""),),
    ) as turn:
        turn.add_column(sa.Column("resumption", sa.Text, nullable=False, server_default=""))
        turn.add_column(sa.Column("follows", sa.BigInteger))
        turn.add_column(sa.Column("tools", sa.Integer, nullable=False, server_default=sa.text("0")))
        turn.add_column(sa.Column("live_nonce", sa.Text))
        turn.add_column(sa.Column("decided", sa.Boolean, nullable=False, server_default=sa.false()))
        turn.add_column(sa.Column("merged_into", sa.BigInteger))
        turn.add_column(sa.Column("receipt", sa.Text, nullable=False, server_default=""))
        turn.add_column(sa.Column("receipt_due", sa.Boolean, nullable=False, server_default=sa.false()))
        if op.get_context().dialect.name != "sqlite":
            turn.drop_constraint("turn_state", type_="check")
        turn.create_check_constraint(
            "turn_state",
            "state IN ('queued', 'running', 'interrupted', 'done', 'failed', 'cancelled', 'merged')",
        )
    # Their rooms were told when it happened, and had no choice to make.
    op.execute("UPDATE turn SET decided = TRUE WHERE state = 'interrupted'")
    _partial_index("turn_merged", ["merged_into", "seq"], "state = 'merged'")
    _partial_index("turn_receipt_due", ["platform", "channel_id", "seq"], "receipt_due")
    op.add_column("outbox", sa.Column("first_try", _TIME))
    _partial_index("outbox_sent", ["platform", "channel_id", "id"], "sent_id IS NOT NULL", table="outbox")
    op.create_table(
        "declined",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("msg_id", sa.BigInteger, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sqlite_with_rowid=False,
    )


def _partial_index(name: str, columns: list[str], where: str, table: str = "turn") -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))

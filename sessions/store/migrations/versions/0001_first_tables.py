"""The first tables: lanes, turns, sessions, outbox, cursors, facts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "lane",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text),
        sa.Column("epoch", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "turn",
        sa.Column("seq", _NUMBER, primary_key=True),
        sa.Column("rank", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("msg_id", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, sa.ForeignKey("lane.key"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("channel_id", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("epoch", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("generation", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("shown", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("last_tool", sa.Text),
        sa.Column("live_message_id", sa.Text),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("started", _TIME),
        sa.Column("ended", _TIME),
        sa.Column("summary", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'interrupted', 'done', 'failed', 'cancelled')", name="turn_state"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("turn_source_msg_id", "turn", ["source", "msg_id"], unique=True)
    _partial_index("turn_queued", "turn", ["key", "rank", "seq"], "state = 'queued'")
    _partial_index("turn_one_running", "turn", ["key"], "state = 'running'", unique=True)
    _partial_index("turn_interrupted", "turn", ["key", "seq"], "state = 'interrupted'")
    op.create_table(
        "session",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("vendor", sa.Text, nullable=False),
        sa.Column("agent_session_id", sa.Text, nullable=False),
        sa.Column("workdir", sa.Text, nullable=False),
        sa.Column("memory_dir", sa.Text, nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("last_used", _TIME, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("turn_count", sa.Integer, nullable=False),
        sa.Column("cost_usd", sa.Double, nullable=False),
        sa.Column("context_tokens", sa.Integer),
        sa.Column("context_window", sa.Integer),
        sa.Column("origin_key", sa.Text),
        sa.Column("resumable", sa.Boolean, nullable=False),
        sa.Column("extra", sa.Text, nullable=False),
    )
    op.create_index("session_agent_session_id", "session", ["agent_session_id"])
    op.create_table(
        "former_session",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("vendor", sa.Text, nullable=False),
        sa.Column("agent_session_id", sa.Text, nullable=False),
        sa.Column("workdir", sa.Text, nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("ended", _TIME, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("turn_count", sa.Integer, nullable=False),
    )
    op.create_index("former_session_key", "former_session", ["key", "ended"])
    op.create_index("former_session_agent_session_id", "former_session", ["agent_session_id"])
    op.create_table(
        "outbox",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("turn", _NUMBER, sa.ForeignKey("turn.seq"), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("channel_id", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("piece", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="due"),
        sa.Column("sent_id", sa.Text),
        sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("held_from", _TIME),
        sa.Column("held_until", _TIME),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint("state IN ('due', 'sent', 'dropped')", name="outbox_state"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_turn_part", "outbox", ["turn", "part"], unique=True)
    _partial_index("outbox_due", "outbox", ["platform", "channel_id", "id"], "state = 'due'")
    op.create_table(
        "cursor",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("msg_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "fact",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )

"""Tables, unique and partial indexes of the store, said once for SQLite and PostgreSQL.

Three rules are indexes, so that they hold even where our code is wrong: a message is accepted once
(`turn_source_msg_id`), a room never has two running turns (`turn_one_running`), and one owner at most was
made by a pairing code (`granted_one_owner`).

The migrations make exactly these tables; a test compares the two. Hot statements are plain SQL in
the modules of each backend.
"""

from typing import Final

import sqlalchemy as sa

from sessions.store.values import TurnState

METADATA: Final = sa.MetaData()

# On SQLite only a column declared INTEGER is the row's own number.
_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME: Final = sa.DateTime(timezone=True)

sa.Table(
    "lane",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text),
    sa.Column("epoch", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("cut_off", sa.BigInteger),
)

_TURN: Final = sa.Table(
    "turn",
    METADATA,
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
    sa.Column("resumption", sa.Text, nullable=False, server_default=""),
    sa.Column("follows", sa.BigInteger),
    sa.Column("tools", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("live_nonce", sa.Text),
    sa.Column("decided", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("merged_into", sa.BigInteger),
    sa.Column("receipt", sa.Text, nullable=False, server_default=""),
    sa.Column("receipt_due", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.CheckConstraint(f"state IN ({', '.join(repr(str(state)) for state in TurnState)})", name="turn_state"),
    sa.Index("turn_source_msg_id", "source", "msg_id", unique=True),
)

# One partial index for each thing that is looked for: SQLite does not use one index over several
# states for a question about one of them.
for _name, _columns, _where, _unique in (
    ("turn_queued", ("key", "rank", "seq"), "state = 'queued'", False),
    ("turn_one_running", ("key",), "state = 'running'", True),
    ("turn_interrupted", ("key", "seq"), "state = 'interrupted'", False),
    ("turn_merged", ("merged_into", "seq"), "state = 'merged'", False),
    ("turn_receipt_due", ("platform", "channel_id", "seq"), "receipt_due", False),
):
    sa.Index(
        _name,
        *(_TURN.c[column] for column in _columns),
        unique=_unique,
        sqlite_where=sa.text(_where),
        postgresql_where=sa.text(_where),
    )

sa.Table(
    "session",
    METADATA,
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
    sa.Index("session_agent_session_id", "agent_session_id"),
)

sa.Table(
    "former_session",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("vendor", sa.Text, nullable=False),
    sa.Column("agent_session_id", sa.Text, nullable=False),
    sa.Column("workdir", sa.Text, nullable=False),
    sa.Column("created", _TIME, nullable=False),
    sa.Column("ended", _TIME, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("turn_count", sa.Integer, nullable=False),
    sa.Index("former_session_key", "key", "ended"),
    sa.Index("former_session_agent_session_id", "agent_session_id"),
)

sa.Table(
    "outbox",
    METADATA,
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
    sa.Column("first_try", _TIME),
    sa.CheckConstraint("state IN ('due', 'sent', 'dropped')", name="outbox_state"),
    sa.Index("outbox_turn_part", "turn", "part", unique=True),
    sa.Index(
        "outbox_due",
        "platform",
        "channel_id",
        "id",
        sqlite_where=sa.text("state = 'due'"),
        postgresql_where=sa.text("state = 'due'"),
    ),
    sa.Index(
        "outbox_sent",
        "platform",
        "channel_id",
        "id",
        sqlite_where=sa.text("sent_id IS NOT NULL"),
        postgresql_where=sa.text("sent_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

sa.Table(
    "cursor",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("msg_id", sa.BigInteger, nullable=False),
)

sa.Table(
    "declined",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("msg_id", sa.BigInteger, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", _TIME, nullable=False),
    sqlite_with_rowid=False,
)

sa.Table(
    "fact",
    METADATA,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

sa.Table(
    "granted",
    METADATA,
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
    sa.Index(
        "granted_one_owner",
        "platform",
        unique=True,
        sqlite_where=sa.text("standing = 'owner'"),
        postgresql_where=sa.text("standing = 'owner'"),
    ),
    sqlite_with_rowid=False,
)

sa.Table(
    "audit",
    METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("at", _TIME, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

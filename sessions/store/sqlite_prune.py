"""What SQLite may forget: all that ended long ago and is waited for by nobody."""

import sqlite3
from typing import Final

BATCH: Final = 1000
"""How many rows of a kind are forgotten at once: what people say must not wait for it."""

# In this order: a piece belongs to a turn. The newest turn stays, so that its number is never given again.
PRUNE: Final = (
    """DELETE FROM declined WHERE (source, msg_id) IN (
           SELECT source, msg_id FROM declined
           WHERE at < :before AND (:key IS NULL OR channel = :key)
             AND channel NOT IN (SELECT value FROM json_each(:but)) LIMIT :batch)""",
    """DELETE FROM outbox WHERE id IN (
           SELECT id FROM outbox JOIN turn ON seq = outbox.turn
           WHERE outbox.state != 'due' AND ended < :before
             AND turn.state IN ('done', 'failed', 'cancelled') AND (:key IS NULL OR key = :key)
             AND key NOT IN (SELECT value FROM json_each(:but)) LIMIT :batch)""",
    """DELETE FROM turn WHERE seq IN (
           SELECT seq FROM turn
           WHERE state IN ('done', 'failed', 'cancelled') AND ended < :before
             AND seq < (SELECT max(seq) FROM turn) AND (:key IS NULL OR key = :key)
             AND key NOT IN (SELECT value FROM json_each(:but))
             AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.turn = turn.seq) LIMIT :batch)""",
    # A thread whose title is still to come, and whose room has been silent for so long, keeps its name.
    """DELETE FROM fact WHERE scope = 'untitled' AND name IN (
           SELECT name FROM fact
           WHERE scope = 'untitled' AND (:key IS NULL OR name = :key)
             AND name NOT IN (SELECT value FROM json_each(:but))
             AND (text = '' OR NOT EXISTS (
                 SELECT 1 FROM session WHERE session.key = fact.name AND last_used >= :before))
           LIMIT :batch)""",
    """DELETE FROM fact WHERE scope = 'forks' AND name IN (
           SELECT name FROM fact WHERE scope = 'forks'
             AND NOT EXISTS (SELECT 1 FROM turn WHERE seq = CAST(fact.name AS INTEGER)) LIMIT :batch)""",
)


def prune(connection: sqlite3.Connection, before: str, *, key: str | None = None, but: str = "[]") -> int:
    """See `UpkeepStore.prune_others`; of the room `key` alone, or of all but a JSON list of rooms."""
    name = {"before": before, "batch": BATCH, "key": key, "but": but}
    return sum(connection.execute(statement, name).rowcount for statement in PRUNE)

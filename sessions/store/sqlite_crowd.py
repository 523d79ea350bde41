"""Many messages accepted at once on SQLite: what `sqlite_intake.accept` does, with few statements for all.

Each statement makes the writer's thread give the interpreter away and wait for it again. While the event
loop is busy, which it is when so much comes in, that costs more than the statement.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from sessions.crash_points import reached
from sessions.errors import QueueFull
from sessions.keys import SessionKey, TurnId
from sessions.store.rows import inbound_columns
from sessions.store.sqlite_intake import MANY, REMEMBER, count_many
from sessions.store.values import Accepted, Inbound

# One row for all that is asked: each further row would be one more wait.
LOOK: Final = """
    SELECT EXISTS (SELECT 1 FROM json_each(?2) AS said
                   JOIN turn ON source = said.value ->> 0 AND msg_id = said.value ->> 1),
           (SELECT json_group_array(json_array(
                room.value,
                (SELECT count(*) FROM (SELECT 1 FROM turn WHERE key = room.value AND state = 'queued'
                                       LIMIT ?3)),
                EXISTS (SELECT 1 FROM turn WHERE key = room.value AND state = 'running'),
                (SELECT paused FROM lane WHERE key = room.value)))
            FROM json_each(?1) AS room)"""
ADD_LANES: Final = "INSERT INTO lane (key) SELECT value FROM json_each(?1) WHERE TRUE ON CONFLICT DO NOTHING"
ADD_TURNS: Final = """
    INSERT INTO turn (source, msg_id, key, kind, origin, platform, channel_id, message_id, prompt,
                      rank, state, created, receipt_due)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
           value ->> 7, value ->> 8, 0, 'queued', value ->> 9, value ->> 10
    FROM json_each(?1) ORDER BY json_each.key"""
MOVE_CURSORS: Final = """
    INSERT INTO cursor (source, channel, msg_id)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE TRUE
    ON CONFLICT DO UPDATE SET msg_id = max(msg_id, excluded.msg_id)"""


def accept(
    connection: sqlite3.Connection, asked: Sequence[tuple[Inbound, str]]
) -> Sequence[Accepted | QueueFull] | None:
    """Accept messages in their order, each with its time; see `Store.accept`.

    None, with nothing done, if one of them is known already, goes before others or brings a fact.
    """
    rows = [row for row, _ in asked]
    names = {(row.source, row.msg_id) for row in rows}
    if len(names) < len(rows) or any(row.head or row.fact for row in rows):
        return None
    rooms = list(dict.fromkeys(row.key for row in rows))
    look = (json.dumps(rooms), json.dumps(list(names)), MANY)
    is_known, states = connection.execute(LOOK, look).fetchone()
    if is_known:
        return None
    waiting, running, paused = _rooms(states)
    long = [room for room in rooms if waiting[room] == MANY]
    for room in long:
        waiting[room] = count_many(connection, room)
    if None in paused.values():
        connection.execute(ADD_LANES, (json.dumps([room for room in rooms if paused[room] is None]),))
    places: list[int | None] = []  # how many are before it; None where the room is full
    columns: list[tuple[object, ...]] = []
    cursors: dict[tuple[str, str], int] = {}
    for row, now in asked:
        if row.queue_limit is not None and waiting[row.key] >= row.queue_limit:
            places.append(None)
            continue
        ahead = running[row.key] + waiting[row.key]
        waits = bool(ahead or row.held or paused[row.key])
        waiting[row.key] += 1
        places.append(ahead)
        columns.append((*inbound_columns(row), now, waits and row.address.message_id is not None))
        if row.cursor is not None:
            channel = (row.source, row.cursor)
            cursors[channel] = max(cursors.get(channel, row.msg_id), row.msg_id)
    turns = iter(_added(connection, columns))
    if cursors:
        moved = [(*channel, msg_id) for channel, msg_id in cursors.items()]
        connection.execute(MOVE_CURSORS, (json.dumps(moved),))
    if len(long) == 1:  # the last change of them all, or it would not be recalled
        connection.execute(REMEMBER, (long[0], waiting[long[0]]))
    reached("accept.before_commit")
    return [
        QueueFull() if ahead is None else Accepted(turn=next(turns), new=True, ahead=ahead)
        for ahead in places
    ]


def _rooms(
    states: str,
) -> tuple[dict[SessionKey, int], dict[SessionKey, int], dict[SessionKey, int | None]]:
    """Return how many wait in each room, whether one runs there, and whether it is paused; None: new."""
    rooms: list[tuple[SessionKey, int, int, int | None]] = json.loads(states)
    return (
        {room: waiting for room, waiting, _, _ in rooms},
        {room: running for room, _, running, _ in rooms},
        {room: paused for room, _, _, paused in rooms},
    )


def _added(connection: sqlite3.Connection, columns: Sequence[tuple[object, ...]]) -> Sequence[TurnId]:
    """Store turns and return their numbers: one behind the other, as nobody else writes."""
    if not columns:
        return ()
    added = connection.execute(ADD_TURNS, (json.dumps(columns),))
    last = added.lastrowid
    assert last is not None
    assert added.rowcount == len(columns)
    return [TurnId(seq) for seq in range(last - len(columns) + 1, last + 1)]

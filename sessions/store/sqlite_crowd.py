"""Many changes of a kind at once on SQLite: what is done for each alone, with few statements for all.

Each statement makes the writer's thread give the interpreter away and wait for it again. While the event
loop is busy, which it is when so much comes in, that costs more than the statement.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from sessions.crash_points import reached
from sessions.errors import Fenced, QueueFull
from sessions.keys import SessionKey, TurnId
from sessions.records import Used
from sessions.store import sqlite_outbox, sqlite_past, sqlite_turns
from sessions.store.rows import inbound_columns, plain_text, turn_of
from sessions.store.sqlite_intake import MANY, REMEMBER, count_many
from sessions.store.sqlite_turns import FORGET_CUT
from sessions.store.values import Accepted, Inbound, Kind, Lease, Take, Turn, TurnResult, TurnState
from sessions.store.writer import Together

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


FINISH: Final = """
    UPDATE turn SET state = ended.value ->> 3, summary = ended.value ->> 4, ended = ended.value ->> 5,
                    receipt_due = message_id IS NOT NULL
    FROM json_each(?1) AS ended CROSS JOIN lane
    WHERE seq = ended.value ->> 0 AND turn.key = ended.value ->> 1 AND state = 'running'
      AND lane.key = ended.value ->> 1 AND lane.epoch = ended.value ->> 2"""
END_MERGED: Final = """
    UPDATE turn SET state = ended.value ->> 3, summary = ended.value ->> 4, ended = ended.value ->> 5,
                    receipt_due = message_id IS NOT NULL
    FROM json_each(?1) AS ended WHERE merged_into = ended.value ->> 0 AND state = 'merged'"""
USE: Final = """
    UPDATE session SET agent_session_id = used.value ->> 2, turn_count = turn_count + 1,
                       last_used = used.value ->> 3, cost_usd = coalesce(used.value ->> 4, cost_usd),
                       context_tokens = coalesce(used.value ->> 5, context_tokens),
                       context_window = coalesce(used.value ->> 6, context_window)
    FROM json_each(?1) AS used
    WHERE session.key = used.value ->> 0
      AND generation = (SELECT generation FROM turn WHERE seq = used.value ->> 1)"""
FIND_NEXT: Final = """
    SELECT json_group_array(json_object(
        'seq', seq, 'key', turn.key, 'kind', kind, 'origin', origin, 'state', 'running',
        'attempt', attempt + 1, 'platform', platform, 'channel_id', channel_id, 'message_id', message_id,
        'prompt', prompt, 'created', turn.created, 'epoch', lane.epoch, 'resumption', resumption,
        'generation', coalesce(session.generation, 0),
        'follows', CASE WHEN kind = 'prompt' THEN iif(cut_off != seq, cut_off, follows) END))
    FROM json_each(?1) AS lease CROSS JOIN lane CROSS JOIN turn
    LEFT JOIN session ON session.key = lane.key
    WHERE lane.key = lease.value ->> 0 AND lane.epoch = lease.value ->> 1 AND NOT paused
      AND turn.seq = (SELECT seq FROM turn WHERE turn.key = lane.key AND state = 'queued'
                      ORDER BY rank, seq LIMIT 1)"""
START: Final = """
    UPDATE turn SET state = 'running', attempt = attempt + 1, epoch = begun.value ->> 1,
                    generation = begun.value ->> 2, follows = begun.value ->> 3, started = begun.value ->> 4,
                    receipt_due = receipt_due OR receipt != ''
    FROM json_each(?1) AS begun WHERE seq = begun.value ->> 0"""

_FINAL: Final = frozenset({TurnState.DONE, TurnState.FAILED, TurnState.CANCELLED})

Step = tuple[Lease, TurnResult | None, Take, str, str]
"""What `sqlite_turns.advance` is called with, beside the connection."""


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


def advance(connection: sqlite3.Connection, asked: Sequence[Step]) -> Sequence[Turn | None] | None:
    """End turns and start the next ones of as many lanes; see `Store.next`.

    None, with nothing done, if one of them is out of the ordinary: a room twice, an interruption, a reset.
    Raises Fenced or an error of SQLite if one of them fails, so that all are undone.
    """
    if not all(_is_ordinary(finish, take) for _, finish, take, _, _ in asked):
        return None
    leases = {lease.key: lease for lease, *_ in asked}
    if len(leases) < len(asked):
        return None
    _end(connection, asked)
    named = json.dumps([(lease.key, lease.epoch) for lease in leases.values()])
    (found,) = connection.execute(FIND_NEXT, (named,)).fetchone()
    rows = {row["key"]: row for row in json.loads(found)}
    begun: dict[SessionKey, Turn] = {}
    columns: list[tuple[object, ...]] = []
    for lease, finish, take, store_id, now in asked:
        row = rows.get(lease.key)
        if row is None:
            if finish is None:
                sqlite_turns.advance(connection, lease, None, take, store_id, now)
            continue
        turn = begun[lease.key] = turn_of(row)
        columns.append((turn.id, lease.epoch, turn.generation, row["follows"], now))
        if turn.follows_cut or turn.resumption or turn.kind is Kind.RESET:
            connection.execute(FORGET_CUT, {"key": lease.key})
    if columns:
        connection.execute(START, (json.dumps(columns),))
    reached("take.before_commit")
    return [begun.get(lease.key) for lease, *_ in asked]


def _is_ordinary(finish: TurnResult | None, take: Take) -> bool:
    if take is not Take.ONE:
        return False
    # Not every SQLite takes NUL out of JSON as it was put in, and none half a surrogate, as an id may hold.
    return finish is None or (
        finish.state in _FINAL
        and "\0" not in finish.summary
        and (
            finish.change is None
            or (isinstance(finish.change, Used) and finish.change.agent_session_id.isprintable())
        )
    )


def _end(connection: sqlite3.Connection, asked: Sequence[Step]) -> None:
    ended: list[tuple[object, ...]] = []
    used: list[tuple[object, ...]] = []
    for lease, finish, _, _, now in asked:
        if finish is None:
            continue
        summary = plain_text(finish.summary)
        ended.append((finish.turn, lease.key, lease.epoch, finish.state.value, summary, now))
        if isinstance(made := finish.change, Used):
            reported = (made.cost_usd, made.context_tokens, made.context_window)
            used.append((lease.key, finish.turn, made.agent_session_id, now, *reported))
    if not ended:
        return
    names = json.dumps(ended)
    if connection.execute(FINISH, (names,)).rowcount != len(ended):
        raise Fenced
    connection.execute(END_MERGED, (names,))
    if used:
        connection.execute(USE, (json.dumps(used),))
    for _, finish, _, store_id, _ in asked:
        if finish is None:
            continue
        if isinstance(made := finish.change, Used) and made.title:
            sqlite_past.entitle(connection, made.agent_session_id, made.title)
        sqlite_outbox.add(connection, finish.turn, finish.pieces, store_id)
    reached("finish.before_commit")


ACCEPTS: Final = Together(accept, rank=0)
STEPS: Final = Together(advance, rank=1)
"""Behind the accepts: a worker is woken with the ticket of a message, and is to find it."""


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

"""The durable store: what it promises (`Store`), which ones exist (`STORES`), how to open one."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

from sessions.clock import Clock
from sessions.keys import SessionKey, TurnId
from sessions.records import FormerSession, SessionRecord
from sessions.store.sqlite import open_sqlite
from sessions.store.values import (
    Accepted,
    Inbound,
    Interrupted,
    LaneStatus,
    Lease,
    OutboxRow,
    Piece,
    Take,
    Turn,
    TurnResult,
)


class Store(Protocol):
    """Turns, sessions and what is still to be said. Every method is one transaction.

    Changes are applied in the order in which they are called, whoever awaits them; a question sees
    every change awaited before it. If the waiting caller is cancelled, the change is made all the
    same. After a return it survives kill -9.

    Raises (all methods, on awaiting): StateError if it could not be committed; then nothing changed.
    """

    # -- turns: the only ways a turn changes its state ---------------------------------------

    def accept(self, row: Inbound) -> Awaitable[Accepted]:
        """Take a place in the order now; the result comes when the row is committed. -> queued.

        A plain call on purpose: the order of calls is the order of turns. A `(source, msg_id)`
        known already gives `new=False` and changes nothing.

        Raises: QueueFull (on awaiting).
        """
        ...

    async def claim(self, key: SessionKey, owner: UUID) -> Lease:
        """Take over a lane: its epoch grows, so every older lease of it is fenced from now on."""
        ...

    async def next(
        self, lease: Lease, finish: TurnResult | None = None, take: Take = Take.ONE
    ) -> Turn | None:
        """End the running turn, store its pieces and start the next one, in one transaction.

        running -> `finish.state`; the first queued -> running, with `attempt` grown and the
        session's generation noted. None if nothing waits or `take` is NONE. A change of another
        generation than the turn's is dropped, its pieces are not.

        Raises:
            Fenced: the lease is old, or `finish` names a turn that does not run in this lane.
            StateError: a turn of the lane still runs that `finish` does not name. A worker that
                took over from a failed one finds it by `lane` and ends it first.
        """
        ...

    async def note(
        self,
        lease: Lease,
        turn: TurnId,
        *,
        shown: bool = False,
        last_tool: str | None = None,
        live_message_id: str | None = None,
    ) -> None:
        """Remember how far a running turn got, for a crash; None and False leave a field as it is.

        Raises: Fenced.
        """
        ...

    async def cancel(self, key: SessionKey, turn: TurnId) -> bool:
        """Queued -> cancelled. False if it was not waiting any more."""
        ...

    async def recover(
        self, owner: UUID, say: Callable[[Interrupted], Sequence[Piece]]
    ) -> Sequence[Interrupted]:
        """Running -> interrupted, for every turn of another owner, once, at start.

        What `say` answers is stored with the change, so each is said exactly once. It is called
        inside the transaction and in another thread: it must be pure. Every lease of another
        owner is fenced from then on.
        """
        ...

    async def post(self, notice: Inbound, pieces: Sequence[Piece]) -> Accepted:
        """Store something to be said that no turn asked for: a `NOTICE`, done at once."""
        ...

    # -- reading lanes ------------------------------------------------------------------------

    async def waiting(self) -> Sequence[SessionKey]:
        """Return the keys that have queued turns, the one that waits longest first."""
        ...

    async def queued(self, key: SessionKey) -> Sequence[Turn]:
        """Return a room's waiting turns in the order they will run."""
        ...

    async def lane(self, key: SessionKey) -> LaneStatus:
        """Return what runs and how many wait."""
        ...

    async def turn(self, turn: TurnId) -> Turn | None:
        """Return one turn, whatever its state."""
        ...

    # -- sessions -----------------------------------------------------------------------------

    async def ensure_session(self, record: SessionRecord) -> SessionRecord:
        """Return the stored session of `record.key`; `record` itself, now stored, if there was none."""
        ...

    async def session(self, key: SessionKey) -> SessionRecord | None:
        """Return a session, or None."""
        ...

    async def sessions(self) -> Sequence[SessionRecord]:
        """Return all sessions, by key."""
        ...

    async def former_sessions(self, key: SessionKey) -> Sequence[FormerSession]:
        """Return what resets left behind, the newest first."""
        ...

    async def renew(self, lease: Lease, agent_session_id: str, reason: str) -> SessionRecord:
        """Archive the session's conversation and start a new generation under the given id.

        `reason` is one of `FormerSession.reason`. With `lost` the running turn goes on in the new
        generation; else it stays of the old one. Raises: Fenced, NoSuchSession.
        """
        ...

    async def bind(self, key: SessionKey, workdir: Path) -> SessionRecord:
        """Change a session's working directory. Raises NoSuchSession."""
        ...

    async def import_sessions(
        self, records: Sequence[SessionRecord], former: Sequence[FormerSession]
    ) -> Sequence[SessionKey]:
        """Store what is not there yet, all or nothing; return the keys that existed already.

        Former sessions whose agent session id is stored already are left out.
        """
        ...

    # -- outbox -------------------------------------------------------------------------------

    async def outbox_due(self, platform: str, limit: int) -> Sequence[OutboxRow]:
        """Return the oldest unsent row of each channel whose time has come, the oldest first.

        Only one row of a channel at a time, so that pieces stay in order.
        """
        ...

    async def outbox_done(self, row: int, sent_id: str | None) -> None:
        """The row is in the chat; `sent_id` is its message there."""
        ...

    async def outbox_retry(self, row: int, delay_s: float) -> None:
        """Try the row again after that long; the rows behind it in its channel wait for it."""
        ...

    async def outbox_drop(self, row: int, reason: str) -> None:
        """The row can never be delivered; the rows behind it go on."""
        ...

    async def outbox_wait_s(self, platform: str) -> float | None:
        """Return how long until a row is due: 0 for now, None if there is none."""
        ...

    # -- small facts --------------------------------------------------------------------------

    async def get_fact(self, scope: str, name: str) -> str | None:
        """Return a small stored text, such as the hash of the synchronised commands."""
        ...

    async def set_fact(self, scope: str, name: str, text: str) -> None:
        """Store a small text."""
        ...

    async def close(self) -> None:
        """Finish what was handed in, then close the files. May be called twice."""
        ...


STORES: dict[str, Callable[[Path, Clock], Awaitable[Store]]] = {"sqlite": open_sqlite}
"""Written by hand: one line for each store."""


async def open_store(data_dir: Path, clock: Clock, kind: str = "sqlite") -> Store:
    """Open the store below `data_dir`, creating or upgrading it.

    Raises:
        Corrupt, TooNew, ReadOnly: the text says where and what to do; nothing was changed.
    """
    return await STORES[kind](data_dir, clock)

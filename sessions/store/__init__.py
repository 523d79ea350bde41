"""The durable store: what it promises (`Store`), which ones exist (`STORES`), how to open one."""

from asyncio import Future
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

from sessions.clock import Clock
from sessions.keys import SessionKey, TurnId
from sessions.records import FormerSession, SessionRecord
from sessions.store.sqlite import open_sqlite
from sessions.store.sqlite_errors import OnFinal
from sessions.store.upkeep import OnCommit, Sides, not_measured
from sessions.store.values import (
    Accepted,
    Fate,
    Inbound,
    Interrupted,
    LaneStatus,
    Lease,
    OutboxRow,
    Piece,
    Prompt,
    Receipt,
    Settle,
    Take,
    Touched,
    Turn,
    TurnResult,
    TurnState,
)


class Store(Sides, Protocol):
    """Turns, sessions and what is still to be said. Every method is one transaction.

    Changes are applied in the order in which they are called, whoever awaits them; but an `accept` may
    go before a `next` that nobody has heard of yet. A question sees every change awaited before it. If
    the waiting caller is cancelled, the change is made all the same. After a return it survives kill -9.

    Raises (all methods, on awaiting): StateError if it could not be committed; then nothing changed.
    """

    def accept(self, row: Inbound) -> Future[Accepted]:
        """Take a place in the order now; the result comes when the row is committed. -> queued.

        A plain call on purpose: the order of calls is the order of turns. A `(source, msg_id)`
        known already gives `new=False` and changes nothing.
        Raises: QueueFull (on awaiting).
        """
        ...

    def decline(
        self, source: str, channel: str, msg_id: int, reason: str | None, *, addressed: bool = False
    ) -> Awaitable[None]:
        """Remember that a message is not answered, and why; the catch-up positions move behind it.

        A plain call like `accept`. `reason` None means that nobody will ask why, as for one of our own.
        The channel's position moves only if it has one, or if the message was `addressed` to us. A
        message decided already stays as it was.
        """
        ...

    def edit(self, source: str, msg_id: int, prompt: Prompt) -> Awaitable[Touched]:
        """Give a queued turn another prompt. A plain call like `accept`, so that it follows its message."""
        ...

    def withdraw(self, source: str, msg_id: int) -> Awaitable[Touched]:
        """Queued -> cancelled, because its message was deleted. A plain call like `accept`."""
        ...

    async def claim(self, key: SessionKey, owner: UUID) -> Lease:
        """Take over a lane: its epoch grows, so every older lease of it is fenced from now on."""
        ...

    async def next(
        self, lease: Lease, finish: TurnResult | None = None, take: Take = Take.ONE
    ) -> Turn | None:
        """End the running turn, store its pieces and start the next one, in one transaction.

        running -> `finish.state`; the first queued -> running, with `attempt` grown and the
        session's generation noted. None if nothing waits, `take` is NONE or the room is paused. A
        change of another generation than the turn's is dropped, its pieces are not. What ends as
        `interrupted` is decided about by `finish.settle`.

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
        live_nonce: str | None = None,
        live_message_id: str | None = None,
    ) -> None:
        """Remember how far a running turn got, for a crash; None and False leave a field as it is.

        Each `last_tool` counts one tool. A new `live_nonce` forgets the id of the message before it.
        Raises: Fenced.
        """
        ...

    async def cancel(self, key: SessionKey, turn: TurnId) -> bool:
        """Queued -> cancelled. False if it was not waiting any more."""
        ...

    async def merge(self, lease: Lease, turn: TurnId, into: TurnId) -> Turn | None:
        """Queued -> merged: the running turn takes it along, and it ends as that one ends.

        Returns it with the words it has now; None if it does not wait any more, or the room is paused.
        Raises: Fenced, also if `into` does not run in this lane.
        """
        ...

    async def unmerge(self, turn: TurnId, into: TurnId) -> None:
        """Merged -> queued, before all that waits: it could not be handed over after all."""
        ...

    async def merged(self, into: TurnId) -> Sequence[Turn]:
        """Return what a turn that has not ended took along, in order."""
        ...

    async def recover(self, owner: UUID) -> Sequence[Interrupted]:
        """Running -> interrupted, for every turn of another owner, once, at start.

        Returns all interrupted turns that nobody has decided about, the oldest first: also those
        that an earlier start left so. Every lease of another owner is fenced from then on.
        """
        ...

    async def settle(self, turn: TurnId, how: Settle, pieces: Sequence[Piece] = ()) -> bool:
        """Decide about an interrupted turn and store what is said about it, in one transaction.

        False, with nothing changed, if it is not interrupted any more, or is to be asked about again.
        """
        ...

    async def move(self, key: SessionKey, turn: TurnId, to: Literal["up", "first"]) -> bool:
        """Let a waiting turn run one place earlier, or before all others; False if it does not wait."""
        ...

    async def clear(self, key: SessionKey) -> int:
        """Cancel all that waits in a room; return how many that were."""
        ...

    async def pause(self, key: SessionKey, *, paused: bool) -> bool:
        """Start no turn of a room any more, or go on; False if it was so already. Outlives a restart."""
        ...

    async def post(self, notice: Inbound, pieces: Sequence[Piece]) -> Accepted:
        """Store something to be said that no turn asked for: a `NOTICE`, done at once."""
        ...

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

    async def fate(self, source: str, msg_id: int) -> Fate | None:
        """Return what became of a message; None if it was never seen."""
        ...

    async def cursors(self, source: str) -> Mapping[str, int]:
        """Return each channel's newest decided message; under "" the newest of all channels."""
        ...

    async def queued_messages(self, source: str) -> Mapping[str, Sequence[int]]:
        """Return the ids of the messages whose turns wait, by channel, ascending."""
        ...

    async def receipts_due(self, platform: str, limit: int) -> Sequence[Receipt]:
        """Return the oldest turn of each channel whose message does not show its state, the oldest first."""
        ...

    async def receipt_done(self, turn: TurnId, state: TurnState, shown: str) -> None:
        """A turn's message now shows the mark `shown`, for `state`. It is due again if it has moved on."""
        ...

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

    async def outbox_due(self, platform: str, limit: int) -> Sequence[OutboxRow]:
        """Return the oldest unsent row of each channel whose time has come, the oldest first.

        Only one row of a channel at a time, so that pieces stay in order.
        """
        ...

    async def outbox_try(self, row: int) -> None:
        """The row is about to be handed to the chat; only the first call of a row counts."""
        ...

    async def outbox_done(self, row: int, sent_id: str | None) -> None:
        """The row is in the chat; `sent_id` is its message there."""
        ...

    async def outbox_retry(self, row: int, delay_s: float, *, untaken: bool = False) -> None:
        """Try it again after that long; its channel waits. `untaken`: this was no try that counts."""
        ...

    async def outbox_drop(self, row: int, reason: str) -> None:
        """The row can never be delivered; the rows behind it go on."""
        ...

    async def outbox_wait_s(self, platform: str) -> float | None:
        """Return how long until a row is due: 0 for now, None if there is none."""
        ...

    async def get_fact(self, scope: str, name: str) -> str | None:
        """Return a small stored text, such as the hash of the synchronised commands."""
        ...

    def set_fact(self, scope: str, name: str, text: str) -> Future[None]:
        """Store a small text. A plain call like `accept`: nobody has to wait for it."""
        ...

    async def facts(self, scope: str) -> Mapping[str, str]:
        """Return every small text of a scope, by name."""
        ...

    async def close(self) -> None:
        """Finish what was handed in, then close the files. May be called twice."""
        ...


STORES: dict[str, Callable[[Path, Clock, OnFinal, OnCommit], Awaitable[Store]]] = {"sqlite": open_sqlite}
"""Written by hand: one line for each store."""


async def open_store(
    data_dir: Path,
    clock: Clock,
    kind: str = "sqlite",
    *,
    on_final: OnFinal = lambda _: None,
    on_commit: OnCommit = not_measured,
) -> Store:
    """Open the store below `data_dir`, creating or upgrading it.

    Raises:
        Corrupt, TooNew, ReadOnly: the text says where and what to do; nothing was changed.
    """
    return await STORES[kind](data_dir, clock, on_final, on_commit)

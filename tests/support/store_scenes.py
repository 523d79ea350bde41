"""What the contract tests of the stores do and ask again and again."""

from uuid import UUID

from sessions.keys import SessionKey, TurnId
from sessions.store import Store
from sessions.store.values import Lease, Turn, TurnState
from tests.support.store_values import ROOM, inbound

OWNER = UUID(int=1)
NEXT_OWNER = UUID(int=2)


async def taken(store: Store, key: SessionKey = ROOM, lease: Lease | None = None) -> tuple[Lease, Turn]:
    """Start what waits first in a room, under a lease of its own if none is given."""
    lease = lease or await store.claim(key, OWNER)
    turn = await store.next(lease)
    assert turn is not None
    return lease, turn


async def started(store: Store, msg_id: int = 1) -> tuple[Lease, Turn]:
    await store.accept(inbound(msg_id))
    return await taken(store)


async def cut_off(store: Store, msg_id: int = 1) -> Turn:
    """A turn that ran when its process ended, as the next process finds it."""
    _, turn = await started(store, msg_id)
    await store.recover(NEXT_OWNER)
    return turn


async def state_of(store: Store, turn: TurnId) -> TurnState | None:
    found = await store.turn(turn)
    return found and found.state


async def due_receipts(store: Store) -> dict[str, str]:
    """The state that each channel's first due receipt is for, by its message."""
    return {one.message_id: str(one.state) for one in await store.receipts_due("chat", 10)}


async def ids(store: Store) -> list[int]:
    return [int(turn.prompt.text) for turn in await store.queued(ROOM)]


async def bodies(store: Store) -> list[str]:
    """Send everything that is due and return it in the order in which it went."""
    sent: list[str] = []
    while rows := await store.outbox_due("chat", 10):
        for row in rows:
            sent.append(row.piece.body)
            await store.outbox_done(row.id, f"m{row.id}")
    return sent

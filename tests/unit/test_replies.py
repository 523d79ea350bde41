"""Which nonces the live messages of a turn have."""

from dataclasses import replace

from bot.open_asks import OpenAsks
from bot.replies import reply_opener
from sessions.events import TextDelta
from sessions.room_settings import RoomSettings
from sessions.store.values import Turn, piece_nonce
from sessions.turn import LiveNote
from tests.support.clocks import SetClock
from tests.support.live_scene import turn
from tests.support.ports import FakePort, settled


async def nonces_of(*starts: Turn) -> list[str | None]:
    """Return the nonce of the first live message of each start."""
    port = FakePort()
    opened = reply_opener(
        {"fake": port},
        asks=OpenAsks(),
        clock=SetClock(),
        store_id="store",
        ask_limit_s=600,
        room=lambda _key: RoomSettings(),
    )

    async def note(_live: LiveNote) -> None:
        pass

    for start in starts:
        async with opened(start, note) as reply:
            reply.emit(TextDelta(text="one"))
            await settled()
    return port.nonces


async def test_each_start_of_a_turn_has_nonces_of_its_own() -> None:
    first = turn()
    nonces = await nonces_of(first, replace(first, attempt=2), replace(first, epoch=1))
    assert len(set(nonces)) == 3


async def test_live_messages_and_stored_pieces_share_no_nonce() -> None:
    stored = {piece_nonce("store", turn().id, part) for part in range(100)}
    assert not stored.intersection(await nonces_of(turn()))

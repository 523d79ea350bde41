"""Opens the reply for a turn's address: the manager's factory, over the platforms' ports."""

from collections.abc import Callable, Mapping

from bot.chat import ChatPort
from bot.live_messages import LiveMessages
from bot.live_reply import LiveReply
from bot.open_asks import OpenAsks
from sessions.clock import Clock
from sessions.keys import SessionKey
from sessions.room_settings import RoomSettings
from sessions.spool import Spool
from sessions.store.values import Turn, piece_nonce
from sessions.turn import Note, OpenReply


def reply_opener(
    ports: Mapping[str, ChatPort],
    *,
    asks: OpenAsks,
    clock: Clock,
    store_id: str,
    ask_limit_s: float,
    question_limit_s: float = 86_400.0,
    room: Callable[[SessionKey], RoomSettings],
    spool: Spool | None = None,
    live: LiveMessages | None = None,
) -> OpenReply:
    """Return what opens a turn's reply on the port of its platform, as its `room` is set then.

    Files that go with its pieces are kept in `spool`. `store_id` is the store's fact of that name; `asks`
    is shared with whoever takes the clicks.
    """

    def open_reply(turn: Turn, note: Note) -> LiveReply:
        def nonce(number: int) -> str:
            # Each start of a turn has numbers of its own: a repeat must never find an older message.
            return piece_nonce(store_id, turn.id, f"{turn.epoch}.{turn.attempt}.{number}")

        return LiveReply(
            port=ports[turn.address.platform],
            turn=turn,
            note=note,
            asks=asks,
            clock=clock,
            nonce=nonce,
            ask_limit_s=ask_limit_s,
            question_limit_s=question_limit_s,
            room=room(turn.key),
            spool=spool,
            live=live,
        )

    return open_reply

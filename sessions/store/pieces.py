"""What is to be said or done in a chat, as the store keeps it: pieces, their buttons and files. Values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sessions.keys import TurnId


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A choice under a message. `action` comes back when it is clicked: at most 100 characters."""

    label: str
    action: str
    style: Literal["plain", "primary", "good", "danger"] = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceFile:
    """A file that goes with a piece. `name` is what the chat calls it, `spooled` its name in the spool.

    `shown` says where else it can be found, for when the chat does not take it.
    """

    name: str
    spooled: str
    size_bytes: int = 0
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing to do in a chat, in order, once: send `body`, delete a message of ours, or fold a live one.

    Sending is guarded by a nonce made from its turn and its place among the turn's pieces.
    `reply_to` is the message it answers. `buttons` outlive a restart: all they know is in their
    action. To fold a live message is to let it say `body`, or, if that is nothing, to keep what was written
    in it, and to delete it if that is nothing, too. Its id is `target_id`, or, if that was never learned,
    that of what was sent with the nonce `target_nonce`. `files`, at most 10, go with what is sent:
    `Spool.add` makes them.
    """

    channel_id: str
    body: str = ""
    reply_to: str | None = None
    target_id: str | None = None
    target_nonce: str | None = None
    action: Literal["send", "delete", "fold"] = "send"
    buttons: tuple[Button, ...] = ()
    files: tuple[PieceFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A stored piece on its way. `nonce` is at most 25 characters and the same at each try.

    `first_try` is when it was first handed to the chat, None if never. What was sent for it by then
    stands behind `after_id`: the message sent before it in its channel, or that which its turn answers.
    """

    id: int
    turn: TurnId
    part: int
    platform: str
    piece: Piece
    nonce: str
    tries: int
    first_try: datetime | None = None
    after_id: str | None = None

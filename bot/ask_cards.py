"""The messages of what one turn asks: sent with buttons, changed as answers come, one line when over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, assert_never

from bot.ask_view import Scene, closed_line, expired_view, permission_view, plan_view, unshown_view
from bot.chat import ChatError, ChatPort, ChatRefused, FilesRefused, MessageGone
from bot.landing import Landing
from bot.left_cards import LeftCard, left_pieces, remember
from bot.open_asks import CardView, OpenAsk, OpenAsks, short_name
from bot.questions import question_view
from bot.reply_state import ShownAsk, Withdrawal
from sessions.clock import Clock
from sessions.errors import StateError
from sessions.events import Ask, PermissionAsk, PlanAsk, QuestionAsk
from sessions.store.values import Piece, Turn
from sessions.turn import Outcome

log = logging.getLogger(__name__)

_AGAIN_S: Final = 5.0
_MOST_LOST: Final = 3
"""A card that is deleted again and again, perhaps by another bot, is not sent for ever."""
_VERDICTS: Final = {
    "expired": "nobody answered in time, so it was denied",
    "agent": "the agent does not ask any more",
    "ended": "its turn is over",
}


@dataclass(slots=True)
class _Card:
    """One card: `nonce` from before it is sent, `message_id` once it is, `version` as it is shown.

    One that `is_plain` only says that something is asked: the chat refused to show what.
    """

    ask: Ask
    entry: OpenAsk
    nonce: str
    scene: Scene
    message_id: str | None = None
    version: int = 0
    is_unsure: bool = False  # it may have been sent: the answer got lost, or is not here yet
    is_plain: bool = False
    lost: int = 0

    def shown(self) -> CardView:
        return unshown_view(self.scene) if self.is_plain else self.view()

    def view(self) -> CardView:
        match self.ask:
            case PermissionAsk():
                return permission_view(self.entry.turn, self.ask, self.scene)
            case PlanAsk():
                return plan_view(self.entry.turn, self.ask, self.scene)
            case QuestionAsk():
                return question_view(self.entry, self.ask, self.scene)
            case _:
                assert_never(self.ask)


class AskCards:
    """Keeps the cards as the asks are. `run` is one task; it ends by being cancelled.

    `workdir` is where the agent works, as it is to be shown.
    """

    def __init__(
        self,
        *,
        port: ChatPort,
        turn: Turn,
        asks: OpenAsks,
        clock: Clock,
        landing: Landing,
        nonce: Callable[[], str],
        announce: Callable[[str], Awaitable[None]],
        ask_limit_s: float,
        question_limit_s: float = 86_400.0,
    ) -> None:
        """Show the asks of `turn`. `announce` is awaited before a card is sent with that nonce."""
        self.workdir = ""
        self._port = port
        self._turn = turn
        self._open_asks = asks
        self._clock = clock
        self._landing = landing
        self._nonce = nonce
        self._announce = announce
        self._ask_limit_s = ask_limit_s
        self._question_limit_s = question_limit_s
        self._asks: Mapping[str, ShownAsk] = {}
        self._cards: dict[str, _Card] = {}
        self._refused: set[str] = set()
        self._closed: set[str] = set()
        self._late: dict[str, str] = {}  # nonces of lines about asks that never had a card
        self._is_remembered = True
        self._changed = asyncio.Event()

    def update(self, asks: Mapping[str, ShownAsk]) -> None:
        """Take the newest state of all asks. Never blocks."""
        if asks is not self._asks:
            self._asks = asks
            self._changed.set()

    async def run(self) -> None:
        """Send, change and close cards, whenever there is something to do."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for ask_id, shown in list(self._asks.items()):
                try:
                    await self._match(ask_id, shown)
                except ChatRefused as error:
                    (self._refused if shown.over is None else self._closed).add(ask_id)
                    self._cards.pop(ask_id, None)
                    log.warning("that an agent asks cannot be said", extra={"reason": str(error)})
                except ChatError as error:
                    log.info("what an agent asks waits for the chat", extra={"reason": str(error)})
                    await self._clock.sleep(error.retry_after_s or _AGAIN_S)
                    self._changed.set()
                except StateError as error:
                    log.warning("what an agent asks waits for the store", extra={"reason": str(error)})
                    await self._clock.sleep(_AGAIN_S)
                    self._changed.set()

    async def pieces(self, outcome: Outcome) -> list[Piece]:
        """Return what becomes of the cards that are open when the turn ends, or was cut off.

        They go; but of a turn that was cut off they say so, and their buttons still answer.
        """
        left = [self._left(card) for card in self._cards.values()]
        if outcome.status == "interrupted":
            return await left_pieces(
                self._open_asks.facts, self._turn, left, with_buttons=outcome.decision != "drop"
            )
        delete = Piece(channel_id=self._turn.address.channel_id, action="delete")
        return [_aimed(delete, card) for card in self._cards.values() if card.message_id or card.is_unsure]

    async def _match(self, ask_id: str, shown: ShownAsk) -> None:
        card = self._cards.get(ask_id)
        if shown.over is not None:
            await self._close(ask_id, card, shown.ask, shown.over)
            return
        if ask_id in self._refused:
            return
        if card is None and (card := self._new(ask_id, shown.ask)) is None:
            return
        if card.entry.is_lost:
            self._lost(ask_id, card)
        elif card.message_id is None:
            await self._send(ask_id, card)
        elif card.version != card.entry.version:
            await self._edit(ask_id, card, card.message_id)

    def _lost(self, ask_id: str, card: _Card) -> None:
        """The message of a card was deleted, and somebody is still asked: another takes its place."""
        if card.message_id is not None:
            self._open_asks.lost(card.message_id)  # else the gateway's word of it would count once more
        card.entry.is_lost, card.message_id, card.nonce = False, None, self._nonce()
        card.lost += 1
        card.is_plain |= card.lost == _MOST_LOST
        if card.lost > _MOST_LOST:
            self._refused.add(ask_id)
            del self._cards[ask_id]
        self._changed.set()

    async def _edit(self, ask_id: str, card: _Card, message_id: str) -> None:
        version, view = card.entry.version, card.shown()
        try:
            await self._port.edit(self._channel_id, message_id, view.text, rows=view.rows)
        except MessageGone:
            self._lost(ask_id, card)
        except ChatRefused as error:  # as it was, it can still be answered
            log.warning("a card cannot be changed", extra={"reason": str(error)})
            card.version = version
        else:
            card.version = version

    async def _close(self, ask_id: str, card: _Card | None, ask: Ask, over: Withdrawal) -> None:
        """Let the card be one line. That nobody answered in time is said also where there is no card."""
        if ask_id in self._closed:
            if not self._is_remembered:  # else a start would ask again what was answered
                await self._remember()
            return
        if card is None:
            if over == "expired":
                line, nonce = closed_line(ask, _VERDICTS[over]), self._late.setdefault(ask_id, self._nonce())
                await self._port.send(self._channel_id, line, nonce=nonce)
            self._closed.add(ask_id)
            return
        # Whoever answered with a button of it has written so on the card.
        line = card.entry.line if over == "answered" else closed_line(ask, _VERDICTS[over])
        if card.message_id is not None:
            if line:
                await self._become(card, card.message_id, line, over)
        elif over == "expired":
            sent = await self._port.send(self._channel_id, line, nonce=card.nonce)
            if card.is_unsure:  # then it is the card, if that had arrived
                await self._port.edit(self._channel_id, sent, line)
        elif card.is_unsure:
            return  # it goes with the turn
        self._closed.add(ask_id)
        del self._cards[ask_id]
        await self._remember()

    async def _become(self, card: _Card, message_id: str, line: str, over: Withdrawal) -> None:
        try:
            await self._port.edit(self._channel_id, message_id, line)
        except MessageGone:
            if over == "expired":
                card.message_id, card.nonce = None, self._nonce()
                await self._port.send(self._channel_id, line, nonce=card.nonce)

    def _new(self, ask_id: str, ask: Ask) -> _Card | None:
        entry = self._open_asks.entry(self._turn.id, short_name(ask_id))
        if entry is None:  # it is over, and that it is comes next
            return None
        limit_s = self._ask_limit_s if isinstance(ask, PermissionAsk) else self._question_limit_s
        channel_id = self._channel_id
        scene = Scene(
            limit=self._port.capabilities.message_chars,
            until=self._clock.utc() + timedelta(seconds=limit_s),
            workdir=self.workdir,
            asked_by=self._turn.prompt.author_name,
            file_bytes=self._port.file_limit_bytes(channel_id),
        )
        card = self._cards[ask_id] = _Card(ask, entry, self._nonce(), scene)
        entry.view, entry.changed = partial(_Card.view, card), self._changed.set
        return card

    async def _send(self, ask_id: str, card: _Card) -> None:
        with self._landing.request():
            await self._announce(card.nonce)
            await self._remember()
            is_again, card.is_unsure = card.is_unsure, True
            card.message_id = await self._put(card)
            card.is_unsure = False
            if is_again:  # then it may look as it did when it was sent first
                card.version = -1
                self._changed.set()
            self._open_asks.shown(self._turn.id, ask_id, card.message_id)
            with suppress(StateError):
                await self._remember()

    async def _put(self, card: _Card) -> str:
        """Send a card, without what the chat does not take of it; in the end only that there is one."""
        while True:
            view, card.version = card.shown(), card.entry.version
            try:
                return await self._port.send(
                    self._channel_id, view.text, nonce=card.nonce, rows=view.rows, files=view.files
                )
            except FilesRefused:
                card.scene = replace(card.scene, file_bytes=0)
            except ChatRefused as error:
                if card.is_plain:
                    card.is_unsure = False
                    raise
                log.warning("a card was refused, and is only told of", extra={"reason": str(error)})
                card.is_plain = True

    @property
    def _channel_id(self) -> str:
        return self._turn.address.channel_id

    async def _remember(self) -> None:
        """Let the store know which cards are open, so that after a crash they can say that they expired."""
        self._is_remembered = False
        await remember(self._open_asks.facts, self._turn, [self._left(card) for card in self._cards.values()])
        self._is_remembered = True

    def _left(self, card: _Card) -> LeftCard:
        shown = card.view()
        # Of a card that was only told of, or whose file may not have been taken, nobody has seen what a yes
        # would allow.
        if card.is_plain or (card.message_id is None and shown.files):
            shown = replace(shown, text="" if card.is_plain else shown.text, rows=())
        view = expired_view(self._turn.id, card.ask, shown)
        buttons = tuple(button for row in view.rows if isinstance(row, tuple) for button in row)
        return LeftCard(nonce=card.nonce, message_id=card.message_id, text=view.text, buttons=buttons)


def _aimed(piece: Piece, card: _Card) -> Piece:
    if card.message_id is not None:
        return replace(piece, target_id=card.message_id)
    return replace(piece, target_nonce=card.nonce)

"""The messages of what one turn asks: sent with buttons, changed as answers come, one line when over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, assert_never

from bot.ask_view import Scene, closed_line, expired_view, permission_view, plan_view
from bot.chat import ChatError, ChatPort, ChatRefused, FilesRefused, MessageGone
from bot.landing import Landing
from bot.left_cards import LeftCard, left_pieces, remember
from bot.open_asks import CardView, OpenAsk, OpenAsks, short_name
from bot.questions import question_view
from bot.reply_state import ShownAsk
from sessions.clock import Clock
from sessions.errors import StateError
from sessions.events import Ask, PermissionAsk, PlanAsk, QuestionAsk
from sessions.store.values import Piece, Turn
from sessions.turn import Outcome

log = logging.getLogger(__name__)

_AGAIN_S: Final = 5.0
_VERDICTS: Final = {
    "expired": "nobody answered in time, so it was denied",
    "agent": "the agent does not ask any more",
    "ended": "its turn is over",
}


@dataclass(slots=True)
class _Card:
    """One card: `nonce` from before it is sent, `message_id` once it is, `version` as it is shown."""

    ask: Ask
    entry: OpenAsk
    nonce: str
    scene: Scene
    message_id: str | None = None
    version: int = 0
    is_unsure: bool = False  # it may have been sent: the answer got lost, or is not here yet

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
                    self._refused.add(ask_id)
                    self._cards.pop(ask_id, None)
                    log.warning("what an agent asks cannot be shown", extra={"reason": str(error)})
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
        if shown.over is None:
            if ask_id in self._refused:
                return
            if card is None:
                card = self._new(ask_id, shown.ask)
                if card is None:
                    return
            if card.message_id is None:
                await self._send(ask_id, card)
            elif card.version != card.entry.version:
                version, view = card.entry.version, card.view()
                await self._port.edit(self._channel_id, card.message_id, view.text, rows=view.rows)
                card.version = version
        elif card is not None and card.message_id is not None:
            # Whoever answered with a button of it has written so on the card.
            line = (
                card.entry.line if shown.over == "answered" else closed_line(shown.ask, _VERDICTS[shown.over])
            )
            if line:
                with suppress(MessageGone):
                    await self._port.edit(self._channel_id, card.message_id, line)
            del self._cards[ask_id]
            await self._remember()

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
        view, version = card.view(), card.entry.version
        with self._landing.request():
            await self._announce(card.nonce)
            await self._remember()
            card.is_unsure = True
            try:
                card.message_id = await self._port.send(
                    self._channel_id, view.text, nonce=card.nonce, rows=view.rows, files=view.files
                )
            except FilesRefused:
                card.scene = replace(card.scene, file_bytes=0)
                view = card.view()
                card.message_id = await self._port.send(
                    self._channel_id, view.text, nonce=card.nonce, rows=view.rows
                )
            card.version, card.is_unsure = version, False
            self._open_asks.shown(self._turn.id, ask_id, card.message_id)
            with suppress(StateError):
                await self._remember()

    @property
    def _channel_id(self) -> str:
        return self._turn.address.channel_id

    async def _remember(self) -> None:
        """Let the store know which cards are open, so that after a crash they can say that they expired."""
        await remember(self._open_asks.facts, self._turn, [self._left(card) for card in self._cards.values()])

    def _left(self, card: _Card) -> LeftCard:
        view = expired_view(self._turn.id, card.ask)
        buttons = tuple(button for row in view.rows if isinstance(row, tuple) for button in row)
        return LeftCard(nonce=card.nonce, message_id=card.message_id, text=view.text, buttons=buttons)


def _aimed(piece: Piece, card: _Card) -> Piece:
    if card.message_id is not None:
        return replace(piece, target_id=card.message_id)
    return replace(piece, target_nonce=card.nonce)

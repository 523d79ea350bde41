"""A reply that grows in place: one live message, edited at the chat's pace; cards for requests; typing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Final, Self, assert_never

from bot.answers import last_word
from bot.approvals import OpenAsks
from bot.ask_cards import AskCards
from bot.chat import ChatError, ChatPort, ChatRefused, MessageGone
from bot.landing import Landing
from bot.live_plan import Edit, LivePlan, Send, WakeAt
from bot.render import pieces
from bot.reply_state import ReplyState, fold, live_text
from sessions.clock import Clock
from sessions.events import AskWithdrawn, Event, PermissionAsk
from sessions.store.values import Piece, Turn
from sessions.turn import Note, Outcome

log = logging.getLogger(__name__)

TYPING_EVERY_S: Final = 8.0
REFRESH_S: Final = 5.0
"""How often the elapsed time is brought up to date while nothing else changes."""

_LAST_SEND_S: Final = 5.0


class LiveReply:
    """The picture of one running turn in a chat, and the pieces that replace it. A `ReplySink`.

    The live message is a window on the end of the text, never longer than one message. It is sent
    when there is something to show, unless the turn is over by then. Whatever the chat refuses
    here costs the picture alone: the pieces carry the whole answer.
    """

    def __init__(
        self,
        *,
        port: ChatPort,
        turn: Turn,
        note: Note,
        asks: OpenAsks,
        clock: Clock,
        nonce: Callable[[int], str],
        ask_limit_s: float,
    ) -> None:
        """Show `turn` through `port`. `nonce` makes one from a negative number, `note` keeps an id."""
        self._port = port
        self._turn = turn
        self._channel_id = turn.address.channel_id
        self._note = note
        self._asks = asks
        self._clock = clock
        numbers = count(1000 * turn.attempt)
        self._nonce = lambda: nonce(-next(numbers))
        self._state = ReplyState(since_s=clock.monotonic_s())
        self._plan = LivePlan(port.capabilities.edit_interval_s)
        self._message_id: str | None = None
        self._unsure: str | None = None  # the nonce of a send whose answer got lost
        self._changed = asyncio.Event()
        self._landing = Landing()
        self._cards = AskCards(
            port=port,
            turn=turn,
            clock=clock,
            landing=self._landing,
            nonce=self._nonce,
            ask_limit_s=ask_limit_s,
        )
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        can = self._port.capabilities
        jobs = [
            (can.can_edit and can.can_delete, "live message", self._keep_message),
            (can.has_buttons, "ask cards", self._cards.run),
            (can.can_type, "typing", self._keep_typing),
        ]
        self._tasks = [
            self._group.create_task(_harmless(job), name=f"{name} of turn {self._turn.id}")
            for wanted, name, job in jobs
            if wanted
        ]
        return self

    async def __aexit__(self, *exc: object) -> None:
        # Not handed to the group: it would wrap the turn's own error in one of its own.
        self._end()
        await self._group.__aexit__(None, None, None)

    def emit(self, event: Event) -> None:
        """Take one event; what it changes is shown as soon as the chat allows."""
        match event:
            case PermissionAsk():
                self._asks.add(self._turn.id, event)
            case AskWithdrawn(id=ask):
                self._asks.remove(self._turn.id, ask)
            case _:
                pass
        state = fold(self._state, event, self._clock.monotonic_s())
        if state is not self._state:
            self._state = state
            self._changed.set()
            self._cards.update(state.asks)

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        """Stop showing and return the answer's messages, then what removes the live ones."""
        await self._landing.wait(_LAST_SEND_S)
        self._end()
        if self._unsure is not None:
            await _harmless(self._find_lost)
        texts = pieces(last_word(outcome), self._port.capabilities.message_chars)
        reply_to = self._turn.address.message_id
        answer = [
            Piece(channel_id=self._channel_id, body=text, reply_to=None if at else reply_to)
            for at, text in enumerate(texts)
        ]
        live = [*([self._message_id] if self._message_id else []), *self._cards.open_message_ids]
        return answer + [Piece(channel_id=self._channel_id, target_id=gone, action="delete") for gone in live]

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        for ask in self._state.asks:
            self._asks.remove(self._turn.id, ask)

    async def _keep_message(self) -> None:
        while not self._state.is_done:
            self._changed.clear()
            if not self._state.is_visible:
                await self._changed.wait()
                continue
            now_s = self._clock.monotonic_s()
            body = live_text(self._state, now_s, self._port.capabilities.message_chars)
            command = self._plan.step(now_s, body)
            match command:
                case Send() | Edit():
                    if not await self._show(command):
                        return
                case WakeAt(at_s=at_s):
                    await self._clock.sleep(at_s - now_s)
                case None:
                    await self._change_or_refresh()
                case _:
                    assert_never(command)

    async def _show(self, command: Send | Edit) -> bool:
        """Carry a command out; False if this chat will never show anything of this turn."""
        try:
            if isinstance(command, Edit) and self._message_id is not None:
                await self._port.edit(self._channel_id, self._message_id, command.body)
            else:
                await self._send(command.body)
        except MessageGone:
            self._message_id = None
            self._plan.lost()
        except ChatRefused as error:
            log.debug("no live message", extra={"reason": str(error)})
            self._unsure = None
            return False
        except ChatError as error:
            log.debug("a live edit failed", extra={"reason": str(error)})
            if self._message_id is None:
                self._plan.lost()
            self._plan.failed(self._clock.monotonic_s() + (error.retry_after_s or self._plan.interval_s))
        return True

    async def _send(self, body: str) -> None:
        with self._landing.request():
            self._unsure = self._unsure or self._nonce()
            self._message_id = await self._port.send(self._channel_id, body, nonce=self._unsure, silent=True)
            self._unsure = None
            await self._note(self._message_id)

    async def _find_lost(self) -> None:
        """A send whose answer got lost may have landed: the same nonce gives the message's id."""
        try:
            async with asyncio.timeout(_LAST_SEND_S):
                self._message_id = await self._port.send(
                    self._channel_id, "-# …", nonce=self._unsure, silent=True
                )
        except (ChatError, TimeoutError) as error:
            log.debug("a live message may be left behind", extra={"reason": str(error)})

    async def _change_or_refresh(self) -> None:
        """Wait for the next event that shows, but no longer than the elapsed time may stand still."""
        refresh = self._group.create_task(self._refresh(), name=f"refresh of turn {self._turn.id}")
        try:
            await self._changed.wait()
        finally:
            refresh.cancel()

    async def _refresh(self) -> None:
        await self._clock.sleep(REFRESH_S)
        self._changed.set()

    async def _keep_typing(self) -> None:
        while not self._state.is_done:
            if not self._state.is_asking:  # then it is a person who is waited for
                try:
                    await self._port.typing(self._channel_id)
                except ChatRefused:
                    return
                except ChatError as error:
                    log.debug("typing failed", extra={"reason": str(error)})
            await self._clock.sleep(TYPING_EVERY_S)


async def _harmless(job: Callable[[], Awaitable[None]]) -> None:
    """Run a part of the picture; a bug in it is logged and ends that part, never the turn."""
    try:
        await job()
    except Exception:
        log.exception("a part of a live reply broke")

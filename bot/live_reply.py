"""A reply that grows in place: one live message, edited at the chat's pace; cards for requests; typing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Final, Self, assert_never

from bot.answer_pieces import answer_pieces
from bot.answers import last_words, start_mark
from bot.ask_cards import AskCards
from bot.changed_files import changes_piece
from bot.chat import ChatError, ChatPort, ChatRefused, MessageGone
from bot.interruptions import ALLOWED_TOO, cut_buttons
from bot.landing import Landing
from bot.left_cards import joined
from bot.live_messages import LiveMessages
from bot.live_plan import Edit, LivePlan, Send, WakeAt
from bot.live_view import folded_text, is_visible, live_text, notices
from bot.open_asks import OpenAsks
from bot.pauses import until_set
from bot.reply_state import ReplyState, fold
from bot.stop_button import stop_button
from sessions.clock import Clock
from sessions.crash_points import reached
from sessions.errors import StateError
from sessions.events import AskWithdrawn, Event, PermissionAsk, PlanAsk, QuestionAsk, Started
from sessions.room_settings import RoomSettings
from sessions.spool import Spool
from sessions.store.values import Piece, Turn
from sessions.turn import LiveNote, Note, Outcome

log = logging.getLogger(__name__)

TYPING_EVERY_S: Final = 8.0
REFRESH_S: Final = 5.0
"""How often the elapsed time is brought up to date while nothing else changes."""

_LAST_SEND_S: Final = 5.0


class LiveReply:
    """The picture of one running turn in a chat, and the pieces that replace it. A `ReplySink`.

    The live message is a window on the end of the text, never longer than one message. It is sent
    when there is something to show, unless the turn is over by then, and not before the store
    knows that it will be. Whatever chat or store refuse here costs the picture alone: the pieces
    carry the whole answer.
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
        question_limit_s: float = 86_400.0,
        room: RoomSettings | None = None,
        spool: Spool | None = None,
        live: LiveMessages | None = None,
    ) -> None:
        """Show `turn` through `port`, as `room` is set. `nonce` makes those of this start from 0, 1, ...

        `live` is shared with whoever takes messages: who replies to a live one speaks to its turn.
        """
        self._port = port
        self._turn = turn
        self._room = room or RoomSettings()
        self._spool = spool  # for files that go with the pieces
        self._live = live or LiveMessages()
        self._rows = ((stop_button(turn.id),),) if port.capabilities.has_buttons else ()
        self._channel_id = turn.address.channel_id
        self._note = note
        self._noting = asyncio.Lock()
        self._is_noted = False
        self._asks = asks
        self._clock = clock
        numbers = count()
        self._nonce = lambda: nonce(next(numbers))
        self._state = ReplyState(since_s=clock.monotonic_s(), mark=start_mark(turn))
        self._plan = LivePlan(port.capabilities.edit_interval_s)
        self._message_id: str | None = None
        self._unsure: str | None = None  # the nonce of a send whose answer got lost
        self._changed = asyncio.Event()
        self._landing = Landing()
        self._cards = AskCards(
            port=port,
            turn=turn,
            asks=asks,
            clock=clock,
            landing=self._landing,
            nonce=self._nonce,
            announce=self._announce,
            ask_limit_s=ask_limit_s,
            question_limit_s=question_limit_s,
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
            case Started(workdir=workdir):
                self._cards.workdir = workdir
            case PermissionAsk() | QuestionAsk() | PlanAsk():
                self._asks.add(self._turn.id, event, self._turn.prompt.author_id)
            case AskWithdrawn(id=ask):
                self._asks.remove(self._turn.id, ask)
            case _:
                pass
        state = fold(self._state, event, self._clock.monotonic_s())
        if state is not self._state:
            self._state = state
            self._changed.set()
            self._cards.update(state.asks)

    def waiting(self, count: int) -> None:
        """So many turns wait behind this one."""
        if count != self._state.waiting:
            self._state = replace(self._state, waiting=count)
            self._changed.set()

    async def pieces(self, outcome: Outcome) -> Sequence[Piece]:
        """Stop showing and return the answer's messages, then what removes the live ones."""
        await self._landing.wait(_LAST_SEND_S)
        self._end()
        can, channel_id = self._port.capabilities, self._channel_id
        told = [*notices(self._state), outcome.notice]
        outcome = replace(outcome, notice="\n".join(line for line in told if line))
        said = last_words(self._turn, outcome, has_buttons=can.has_buttons, small=self._room.footer)
        may_attach = self._port.may_attach(channel_id)
        answer = await answer_pieces(said, channel_id, can.message_chars, self._spool, may_attach=may_attach)
        answer[0] = replace(answer[0], reply_to=self._turn.address.message_id)
        cards = await self._cards.pieces(outcome)
        if outcome.status == "interrupted" and not outcome.decision and can.has_buttons:
            cards, allow = joined(cards)
            body = f"{answer[-1].body}\n{ALLOWED_TOO}" if allow else answer[-1].body
            answer[-1] = replace(answer[-1], body=body, buttons=cut_buttons(self._turn.id, allow))
        if outcome.status != "interrupted" and self._room.display == "verbose":
            spool, diffs = self._spool if may_attach else None, self._state.activity.diffs
            changes = await changes_piece(diffs, channel_id, can.message_chars, spool)
            answer += [changes] if changes is not None else []
        return [*answer, *self._folded(), *cards]

    def _folded(self) -> list[Piece]:
        """Return what removes the live message, or leaves one line of it."""
        if self._message_id is None and self._unsure is None:
            return []
        kept = folded_text(self._state, self._clock.monotonic_s(), self._room)
        return [
            Piece(
                channel_id=self._channel_id,
                body=kept,
                action="fold" if kept else "delete",
                target_id=self._message_id,
                target_nonce=self._unsure if self._message_id is None else None,
            )
        ]

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._message_id is not None:
            self._live.remove(self._channel_id, self._message_id)
        for ask in self._state.asks:
            self._asks.remove(self._turn.id, ask)

    async def _keep_message(self) -> None:
        while not self._state.is_done:
            self._changed.clear()
            if not (self._plan.exists or is_visible(self._state, self._room)):
                await self._changed.wait()
                continue
            now_s = self._clock.monotonic_s()
            body = live_text(self._state, now_s, self._port.capabilities.message_chars, self._room)
            command = self._plan.step(now_s, body)
            match command:
                case Send() | Edit():
                    if not await self._show(command):
                        return
                case WakeAt(at_s=at_s):
                    await self._clock.sleep(at_s - now_s)
                case None:
                    # While a person is waited for, for a day perhaps, no time is counted.
                    wait_s = None if self._state.is_asking else REFRESH_S
                    await until_set(self._changed, self._clock, wait_s)
                case _:
                    assert_never(command)

    async def _show(self, command: Send | Edit) -> bool:
        """Carry a command out; False if this chat will never show anything of this turn."""
        try:
            if isinstance(command, Edit) and self._message_id is not None:
                await self._port.edit(self._channel_id, self._message_id, command.body, rows=self._rows)
            else:
                await self._send(command.body)
        except MessageGone:
            self._forget()
            self._plan.lost()
        except ChatRefused as error:
            log.debug("no live message", extra={"reason": str(error)})
            self._unsure = None
            return False
        except StateError as error:
            log.warning("the store refuses a live message", extra={"reason": str(error)})
            return False
        except ChatError as error:
            log.debug("a live edit failed", extra={"reason": str(error)})
            if self._message_id is None:
                self._plan.lost()
            self._plan.failed(self._clock.monotonic_s() + (error.retry_after_s or self._plan.interval_s))
        self._plan.over(self._clock.monotonic_s())
        return True

    async def _send(self, body: str) -> None:
        with self._landing.request():
            nonce = self._unsure
            if nonce is None:
                nonce = self._nonce()
                await self._tell(LiveNote(nonce=nonce))
                if self._state.is_done:
                    return
            self._unsure = nonce
            reached("live.before_send")
            self._message_id = await self._port.send(
                self._channel_id, body, nonce=nonce, silent=True, rows=self._rows
            )
            self._live.add(self._channel_id, self._message_id, self._turn.id)
            self._unsure = None
            reached("live.sent")
            await self._tell(LiveNote(nonce=nonce, message_id=self._message_id))
            reached("live.noted")

    def _forget(self) -> None:
        """The live message is not there any more."""
        if self._message_id is not None:
            self._live.remove(self._channel_id, self._message_id)
        self._message_id = None

    async def _announce(self, nonce: str) -> None:
        """Let the store know that a card will be shown."""
        await self._tell(LiveNote(nonce=nonce), only_first=True)

    async def _tell(self, live: LiveNote, *, only_first: bool = False) -> None:
        # The store keeps one message in mind; a card must not push the live message out of it.
        async with self._noting:
            if not (only_first and self._is_noted):
                await self._note(live)
                self._is_noted = True

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

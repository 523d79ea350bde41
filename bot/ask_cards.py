"""The messages of one turn's permission requests: sent with buttons, one line when they are over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from bot.approvals import buttons, card, closed_card
from bot.chat import ChatError, ChatPort, ChatRefused, MessageGone
from bot.landing import Landing
from bot.reply_state import ShownAsk
from sessions.clock import Clock
from sessions.errors import StateError
from sessions.store.values import Turn

log = logging.getLogger(__name__)

_AGAIN_S: Final = 5.0
_VERDICTS: Final = {
    "expired": "nobody answered in time, so it was denied",
    "agent": "the agent does not ask any more",
    "ended": "its turn is over",
}


class AskCards:
    """Keeps the cards as the requests are. `run` is one task; it ends by being cancelled."""

    def __init__(
        self,
        *,
        port: ChatPort,
        turn: Turn,
        clock: Clock,
        landing: Landing,
        nonce: Callable[[], str],
        announce: Callable[[str], Awaitable[None]],
        ask_limit_s: float,
    ) -> None:
        """Show the requests of `turn`. `announce` is awaited before a card is sent with that nonce."""
        self._port = port
        self._turn = turn
        self._clock = clock
        self._landing = landing
        self._nonce = nonce
        self._announce = announce
        self._ask_limit_s = ask_limit_s
        self._asks: Mapping[str, ShownAsk] = {}
        self._message_ids: dict[str, str] = {}
        self._nonces: dict[str, str] = {}
        self._unsure: dict[str, str] = {}  # the nonces of sends whose answer got lost, or is not here yet
        self._changed = asyncio.Event()

    @property
    def open_message_ids(self) -> list[str]:
        """The cards that still show buttons."""
        return list(self._message_ids.values())

    @property
    def unsure_nonces(self) -> list[str]:
        """The nonces of cards that may have been sent."""
        return list(self._unsure.values())

    def update(self, asks: Mapping[str, ShownAsk]) -> None:
        """Take the newest state of all requests. Never blocks."""
        if asks is not self._asks:
            self._asks = asks
            self._changed.set()

    async def run(self) -> None:
        """Send and close cards, whenever there is something to do."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for ask_id, shown in list(self._asks.items()):
                try:
                    await self._match(ask_id, shown)
                except ChatRefused as error:
                    self._unsure.pop(ask_id, None)
                    log.warning("a permission request cannot be shown", extra={"reason": str(error)})
                except ChatError as error:
                    log.info("a permission request waits for the chat", extra={"reason": str(error)})
                    await self._clock.sleep(error.retry_after_s or _AGAIN_S)
                    self._changed.set()
                except StateError as error:
                    log.warning("a permission request waits for the store", extra={"reason": str(error)})
                    await self._clock.sleep(_AGAIN_S)
                    self._changed.set()

    async def _match(self, ask_id: str, shown: ShownAsk) -> None:
        channel, message_id = self._turn.address.channel_id, self._message_ids.get(ask_id)
        if message_id is None and shown.over is None:
            body = card(shown.ask, self._port.capabilities.message_chars, self._ask_limit_s)
            nonce = self._nonces.setdefault(ask_id, self._nonce())
            rows = [buttons(self._turn.id, ask_id)]
            with self._landing.request():
                await self._announce(nonce)
                self._unsure[ask_id] = nonce
                self._message_ids[ask_id] = await self._port.send(channel, body, nonce=nonce, rows=rows)
                del self._unsure[ask_id]
        elif message_id is not None and shown.over is not None:
            if shown.over != "answered":  # whoever answered has written so on the card
                with suppress(MessageGone):
                    await self._port.edit(channel, message_id, closed_card(shown.ask, _VERDICTS[shown.over]))
            del self._message_ids[ask_id]

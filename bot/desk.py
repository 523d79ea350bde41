"""Where every way in arrives, whatever the platform: messages here, all else in `interactions`."""

import logging
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NoReturn

from bot.access import Deny
from bot.chat import Incoming
from bot.commands.spec import Rooms
from bot.gate import Gate
from bot.interactions import Interactions
from bot.live_messages import LiveMessages
from bot.loops import SPENT, BotsTalk, LoopBudget
from bot.open_asks import OpenAsk, OpenAsks
from bot.pairing import Tried, code_in
from bot.people import People
from bot.questions import ANSWERED, answer_in, finish, note
from bot.routing import Silence, key_for, own_thread
from sessions.errors import AlreadyDecided
from sessions.keys import session_key
from sessions.store.values import Accepted, ChatAddress, Inbound, Prompt, Touched
from sessions.tombstones import Tombstones

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The gate, the rooms behind it, and the permission requests that are open in them."""

    gate: Gate
    rooms: Rooms
    asks: OpenAsks
    live: LiveMessages = field(default_factory=LiveMessages)
    loops: LoopBudget = field(default_factory=LoopBudget)
    tombstones: Tombstones | None = None

    @property
    def people(self) -> People:
        """Who may do what."""
        return self.gate.people

    @property
    def interactions(self) -> Interactions:
        """What people do beyond writing."""
        return Interactions(gate=self.gate, rooms=self.rooms, asks=self.asks)

    def take(self, incoming: Incoming) -> Awaitable[Accepted | None]:
        """Give a message its place in the order of its room, or remember why it gets none.

        A plain call: that is settled when this returns. On awaiting, it is stored; None then says
        that the message is not for us. Raises QueueFull, BotsTalk, StateError (on awaiting).
        """
        place, message_id = incoming.place, incoming.message_id
        key = self.gate.sift(incoming)
        if isinstance(key, Deny | Silence):
            return self._decline(incoming, _why(key))
        if not self.loops.may_take(incoming):
            return self._refuse_bot(incoming)
        answered = answer_in(incoming, self.asks)
        if answered is not None:
            return self._answer(incoming, *answered)
        room = place
        if self.wants_thread(incoming) and incoming.threads == "possible":
            # Its id is known before it is there, so it can be opened as often as it takes.
            room = own_thread(place, message_id)
            key = session_key(room.channel_id)
        self.rooms.words.see(key, room.around)
        steers = self.live.turn_of(place.channel_id, incoming.replies_to)  # its words are known to the agent
        return self.rooms.accept(
            Inbound(
                source=place.platform,
                msg_id=message_id,
                key=key,
                address=ChatAddress(
                    platform=place.platform, channel_id=place.channel_id, message_id=str(message_id)
                ),
                prompt=self._prompt(incoming)
                if steers is None
                else self._prompt(replace(incoming, quote=None)),
                cursor=place.channel_id,
                fact=self.loops.news(place.platform),
                steers=steers,
            )
        )

    def wants_thread(self, incoming: Incoming) -> bool:
        """Whether a message is to be answered in a thread of its own, be that possible or not."""
        if incoming.threads == "none":
            return False
        channel = key_for(incoming.place, self.gate.listen_channels)
        return self.rooms.room_settings(channel)[0].auto_thread

    def decline(self, incoming: Incoming, reason: str) -> Awaitable[None]:
        """Remember that a message is not answered though it was meant for us, and why.

        A plain call like `take`. Raises StateError (on awaiting).
        """
        return self._decline(incoming, reason, addressed=True)

    def _refuse_bot(self, incoming: Incoming) -> Awaitable[None]:
        declined = self._decline(incoming, SPENT)
        refusal = self.loops.refusal(incoming.place.channel_id)
        return declined if refusal is None else _said_by(declined, refusal)

    def _answer(self, incoming: Incoming, entry: OpenAsk, text: str) -> Awaitable[None]:
        """Take a reply to the agent's question as its answer; it is no prompt."""
        number = len(entry.answers)
        note(entry, text)  # now, so that what is said next is no answer to the same
        return self._hand_over(entry, number, incoming.person.name, self._decline(incoming, ANSWERED))

    async def _hand_over(
        self, entry: OpenAsk, number: int, person_name: str, declined: Awaitable[None]
    ) -> None:
        try:
            await declined
        except BaseException:
            del entry.answers[number:]  # what was answered behind it was meant for a later question
            raise
        with suppress(AlreadyDecided):  # nobody waits for it any more, and the card says so
            await finish(entry, person_name, self.rooms, is_elsewhere=True)

    def _decline(self, incoming: Incoming, reason: str | None, *, addressed: bool = False) -> Awaitable[None]:
        place, message_id = incoming.place, incoming.message_id
        log.debug("a message is not answered", extra={"message_id": message_id, "reason": reason})
        return self.rooms.decline(place.platform, place.channel_id, message_id, reason, addressed=addressed)

    def edit(self, incoming: Incoming) -> Awaitable[Touched] | None:
        """Give what waits the text that its message has now; None if its author may not do that.

        What is not addressed to us any more is taken out of the queue. A plain call like `take`.
        Raises StateError (on awaiting).
        """
        match self.gate.sift(incoming, "edit"):
            case Deny():
                return None
            case Silence():
                return self.withdraw(incoming.place.platform, incoming.message_id)
            case _:
                return self.rooms.edit(incoming.place.platform, incoming.message_id, self._prompt(incoming))

    def withdraw(self, platform: str, message_id: int) -> Awaitable[Touched]:
        """Take a message that was deleted out of its queue. A plain call like `take`.

        Raises StateError (on awaiting).
        """
        return self.rooms.withdraw(platform, message_id)

    def is_code(self, incoming: Incoming) -> bool:
        """Whether a direct message is the right pairing code, of somebody who did not guess too often."""
        if incoming.place.guild_id is not None or incoming.ours or not incoming.ordinary:
            return False
        code = code_in(incoming.text) if self.people.can_pair else None
        return code is not None and self.people.try_code(incoming.person, code) is Tried.RIGHT

    async def vacate(self, channel_id: str, name: str = "") -> None:
        """End what runs and waits in the room of a place that is gone, and in those of its threads.

        Their sessions stay, under tombstones; `name` is what the place was called. A room that other places
        share goes on. Raises StateError.
        """
        shared = channel_id in self.gate.listen_channels
        keys = [] if shared else [session_key(channel_id)]
        if self.tombstones is not None:
            keys += await self.tombstones.below(channel_id)
        for key in keys:
            await self.rooms.clear(key)
            self.rooms.stop(key)
            if self.tombstones is not None:
                await self.tombstones.bury(key, name if key == channel_id else "")

    def _prompt(self, incoming: Incoming) -> Prompt:
        return replace(_prompt(incoming), asker=self.people.asker(incoming.person, incoming.place))


def _why(verdict: Deny | Silence) -> str | None:
    if isinstance(verdict, Deny):
        return verdict.reason
    return None if verdict is Silence.OURS else verdict.value


def _prompt(incoming: Incoming) -> Prompt:
    return Prompt(
        text=incoming.text,
        author_id=incoming.person.id,
        author_name=incoming.person.name,
        attachments=incoming.attachments,
        quote=incoming.quote,
        by_bot=incoming.person.is_bot,
    )


async def _said_by(declined: Awaitable[None], refusal: BotsTalk) -> NoReturn:
    await declined
    raise refusal

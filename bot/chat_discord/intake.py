"""What people do with their messages, brought to the desk: said, edited, deleted; and what they are told."""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.access import Deny
from bot.chat import ChatError, ChatPort, Incoming, Place
from bot.commands.pair import OWNED, closed
from bot.degraded import Degraded, Lack
from bot.desk import Desk
from bot.loops import BotsTalk
from bot.render import plain
from bot.routing import Silence, key_for
from sessions.clock import Clock, SystemClock
from sessions.crash_points import reached
from sessions.errors import QueueFull, StateError
from sessions.store import Store
from sessions.store.values import (
    Accepted,
    ChatAddress,
    Inbound,
    Kind,
    Piece,
    Prompt,
    Touched,
    Turn,
    TurnState,
)

log = logging.getLogger(__name__)

_EDITED: Final = "✏️"
_GOES_ON: Final = (
    "-# This is being worked on with the words it had before. `/stop` ends that; then send the new words."
)
_AT_WORK: Final = (TurnState.RUNNING, TurnState.MERGED)
_FULL: Final = "too much was waiting in its room"
_REFUSED: Final = (
    "This room has too many prompts waiting; what is sent now is not taken."
    " Wait for one to end, then send it again."
)
_REFUSED_S: Final = 10.0
"""For how long one refusal counts for all that is refused in its channel: a flood is not answered by one."""

NOT_STORED: Final = (
    "Roomkey cannot reach its own storage just now. It may find this message again later;"
    " use `/why` on it before you send it again."
)
"""What to say when the store failed: its own words name files, which is nobody's business in a chat."""


@dataclass(frozen=True, slots=True)
class Notices:
    """Words of ours that are stored before they are said: no trouble of the chat and no crash loses them.

    `posted` is called when there is something to be sent.
    """

    store: Store
    listen_channels: Collection[str]
    posted: Callable[[], None]

    async def post(self, place: Place, message_id: int, text: str, *, is_reply: bool = False) -> None:
        """Say something in a place about a message, the same only once. Raises StateError."""
        told = hashlib.sha256(text.encode()).hexdigest()[:16]
        notice = Inbound(
            source=f"{place.platform}:notice:{told}",
            msg_id=message_id,
            key=key_for(place, self.listen_channels),
            address=ChatAddress(platform=place.platform, channel_id=place.channel_id),
            prompt=Prompt(text=""),
            kind=Kind.NOTICE,
        )
        reply_to = str(message_id) if is_reply else None
        await self.store.post(notice, [Piece(channel_id=place.channel_id, body=text, reply_to=reply_to)])
        self.posted()


@dataclass(frozen=True, slots=True)
class Intake:
    """Each call takes its place in the order of things at once; awaiting it does the rest, without errors.

    Whoever is concerned is told what went wrong, and what became of a prompt that waited. Without
    `notices` a refusal is said at once, and may be lost.
    """

    desk: Desk
    port: ChatPort
    notices: Notices | None = None
    clock: Clock = field(default_factory=SystemClock)
    lacks: Degraded | None = None
    _refused: dict[str, float] = field(default_factory=dict[str, float])

    def said(self, message: Incoming) -> Awaitable[None]:
        """Bring a message that was said."""
        if self.desk.is_code(message):
            return self._paired(message)
        message = self.as_can_be(message)
        return self._said(message, self.desk.take(message))

    def as_can_be(self, message: Incoming) -> Incoming:
        """Return a message with what was found out about threads in its channel."""
        is_full = self.lacks is not None and self.lacks.lacks(message.place.channel_id, "full")
        return replace(message, threads="full") if is_full and message.threads == "possible" else message

    def edited(self, message: Incoming) -> Awaitable[None]:
        """Bring a message as it is after somebody changed it; what waits gets the new words."""
        return self._edited(message, self.desk.edit(message))

    def deleted(self, channel_id: str, message_ids: Sequence[int]) -> Awaitable[None]:
        """Bring it that messages are gone; what waits for an answer to them is dropped."""
        withdrawn = [self.desk.withdraw(self.port.platform, one) for one in message_ids]
        return self._deleted(channel_id, withdrawn)

    def concerns_us(self, message: Incoming) -> bool:
        """Whether a message is for us, from somebody who may speak to us."""
        return not isinstance(self.desk.gate.sift(message, "look"), Deny | Silence)

    async def refuse(self, message: Incoming) -> None:
        """Say that a message found no place, and remember it. Raises StateError.

        What is refused in the same channel right after it is only remembered: the sentence counts for it.
        """
        channel_id, now = message.place.channel_id, self.clock.monotonic_s()
        told = self._refused.get(channel_id)
        if told is None or now - told >= _REFUSED_S:
            self._refused[channel_id] = now
            try:
                await self._say_refused(message)
            except StateError:
                del self._refused[channel_id]
                raise
        await self.desk.decline(message, _FULL)

    async def _say_refused(self, message: Incoming) -> None:
        if self.notices is None:
            await self.tell(message, _REFUSED)
        else:
            await self.notices.post(message.place, message.message_id, _REFUSED, is_reply=True)

    async def tell(self, message: Incoming, text: str) -> None:
        """Answer a message with a word of ours; the same message gets only one within minutes."""
        told = f"told-{message.message_id}"
        await self._say(message.place.channel_id, text, told, reply_to=str(message.message_id))

    async def _paired(self, message: Incoming) -> None:
        try:
            await self.desk.decline(message, "it was the pairing code")
            owns = await self.desk.people.own(message.person)
        except StateError as error:
            log.warning("the owner was not stored", extra={"reason": str(error)})
            await self.tell(message, NOT_STORED)
        else:
            await self.tell(message, OWNED if owns else closed(has_owner=True))

    async def _said(self, message: Incoming, taken: Awaitable[Accepted | None]) -> None:
        try:
            try:
                accepted = await taken
                reached("accept.after_commit")
                if accepted is not None:
                    await self.note_lacks(message)
            except QueueFull:
                await self.refuse(message)
            except BotsTalk as talk:
                await self.say_bots_talk(message, talk)
        except StateError as error:
            facts = {"message_id": message.message_id, "reason": str(error)}
            log.warning("a message was not stored", extra=facts)
            if self.concerns_us(message):
                await self.tell(message, NOT_STORED)

    async def note_lacks(self, message: Incoming) -> None:
        """Say of a message that was taken what it cannot have here."""
        lack: Lack = "full" if message.threads == "full" else "threads"
        can_open = message.threads in ("none", "possible")
        if self.lacks is not None and not can_open and self.desk.wants_thread(message):
            await self.lacks.note(message.place.channel_id, lack)

    async def say_bots_talk(self, message: Incoming, talk: BotsTalk) -> None:
        """Say that bots have had their turns where this was said. Raises StateError."""
        if self.notices is None:
            await self.tell(message, str(talk))
        else:
            await self.notices.post(message.place, talk.since, str(talk))

    async def _edited(self, message: Incoming, editing: Awaitable[Touched] | None) -> None:
        if editing is None:
            return
        try:
            met = await editing
        except StateError as error:
            facts = {"message_id": message.message_id, "reason": str(error)}
            log.warning("an edit was not stored", extra=facts)
            return
        if met.turn is None:
            return
        if met.changed and met.turn.state is TurnState.CANCELLED:
            await self._say_dropped(message.place.channel_id, [met.turn])
        elif met.changed:
            await self._mark(message)
        elif met.turn.state in _AT_WORK and met.turn.prompt.text != message.text:
            await self.tell(message, _GOES_ON)

    async def _deleted(self, channel_id: str, withdrawn: Sequence[Awaitable[Touched]]) -> None:
        dropped: list[Turn] = []
        for one in withdrawn:
            try:
                met = await one
            except StateError as error:
                facts = {"channel": channel_id, "reason": str(error)}
                log.warning("a deletion was not stored", extra=facts)
            else:
                dropped += [met.turn] if met.turn is not None and met.changed else []
        if dropped:
            await self._say_dropped(channel_id, dropped)

    async def _say_dropped(self, channel_id: str, turns: Sequence[Turn]) -> None:
        first = turns[0]
        if len(turns) > 1:
            text = f"-# Dropped {len(turns)} messages that were waiting here."
        else:
            # Not one word of it: somebody took it back, and it may have been a password.
            who = plain(first.prompt.author_name or "somebody")
            text = f"-# Dropped what {who} had waiting here."
        await self._say(channel_id, text, f"gone-{first.address.message_id or first.id}")

    async def _mark(self, message: Incoming) -> None:
        try:
            await self.port.react(message.place.channel_id, str(message.message_id), _EDITED)
        except ChatError as error:
            log.debug("an edit could not be marked", extra={"reason": str(error)})

    async def _say(self, channel_id: str, text: str, nonce: str, reply_to: str | None = None) -> None:
        try:
            await self.port.send(channel_id, text, nonce=nonce, reply_to=reply_to)
        except ChatError as error:
            facts = {"channel": channel_id, "reason": str(error)}
            log.warning("a word about a message could not be said", extra=facts)

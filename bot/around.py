"""What was said around a prompt, read over the chat when its turn runs: a `LookAround`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final, Protocol

from bot.chat import ChatError, NotPermitted, Place
from bot.degraded import Degraded
from bot.settings import ReplyTo
from sessions.errors import StateError
from sessions.keys import SessionKey
from sessions.room_settings import RoomSettings
from sessions.store import Store
from sessions.store.values import Kind, Turn
from sessions.surroundings import Earlier, Surroundings

log = logging.getLogger(__name__)

_Look = Callable[[Surroundings, Turn], Awaitable[Surroundings]]

_LOOK_S: Final = 20.0
_NO_STARTER: Final = "The message that this thread began with could not be read."
_NO_HISTORY: Final = "What was said here before could not be read."
_NOT_THEIRS: Final = "Whoever asks may not read what was said here before, so it is not shown."
_NO_MESSAGE: Final = "The message that is asked about could not be read."
_GONE: Final = "The message that is asked about was deleted."


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A message as it was read: what it says, whether it addresses us, whether it is our answer."""

    id: int
    said: Earlier
    addresses_bot: bool = False
    is_answer: bool = False


class Reader(Protocol):
    """One platform's messages. What asks the chat raises ChatError and its kinds."""

    def may_read(self, channel_id: str) -> bool:
        """Whether the bot may read what was said in a channel, from memory; True if that is not known."""
        ...

    def may_see(self, channel_id: str, person_id: str, role_ids: Collection[str]) -> bool:
        """Whether somebody with these roles may read what was said in a channel, from memory.

        False if that is not known; a thread is none, it has the rights of its channel.
        """
        ...

    async def message(self, channel_id: str, message_id: str) -> Read | None:
        """Return a message; None if there is no such message, or if nobody said it."""
        ...

    async def starter(self, thread_id: str, parent_id: str) -> Read | None:
        """Return the message that a thread began with; None if it stands alone, or the message is gone."""
        ...

    async def before(self, channel_id: str, message_id: str, most: int) -> Sequence[Read]:
        """Return the last messages before one, the newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Reads around turns. `reply_to` and `room` say what holds in a place; nothing here raises."""

    reader: Reader
    store: Store
    lacks: Degraded
    reply_to: Callable[[Place], ReplyTo]
    room: Callable[[SessionKey], RoomSettings]

    def wants(self, turn: Turn) -> bool:
        """Whether there may be anything to read; from memory."""
        if turn.kind is not Kind.PROMPT or turn.prompt.author_id is None:
            return False
        return turn.prompt.about is not None or self._may_have_starter(turn) or self._history(turn) > 0

    async def __call__(self, turn: Turn) -> Surroundings:
        """Return what is around a turn."""
        found = Surroundings()
        for look, problem in self._looks(turn):
            try:
                async with asyncio.timeout(_LOOK_S):
                    found = await look(found, turn)
            except (ChatError, StateError, TimeoutError) as error:
                log.info("what is around a prompt is missing", extra={"turn": turn.id, "reason": str(error)})
                if isinstance(error, NotPermitted):
                    await self.lacks.note(turn.asked_at.channel_id, "history")
                found = _with_problem(found, problem)
        return found

    def _looks(self, turn: Turn) -> Iterator[tuple[_Look, str]]:
        if self._may_have_starter(turn):
            yield self._with_starter, _NO_STARTER
        if self._history(turn):
            yield self._with_history, _NO_HISTORY
        if turn.prompt.about is not None:
            yield self._with_about, _NO_MESSAGE

    async def _with_starter(self, found: Surroundings, turn: Turn) -> Surroundings:
        record = await self.store.session(turn.key)
        if record is not None and (record.turn_count or record.origin_key is not None):
            return found  # it has read it, or stands on another conversation
        asker = turn.prompt.asker
        assert asker is not None
        assert asker.parent_id is not None
        if not self._is_theirs(turn):
            return found
        read = await self.reader.starter(turn.address.channel_id, asker.parent_id)
        return found if read is None else replace(found, starter=read.said)

    async def _with_history(self, found: Surroundings, turn: Turn) -> Surroundings:
        address = turn.asked_at
        assert address.message_id is not None
        if not self._is_theirs(turn):
            return _with_problem(found, _NOT_THEIRS)
        if not self.reader.may_read(address.channel_id):  # Discord would call it empty
            raise NotPermitted
        read = await self.reader.before(address.channel_id, address.message_id, self._history(turn))
        since = list(takewhile(lambda one: not one.is_answer, read))
        if len(since) < len(read):
            while since and since[-1].said.ours:
                since.pop()  # the rest of that answer
        kept = [one.said for one in since if _says(one.said) and not await self._was_prompt(turn, one)]
        return replace(found, history=kept[::-1])

    async def _with_about(self, found: Surroundings, turn: Turn) -> Surroundings:
        about = turn.prompt.about
        assert about is not None
        read = await self.reader.message(turn.asked_at.channel_id, about)
        return _with_problem(found, _GONE) if read is None else replace(found, about=read.said)

    def _is_theirs(self, turn: Turn) -> bool:
        """Whether whoever asks may read what was said there before: else the agent would tell them."""
        author_id, asker = turn.prompt.author_id, turn.prompt.asker
        if author_id is None or asker is None:
            return False
        channel_id = asker.parent_id or turn.asked_at.channel_id  # a thread has the rights of its channel
        return self.reader.may_see(channel_id, author_id, asker.role_ids)

    async def _was_prompt(self, turn: Turn, read: Read) -> bool:
        if not read.addresses_bot:
            return False
        fate = await self.store.fate(turn.address.platform, read.id)
        return fate is not None and fate.turn is not None

    def _may_have_starter(self, turn: Turn) -> bool:
        asker, address = turn.prompt.asker, turn.address
        in_thread = asker is not None and asker.parent_id is not None and not turn.said_in
        return in_thread and address.message_id != address.channel_id  # a post's first message is no starter

    def _history(self, turn: Turn) -> int:
        """Return how many messages before a turn's own are to be read."""
        asker, address = turn.prompt.asker, turn.asked_at
        if asker is None or asker.guild_id is None or address.message_id is None:
            return 0
        place = Place(
            platform=address.platform,
            channel_id=address.channel_id,
            guild_id=asker.guild_id,
            parent_id=asker.parent_id,
        )
        return self.room(turn.key).history if self.reply_to(place) == "mention" else 0


def _with_problem(found: Surroundings, problem: str) -> Surroundings:
    return replace(found, problem=f"{found.problem} {problem}".strip())


def _says(said: Earlier) -> bool:
    return bool(said.text.strip() or said.files)

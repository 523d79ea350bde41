"""Where every way in arrives, whatever the platform: messages, commands and clicks, past the gate."""

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import NoReturn, assert_never

from bot.access import Deny
from bot.approvals import AskClick, OpenAsks, decide
from bot.chat import Incoming, Person, Place
from bot.clicks import Click
from bot.commands.queue import press
from bot.commands.spec import Call, Command, Rooms
from bot.gate import Gate
from bot.interruptions import CutClick, settle
from bot.queue_view import QueueClick
from bot.routing import Silence
from bot.said import Clicked, Said
from sessions.errors import AlreadyDecided, NotAllowed
from sessions.keys import session_key
from sessions.store.values import Accepted, ChatAddress, Inbound, Prompt, Touched

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The gate, the rooms behind it, and the permission requests that are open in them."""

    gate: Gate
    rooms: Rooms
    asks: OpenAsks

    def take(self, incoming: Incoming) -> Awaitable[Accepted | None]:
        """Give a message its place in the order of its room, or remember why it gets none.

        A plain call: that is settled when this returns. On awaiting, it is stored; None then says
        that the message is not for us. Raises QueueFull, StateError (on awaiting).
        """
        place, message_id = incoming.place, incoming.message_id
        key = self.gate.sift(incoming)
        if isinstance(key, Deny | Silence):
            return self._decline(incoming, _why(key))
        return self.rooms.accept(
            Inbound(
                source=place.platform,
                msg_id=message_id,
                key=key,
                address=ChatAddress(
                    platform=place.platform, channel_id=place.channel_id, message_id=str(message_id)
                ),
                prompt=_prompt(incoming),
                cursor=place.channel_id,
            )
        )

    def decline(self, incoming: Incoming, reason: str) -> Awaitable[None]:
        """Remember that a message is not answered though it was meant for us, and why.

        A plain call like `take`. Raises StateError (on awaiting).
        """
        return self._decline(incoming, reason, addressed=True)

    def _decline(self, incoming: Incoming, reason: str | None, *, addressed: bool = False) -> Awaitable[None]:
        place, message_id = incoming.place, incoming.message_id
        log.debug("a message is not answered", extra={"message_id": message_id, "reason": reason})
        return self.rooms.decline(place.platform, place.channel_id, message_id, reason, addressed=addressed)

    def edit(self, incoming: Incoming) -> Awaitable[Touched] | None:
        """Give what waits the text that its message has now; None if its author may not do that.

        What is not addressed to us any more is taken out of the queue. A plain call like `take`.
        Raises StateError (on awaiting).
        """
        match self.gate.sift(incoming):
            case Deny():
                return None
            case Silence():
                return self.withdraw(incoming.place.platform, incoming.message_id)
            case _:
                return self.rooms.edit(incoming.place.platform, incoming.message_id, _prompt(incoming))

    def withdraw(self, platform: str, message_id: int) -> Awaitable[Touched]:
        """Take a message that was deleted out of its queue. A plain call like `take`.

        Raises StateError (on awaiting).
        """
        return self.rooms.withdraw(platform, message_id)

    async def vacate(self, channel_id: str) -> None:
        """End what runs and waits in the room of a place that is gone; its session stays. Raises StateError.

        A room that other places share goes on.
        """
        if channel_id not in self.gate.listen_channels:
            key = session_key(channel_id)
            await self.rooms.clear(key)
            self.rooms.stop(key)

    def call(
        self,
        command: Command,
        person: Person,
        place: Place,
        call_id: int,
        options: Mapping[str, bool | str],
    ) -> Awaitable[Said]:
        """Use a command in a place; its place in the room's order is taken when this returns.

        Raises UserError, StateError (on awaiting).
        """
        key = self.gate.admit(person, place)
        if isinstance(key, Deny):
            return _refuse(key)
        call = Call(
            rooms=self.rooms,
            key=key,
            person=person,
            address=ChatAddress(platform=place.platform, channel_id=place.channel_id),
            source=f"{place.platform}:commands",
            id=call_id,
            options=options,
        )
        return command.run(call)

    async def click(self, click: Click, person: Person, place: Place) -> Clicked:
        """Do what a button says; returns what the message under it becomes.

        Raises NotAllowed, and AlreadyDecided for what is over or not of this room.
        """
        key = self.gate.admit(person, place)
        if isinstance(key, Deny):
            return await _refuse(key)
        if click.turn is not None and await self.rooms.turn_key(click.turn) != key:
            raise AlreadyDecided
        match click:
            case AskClick():
                return Clicked(Said(await decide(click, person.name, self.asks, self.rooms)))
            case CutClick():
                return Clicked(Said(await settle(click, person.name, self.rooms)))
            case QueueClick():
                return await press(click, self.rooms, key, person.name, place.channel_id)
            case _:
                assert_never(click)


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
    )


async def _refuse(verdict: Deny) -> NoReturn:
    log.debug("a person is not allowed", extra={"reason": verdict.reason})
    raise NotAllowed

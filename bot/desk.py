"""Where every way in arrives, whatever the platform: messages, commands and clicks, past the gate."""

import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

from bot.access import Deny
from bot.approvals import Click, OpenAsks, decide
from bot.chat import Incoming, Person, Place
from bot.commands.spec import Call, Command, Rooms
from bot.gate import Gate
from bot.routing import Silence
from sessions.errors import AlreadyDecided, NotAllowed
from sessions.store.values import Accepted, ChatAddress, Inbound, Prompt

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The gate, the rooms behind it, and the permission requests that are open in them."""

    gate: Gate
    rooms: Rooms
    asks: OpenAsks

    def take(self, incoming: Incoming) -> Awaitable[Accepted] | None:
        """Give a message its place in the order of its room; None if it is not for us.

        A plain call: the place is taken when this returns. On awaiting, the message is stored.
        Raises QueueFull, StateError (on awaiting).
        """
        place, message_id = incoming.place, incoming.message_id
        key = self.gate.sift(incoming)
        if isinstance(key, Deny | Silence):
            reason = key.reason if isinstance(key, Deny) else key.value
            log.debug("a message is not answered", extra={"message_id": message_id, "reason": reason})
            return None
        return self.rooms.accept(
            Inbound(
                source=place.platform,
                msg_id=message_id,
                key=key,
                address=ChatAddress(
                    platform=place.platform, channel_id=place.channel_id, message_id=str(message_id)
                ),
                prompt=Prompt(
                    text=incoming.text,
                    author_id=incoming.person.id,
                    author_name=incoming.person.name,
                    attachments=incoming.attachments,
                ),
                cursor=place.channel_id,
            )
        )

    def call(
        self, command: Command, person: Person, place: Place, call_id: int, options: Mapping[str, bool]
    ) -> Awaitable[str]:
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

    async def click(self, click: Click, person: Person, place: Place) -> str:
        """Take a decision about a permission request; returns the line that its card becomes.

        Raises NotAllowed, and AlreadyDecided for a card that is over or not of this room.
        """
        key = self.gate.admit(person, place)
        if isinstance(key, Deny):
            return await _refuse(key)
        if await self.rooms.turn_key(click.turn) != key:
            raise AlreadyDecided
        return await decide(click, person.name, self.asks, self.rooms)


async def _refuse(verdict: Deny) -> str:
    log.debug("a person is not allowed", extra={"reason": verdict.reason})
    raise NotAllowed

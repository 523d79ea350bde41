"""People as tests and the page let them act: they write, click, choose, fill in, run commands.

Every method does what a person's client would do and returns when it is done; those that use a bot return its
answer. `Refused` is for what the client does not offer, `ApiError` for what Discord does not allow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from bot.demo.guild import changing, commands, components, interactions, messages, opening, reactions, threads
from bot.demo.guild.answers import Answer
from bot.demo.guild.changes import ChoicesOffered
from bot.demo.guild.drafts import Draft, Revision
from bot.demo.guild.errors import ApiError, Code, Refused
from bot.demo.guild.interaction import Choice, Kind, Modal
from bot.demo.guild.model import Message, MessageFlag, Payload, Reference, Role, Upload, User
from bot.demo.guild.places import Place
from bot.demo.guild.waits import WAIT_S, Stage

Option: TypeAlias = "str | int | float | bool | Person | Place | Role"
"""What a person fills into a command's option."""


class Person:
    """Somebody in the guild, acting as their client would. `id` and `name` are the account's."""

    def __init__(self, stage: Stage, user: User) -> None:
        self.id = user.id
        self.name = user.name
        self._stage = stage
        self._world = stage.world

    @property
    def user(self) -> User:
        """The account as it is now."""
        return self._world.users[self.id]

    async def says(
        self,
        text: str,
        place: Place,
        *,
        files: Mapping[str, bytes] | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Write a message, with files by name, or as a reply (which pings who is replied to)."""
        reference = Reference(reply_to.channel_id, reply_to.id) if reply_to else None
        draft = Draft(text, files=_uploads(files), reply_to=reference)
        return messages.post(self._world, self.id, place.id, draft)

    async def speaks(self, audio: bytes, place: Place) -> Message:
        """Send a voice message."""
        file = Upload("voice-message.ogg", audio)
        return messages.post(self._world, self.id, place.id, Draft(files=(file,), flags=MessageFlag.VOICE))

    async def forwards(self, message: Message, place: Place) -> Message:
        """Forward a message into a place; its text travels as a snapshot."""
        return messages.post(self._world, self.id, place.id, Draft(forwards=self._now(message)))

    async def sticks(self, name: str, place: Place) -> Message:
        """Send a sticker."""
        return messages.post(self._world, self.id, place.id, Draft(sticker=name))

    async def polls(self, question: str, answers: Sequence[str], place: Place) -> Message:
        """Open a poll."""
        return messages.post(self._world, self.id, place.id, Draft(poll=(question, *answers)))

    async def edits(self, message: Message, text: str) -> Message:
        """Change the text of an own message."""
        return messages.edit(self._world, self.id, message.channel_id, message.id, Revision(text))

    async def deletes(self, message: Message) -> None:
        """Delete a message."""
        messages.delete(self._world, self.id, message.channel_id, message.id)

    async def reacts(self, message: Message, emoji: str) -> None:
        """Put an emoji under a message."""
        reactions.add(self._world, self.id, message.channel_id, message.id, emoji)

    async def unreacts(self, message: Message, emoji: str) -> None:
        """Take an own emoji back."""
        reactions.remove(self._world, self.id, message.channel_id, message.id, emoji, self.id)

    async def types(self, place: Place) -> None:
        """Show that this person types."""
        messages.type_in(self._world, self.id, place.id)

    async def opens_thread(
        self, place: Place, name: str, *, on: Message | None = None, private: bool = False
    ) -> Place:
        """Open a thread on a message, or one that stands alone."""
        if on is not None:
            thread = opening.on_message(self._world, self.id, place.id, on.id, name)
        else:
            thread = opening.alone(self._world, self.id, place.id, name, private=private)
        return Place(self._stage, thread.id)

    async def posts(
        self, forum: Place, title: str, text: str, *, files: Mapping[str, bytes] | None = None
    ) -> Place:
        """Open a post in a forum; the text is its first message."""
        draft = Draft(text, files=_uploads(files))
        thread, _ = opening.in_forum(self._world, self.id, forum.id, title, draft)
        return Place(self._stage, thread.id)

    async def joins(self, thread: Place) -> None:
        """Join a thread."""
        threads.join(self._world, thread.id, self.id)

    async def archives(self, thread: Place) -> None:
        """Archive a thread."""
        threads.may_change(self._world, self.id, thread.channel, wakes_only=False)
        threads.change(self._world, thread.channel, archived=True)

    async def renames(self, place: Place, name: str) -> None:
        """Give a channel or thread another name."""
        changing.rename(self._world, self.id, place.channel, name)

    async def removes(self, place: Place) -> None:
        """Delete a channel or thread for good."""
        changing.remove(self._world, self.id, place.channel)

    def dm(self, partner: "Person") -> Place:
        """Return the direct messages with somebody, such as a bot."""
        return Place(self._stage, self._world.dm(self.id, partner.id).id)

    def closes_dms(self) -> None:
        """Take no direct messages any more; a bot's are refused with 50007."""
        self._world.put_user(replace(self.user, takes_dms=False))

    async def runs(self, line: str, place: Place, /, *, timeout: float = WAIT_S, **options: Option) -> Answer:
        """Run a slash command, such as `/session close`, and return the bot's answer once it is there."""
        filled = commands.fill(self._world, self.id, place.channel, line, _values(options))
        return await self._use(
            Kind.COMMAND, filled.command.application_id, place.id, filled.data, timeout, name=filled.name
        )

    async def uses(self, name: str, message: Message, *, timeout: float = WAIT_S) -> Answer:
        """Use a command of an app on a message, by its name or id, and return the bot's answer."""
        now = self._now(message)
        place = self._world.channel(now.channel_id)
        filled = commands.fill_on_message(self._world, self.id, place, name, now)
        bot_id = filled.command.application_id
        return await self._use(Kind.COMMAND, bot_id, place.id, filled.data, timeout, name=filled.name)

    async def suggestions(
        self, line: str, place: Place, /, *, focused: str, timeout: float = WAIT_S, **options: Option
    ) -> tuple[Choice, ...]:
        """Return what the bot suggests for the option `focused` with what was typed so far."""
        values = {focused: "", **_values(options)}
        filled = commands.fill(self._world, self.id, place.channel, line, values, focused=focused)
        with self._world.subscribe() as changes:
            answer = await self._use(
                Kind.AUTOCOMPLETE,
                filled.command.application_id,
                place.id,
                filled.data,
                timeout,
                name=filled.name,
            )
            async for change in changes:
                if isinstance(change, ChoicesOffered) and change.interaction.id == answer.interaction.id:
                    return change.choices
        raise AssertionError("the subscription was closed by somebody else")

    async def clicks(
        self,
        message: Message,
        *,
        label: str | None = None,
        custom_id: str | None = None,
        timeout: float = WAIT_S,
    ) -> Answer:
        """Click a button, named by what it shows or by its custom id, and return the bot's answer."""
        now = self._now(message)
        data = components.clicked(components.button(now, label, custom_id))
        return await self._use_component(now, data, timeout)

    async def selects(
        self,
        message: Message,
        *values: "str | Person | Place",
        custom_id: str | None = None,
        timeout: float = WAIT_S,
    ) -> Answer:
        """Choose from a menu, by what the options show or hold, and return the bot's answer."""
        now = self._now(message)
        picked = [value if isinstance(value, str) else value.id for value in values]
        data = components.chosen(components.menu(now, custom_id), picked)
        if resolved := commands.resolved(self._world, map(_value, values), self.id):
            data["resolved"] = resolved
        return await self._use_component(now, data, timeout)

    async def submits(
        self,
        modal: Modal,
        fields: Mapping[str, str | bool | Sequence[str]],
        *,
        timeout: float = WAIT_S,
    ) -> Answer:
        """Fill an open dialogue in, fields by custom id or label, and return the bot's answer."""
        if self._world.modals.get(modal.id) is None or modal.user_id != self.id:
            raise Refused(f"the dialogue {modal.title!r} is not open for {self.name}")
        data = components.submitted(modal, fields)
        del self._world.modals[modal.id]
        opener = self._world.interactions[modal.interaction_id]
        return await self._use(
            Kind.MODAL, opener.application_id, opener.channel_id, data, timeout, message_id=opener.message_id
        )

    async def dismisses(self, modal: Modal) -> None:
        """Close a dialogue without submitting it; the bot never hears of it."""
        self._world.modals.pop(modal.id, None)

    def private_messages(self, place: Place) -> list[Message]:
        """Return the ephemeral answers that this person sees in a place."""
        return [message for message in place.messages() if message.visible_to == self.id]

    async def next_private(
        self, place: Place, *, after: Message | None = None, containing: str = "", timeout: float = WAIT_S
    ) -> Message:
        """Return the first ephemeral answer to this person that contains a text."""

        def find() -> Message | None:
            for message in self.private_messages(place):
                later = after is None or int(message.id) > int(after.id)
                if later and not message.is_loading and containing in message.content:
                    return message
            return None

        what = f"an answer that only {self.name} sees, containing {containing!r}"
        return await self._stage.until(find, what, timeout=timeout)

    def _now(self, message: Message) -> Message:
        now = self._world.find_message(message)
        if now is None or now.visible_to not in (None, self.id):
            raise ApiError(Code.UNKNOWN_MESSAGE)
        return now

    async def _use_component(self, message: Message, data: Payload, timeout: float) -> Answer:
        bot_id, place_id = message.author_id, message.channel_id
        return await self._use(Kind.COMPONENT, bot_id, place_id, data, timeout, message_id=message.id)

    async def _use(
        self,
        kind: Kind,
        bot_id: str,
        place_id: str,
        data: Payload,
        timeout: float,
        *,
        name: str = "",
        message_id: str | None = None,
    ) -> Answer:
        if not self._world.can_see(self.id, self._world.channel(place_id)):
            raise ApiError(Code.NO_ACCESS)
        begun = interactions.begin(
            self._world, kind, bot_id, self.id, place_id, data, name=name, message_id=message_id
        )
        answer = Answer(self._stage, begun.id)
        what = f"the bot's answer to {name or data.get('custom_id')!r}"
        return await self._stage.until(lambda: answer if answer.is_there else None, what, timeout=timeout)


def _uploads(files: Mapping[str, bytes] | None) -> tuple[Upload, ...]:
    return tuple(Upload(name, content) for name, content in (files or {}).items())


def _values(options: Mapping[str, Option]) -> dict[str, commands.Value]:
    return {name: _value(option) for name, option in options.items()}


def _value(option: Option) -> commands.Value:
    if isinstance(option, Person):
        return option.user
    return option.channel if isinstance(option, Place) else option

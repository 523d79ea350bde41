"""Places as tests and the page hold them: read, wait, and see what stands there."""

from collections.abc import Callable
from dataclasses import replace

from bot.demo.guild import messages, threads, transcript
from bot.demo.guild.changes import TypingStarted
from bot.demo.guild.drafts import Draft
from bot.demo.guild.model import Channel, Message, MessageKind, Reaction, User
from bot.demo.guild.permissions import Overwrite, Permission
from bot.demo.guild.waits import WAIT_S, Stage

ANSWERS = (MessageKind.DEFAULT, MessageKind.REPLY, MessageKind.COMMAND, MessageKind.MESSAGE_COMMAND)


class Place:
    """A channel, thread, forum or direct messages. `id` never changes; `channel` is its newest value."""

    def __init__(self, stage: Stage, channel_id: str) -> None:
        self.id = channel_id
        self._stage = stage
        self._world = stage.world

    @property
    def channel(self) -> Channel:
        """The place as it is now; raises 10003 when it was deleted."""
        return self._world.channel(self.id)

    @property
    def name(self) -> str:
        """The place's name."""
        return self.channel.name

    def messages(self) -> list[Message]:
        """Return what stands here now, oldest first, ephemeral answers included."""
        return list(self._world.messages.get(self.id, {}).values())

    def threads(self) -> "list[Place]":
        """Return the threads of this place, archived ones too, oldest first."""
        return [Place(self._stage, thread.id) for thread in self._world.threads_of(self.id)]

    def transcript(self) -> str:
        """Return what stands here as text; ids and durations are placeholders."""
        return transcript.of(self._world, self.id)

    async def next_from_bot(
        self,
        *,
        after: Message | None = None,
        containing: str = "",
        matching: Callable[[Message], bool] | None = None,
        timeout: float = WAIT_S,
    ) -> Message:
        """Return the first message of a bot after another message that contains a text, as it stands by then.

        An edit counts: a message that grows is returned once it contains the text. System messages, "is
        thinking" and ephemeral answers are not counted.
        """

        def find() -> Message | None:
            for message in self.messages():
                fits = matching is None or matching(message)
                if fits and self._is_answer(message, after) and containing in message.content:
                    return message
            return None

        what = f"a bot's message containing {containing!r} in #{self._label()}"
        return await self._stage.until(find, what, timeout=timeout)

    async def edited(self, message: Message, *, containing: str = "", timeout: float = WAIT_S) -> Message:
        """Return the message once it differs from the given value and contains a text."""

        def find() -> Message | None:
            now = self._world.find_message(message)
            return now if now and now != message and containing in now.content else None

        return await self._stage.until(find, f"an edit of {message.content!r}", timeout=timeout)

    async def deleted(self, message: Message, *, timeout: float = WAIT_S) -> None:
        """Return once the message is gone."""

        def find() -> bool | None:
            return True if self._world.find_message(message) is None else None

        await self._stage.until(find, f"the deletion of {message.content!r}", timeout=timeout)

    async def reacted(self, message: Message, emoji: str, *, timeout: float = WAIT_S) -> Message:
        """Return the message once a bot has put an emoji under it."""

        def find() -> Message | None:
            return self._world.find_message(message) if emoji in self.reactions(message) else None

        return await self._stage.until(find, f"{emoji} under {message.content!r}", timeout=timeout)

    def reactions(self, message: Message) -> tuple[str, ...]:
        """Return the emoji that bots have under a message now, in the order in which they came."""
        now = self._world.find_message(message)
        return tuple(one.emoji for one in now.reactions if self._by_bot(one)) if now else ()

    async def shows(self, message: Message, *emoji: str, timeout: float = WAIT_S) -> None:
        """Return once the bots' reactions under a message are exactly these."""

        def find() -> bool | None:
            return True if set(self.reactions(message)) == set(emoji) else None

        what = f"exactly {' '.join(emoji) or 'no reaction'} under {message.content!r}"
        await self._stage.until(find, what, timeout=timeout)

    async def typing(self, *, timeout: float = WAIT_S) -> None:
        """Return when a bot types here next."""
        await self._stage.next_change(
            lambda change: (
                isinstance(change, TypingStarted)
                and change.channel_id == self.id
                and self._world.users[change.user_id].bot
            ),
            f"a bot typing in #{self._label()}",
            timeout=timeout,
        )

    async def next_thread(self, *, after: "Place | None" = None, timeout: float = WAIT_S) -> "Place":
        """Return the first thread opened here (after another one)."""

        def find() -> Place | None:
            newer = (t for t in self.threads() if after is None or int(t.id) > int(after.id))
            return next(newer, None)

        return await self._stage.until(find, f"a thread in #{self._label()}", timeout=timeout)

    def deny(self, target_id: str, permissions: Permission) -> None:
        """Take permissions in this place from a role or a member."""
        self._overwrite(target_id, deny=permissions)

    def allow(self, target_id: str, permissions: Permission) -> None:
        """Give permissions in this place to a role or a member."""
        self._overwrite(target_id, allow=permissions)

    def slow_mode(self, seconds: int) -> None:
        """Let everybody write here only once in so many seconds."""
        self._world.put_channel(replace(self.channel, slow_mode_s=seconds))

    def rename(self, name: str) -> None:
        """Give the place another name."""
        self._world.put_channel(replace(self.channel, name=name))

    def move(self) -> None:
        """Put the channel into another category, at another position."""
        place = self.channel
        self._world.put_channel(
            replace(place, category_id=self._world.ids.new(), position=place.position + 1)
        )

    def lock(self) -> None:
        """Lock this thread: only who manages threads writes there."""
        threads.change(self._world, self.channel, locked=True)

    def archive(self, *, locked: bool = False) -> None:
        """Archive this thread, and lock it if asked to."""
        threads.change(self._world, self.channel, archived=True, locked=locked)

    def delete(self) -> None:
        """Remove the place with all its messages and threads."""
        self._world.delete_channel(self.id)

    def remove(self, message: Message) -> None:
        """Remove a message, as a moderator does."""
        messages.remove(self._world, message)

    def webhook_says(self, name: str, text: str) -> Message:
        """Let a webhook write here under a name of its own."""
        known = (u for u in self._world.users.values() if u.name == name and u.id not in self._world.members)
        webhook = next(known, None) or User(self._world.ids.new(), name, bot=True)
        self._world.put_user(webhook)
        return messages.post(self._world, webhook.id, self.id, Draft(text, by_webhook=True))

    def _overwrite(self, target_id: str, *, allow: int = 0, deny: int = 0) -> None:
        kept = {one.target_id: one for one in self.channel.overwrites}
        before = kept.get(target_id, Overwrite(target_id, target_id in self._world.roles))
        changed = replace(before, allow=(before.allow | allow) & ~deny, deny=(before.deny | deny) & ~allow)
        overwrites = tuple((kept | {target_id: changed}).values())
        self._world.put_channel(replace(self.channel, overwrites=overwrites))

    def _is_answer(self, message: Message, after: Message | None) -> bool:
        said = message.kind in ANSWERS
        visible = not message.visible_to and not message.is_loading and not message.by_webhook
        later = after is None or int(message.id) > int(after.id)
        return said and visible and later and self._world.users[message.author_id].bot

    def _by_bot(self, reaction: Reaction) -> bool:
        return any(self._world.users[user_id].bot for user_id in reaction.user_ids)

    def _label(self) -> str:
        found = self._world.channels.get(self.id)
        return transcript.place_name(self._world, found) if found else "deleted"

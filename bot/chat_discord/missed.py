"""What a look into a channel finds, brought through the same intake as what the gateway tells."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import discord
from discord.utils import snowflake_time, time_snowflake

from bot.backlog import Missed, notice, sort_out
from bot.chat import ChatRefused
from bot.chat_discord.address import PLATFORM, place_of
from bot.chat_discord.errors import is_channel_gone
from bot.chat_discord.history import Channel, History
from bot.chat_discord.intake import Intake, Notices
from bot.loops import BotsTalk
from sessions.clock import Clock
from sessions.errors import QueueFull
from sessions.store import Store

_TRIED: Final = (PLATFORM, "watch")
"""Written to see whether the store takes anything."""
_WATCHED: Final = 3
_LATE: Final = timedelta(minutes=1)
_BROKEN: Final = (
    "Something in Roomkey broke while it read what was said here during its absence."
    " Send again what still matters; whoever runs this bot finds the reason in its log."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Answers what is younger than `window_s`, at most `most` messages of a channel, and lists the rest.

    Everything here raises ChatError and StateError. What was not decided by then is found again.
    """

    intake: Intake
    store: Store
    clock: Clock
    window_s: float
    most: int
    notices: Notices

    @property
    def oldest(self) -> int:
        """The id of what is just young enough to be answered."""
        return time_snowflake(self.clock.utc() - timedelta(seconds=self.window_s))

    async def compare(self, history: History, channel_id: int, message_ids: Sequence[int]) -> None:
        """Edit and drop what waits, given ascending, as its messages were edited and deleted meanwhile.

        In a channel that is gone, nothing that waits runs any more.
        """
        try:
            channel = await history.channel(channel_id)
        except ChatRefused as error:
            if not is_channel_gone(error):
                raise
            await self.intake.desk.vacate(str(channel_id))
            return
        found = await history.as_now(channel, message_ids)
        await self.intake.deleted(str(channel_id), [one for one, message in found.items() if message is None])
        for message in found.values():
            if message is not None and message.edited_at is not None:
                await self.intake.edited(await history.incoming(message))

    async def take(self, history: History, said: Sequence[discord.Message], most: int) -> int:
        """Answer up to so many messages, list the others, in their order; return how many are answered."""
        desk = self.intake.desk
        found = [(self.intake.as_can_be(await history.incoming(one)), one) for one in said]
        missed = [
            Missed(message=one, said=message.created_at, link=message.jump_url)
            for one, message in found
            if self.intake.concerns_us(one)
        ]
        now = self.clock.utc()
        backlog = sort_out(missed, now - timedelta(seconds=self.window_s), most)
        # Said before anything is decided: a crash in between may say it again, as it is by then, and
        # leaves nothing unsaid.
        if text := notice(backlog, now):
            await self.notices.post(missed[-1].message.place, missed[-1].message.message_id, text)
        reasons = backlog.reasons()
        for one, _ in found:
            try:
                if reason := reasons.get(one.message_id):
                    await desk.decline(one, reason)
                elif await desk.take(one) is not None:
                    await self.intake.note_lacks(one)
            except QueueFull:
                await self.intake.refuse(one)
            except BotsTalk as talk:
                await self.intake.say_bots_talk(one, talk)
        return len(backlog.answered)

    async def pass_over(self, channel_id: int, message_id: int) -> None:
        """Remember that nothing up to a message is missing, though the message itself is gone."""
        await self.intake.desk.rooms.decline(PLATFORM, str(channel_id), message_id, None)

    async def cursors(self) -> dict[int, int]:
        """Return the newest decided message of each room; that of all under 0."""
        found = await self.store.cursors(PLATFORM)
        return {int(channel or 0): message_id for channel, message_id in found.items()}

    async def is_behind(self, history: History) -> bool:
        """Whether something was said a while ago, in the rooms used last, that nobody has decided about.

        A store that takes nothing raises StateError: then that says nothing about the gateway.
        """
        rooms = sorted((at, one) for one, at in (await self.cursors()).items() if one)
        for _, channel_id in rooms[-_WATCHED:]:
            with suppress(ChatRefused):
                last = await history.newest(channel_id)
                decided = (await self.cursors()).get(channel_id, 0)
                if last > decided and self.clock.utc() - snowflake_time(last) > _LATE:
                    await self.store.set_fact(*_TRIED, str(last))
                    return True
        return False

    async def say_broken(self, channel: Channel, after: int) -> None:
        """Tell a channel that a bug of ours costs what was said there behind a message."""
        await self.notices.post(place_of(channel, channel.guild), after, _BROKEN)

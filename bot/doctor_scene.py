"""What the checks of the doctor look at: an installation, and what Discord answers, asked once for all."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from bot.chat import ChatError
from bot.chat_discord.inquiry import GuildRights, Identity, Inquiry, Standing, inquiring
from bot.installation import Installation
from bot.settings import Settings
from bot.settings_token import missing
from sessions.errors import RoomkeyError, UserError
from sessions.paths import Paths

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Question:
    """Whether this person may speak in this channel."""

    user_id: str
    channel_id: str


class _Answer(Generic[_T]):
    """What somebody else is going to find out; the first word counts."""

    def __init__(self) -> None:
        self._known = asyncio.Event()
        self._value: _T | RoomkeyError | None = None

    def put(self, value: _T | RoomkeyError) -> None:
        """Say what it is, or why nobody knows."""
        if not self._known.is_set():
            self._value = value
            self._known.set()

    async def put_from(self, asked: Awaitable[_T]) -> None:
        """Say what comes of asking."""
        try:
            self.put(await asked)
        except RoomkeyError as error:
            self.put(error)

    async def get(self) -> _T:
        """Return it when it is known. Raises RoomkeyError."""
        await self._known.wait()
        if isinstance(self._value, RoomkeyError):
            raise self._value
        return cast("_T", self._value)


class Scene:
    """One examination of an installation."""

    def __init__(self, installation: Installation, question: Question | None = None) -> None:
        self.installation = installation
        self.hosting = installation.hosting
        self.settings = installation.settings
        self.question = question
        self.paths = Paths(self.hosting.data_dir)
        self._identity = _Answer[Identity]()
        self._guilds = _Answer[tuple[GuildRights, ...]]()
        self._standing = _Answer[Standing | None]()

    async def identity(self) -> Identity:
        """Return whose token it is. Raises RoomkeyError: there is no token, or Discord gives no answer."""
        return await self._identity.get()

    async def guilds(self) -> tuple[GuildRights, ...]:
        """Return the guilds that the bot is in. Raises RoomkeyError."""
        return await self._guilds.get()

    async def standing(self) -> Standing | None:
        """Return where the person of the question stands. Raises RoomkeyError."""
        return await self._standing.get()

    async def ask_discord(self, limit_s: float) -> None:
        """Ask Discord all that the checks want to know; ends when it is known, or was asked in vain.

        All of it gets `limit_s`: a dead network costs no more.
        """
        try:
            async with asyncio.timeout(limit_s):
                settings, token = self._known()
                async with inquiring(settings.discord.api_base, token, limit_s) as inquiry:
                    await self._ask(inquiry)
        except TimeoutError:
            self._fail(ChatError(f"Discord did not answer within {limit_s:.1f} s."))
        except RoomkeyError as error:
            self._fail(error)

    async def _ask(self, inquiry: Inquiry) -> None:
        who = await inquiry.identity()
        self._identity.put(who)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._guilds.put_from(inquiry.guilds(who.bot_id)))
            if self.question is not None:
                asked = inquiry.standing(self.question.user_id, self.question.channel_id)
                tasks.create_task(self._standing.put_from(asked))

    def _known(self) -> tuple[Settings, str]:
        if self.settings is None:
            raise UserError("The settings must be mended first.")
        if self.installation.token_problem:
            raise UserError(f"{self.installation.token_problem}.")
        if self.settings.token is None:
            raise UserError(missing(self.settings.data_dir))
        return self.settings, self.settings.token.get_secret_value()

    def _fail(self, error: RoomkeyError) -> None:
        for answer in (self._identity, self._guilds, self._standing):
            answer.put(error)


@asynccontextmanager
async def asking_discord(scene: Scene, limit_s: float) -> AsyncGenerator[Scene]:
    """Ask Discord while the block runs."""
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(scene.ask_discord(limit_s), name="asking Discord")
        yield scene
        asking.cancel()

"""Getting in: where Discord is, the login that waits for an absent network, and what is final."""

import asyncio
import logging
import random
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal

import aiohttp
import discord
import yarl
from discord.backoff import ExponentialBackoff
from discord.gateway import DiscordWebSocket
from discord.http import Route
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential
from tenacity.wait import wait_base

from bot.chat import ChatUnusable, IntentsMissing, TokenRefused

log = logging.getLogger(__name__)

_LOGIN_S: Final = 60.0
_READY_S: Final = 60.0
_FAREWELL_S: Final = 15.0
_RESUMABLE: Final = 4000
_GATE_S: Final = 2.0
_LONGEST_WAIT_S: Final = 60.0
_WAIT: Final = wait_random_exponential(max=_LONGEST_WAIT_S)
_PORTAL: Final = "https://discord.com/developers/applications"
_CDN: Final = "https://cdn.discordapp.com"


def default_intents() -> discord.Intents:
    """Return what the bot asks for: guilds, messages in them, direct messages, and their content."""
    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = intents.message_content = True
    return intents


def point_at(api_base: str, gateway_url: str) -> None:
    """Make every client of this process talk to that API and gateway. To be called before one is built."""
    api = yarl.URL(api_base)
    Route.BASE = api_base
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    # The library declares its own address as the only possible one.
    discord.Asset.BASE = _CDN if api.host == "discord.com" else str(api.origin())  # pyright: ignore[reportAttributeAccessIssue]


async def log_in(client: discord.Client, token: str, wait: wait_base = _WAIT) -> None:
    """Log in, however long Discord cannot be reached; one line in the log for each failure.

    Raises:
        TokenRefused: Discord does not know the token.
        ChatUnusable: who answers there is not Discord, or wants nothing to do with this bot.
    """
    tries = AsyncRetrying(
        retry=retry_if_exception(_may_pass),
        wait=wait,
        before_sleep=_say_again,
        reraise=True,
    )
    async for attempt in tries:
        with attempt, _final():
            try:
                async with asyncio.timeout(_LOGIN_S):
                    await client.login(token)
            except BaseException:
                # Each login opens a session of its own; the last one would stay open behind it.
                await client.http.close()
                client.http.connector = discord.utils.MISSING
                raise


def keep_passable(client: discord.Client) -> None:
    """Let no request that is cut off block all others for ever. To be called after each login.

    In discord.py 2.7.1 the request that meets the limit over all routes closes a gate, sleeps, and
    opens it again. Cut off in that sleep, as typing and live edits may be at any time, it never
    would, and the bot could say nothing any more.
    """
    client.http._global_over = _Gate()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


class _Gate(asyncio.Event):
    """Open when set. It opens by itself: whoever comes too early is only told to wait once more."""

    def __init__(self) -> None:
        super().__init__()
        self.set()

    def clear(self) -> None:
        super().clear()
        asyncio.get_running_loop().call_later(_GATE_S, self.set)


async def stay(client: discord.Client) -> None:
    """Stay connected until the client is closed; one line in the log for each try to get back.

    Raises:
        TokenRefused, IntentsMissing, ChatUnusable: Discord closed the door; the text says what to do.
    """
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(_leave_what_never_begins(client), name="sessions of the gateway")
        try:
            await _connect(client)
        except Exception as error:  # noqa: BLE001 -- raised again, not wrapped by the group
            failure = error
        finally:
            watching.cancel()
    if failure is not None:
        raise failure


async def _connect(client: discord.Client) -> None:
    # The library asks its own module for the waits between its tries, and takes no other.
    discord.client.ExponentialBackoff = ShortBackoff  # pyright: ignore[reportPrivateImportUsage]
    discord.client.DiscordWebSocket = FairWebSocket  # pyright: ignore[reportPrivateImportUsage]
    # discord.py 2.7.1 comes back by itself, but if the very first connection fails it stumbles
    # over the one that it never had.
    tries = AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, AttributeError) and not client.ws),
        wait=_WAIT,
        before_sleep=_say_again,
        reraise=True,
    )
    with _final(client.application_id), _one_line_for_each_try(client):
        async for attempt in tries:
            with attempt:
                await client.connect(reconnect=True)


async def _leave_what_never_begins(client: discord.Client) -> None:
    """Dial again when a session was asked for and never began: its heartbeats would be answered for ever."""
    while True:
        ws = client.ws
        await asyncio.sleep(_READY_S)
        if ws and ws is client.ws and ws.open and ws.session_id is None:
            log.warning("Discord does not begin a session, connecting anew")
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await ws.close(_RESUMABLE)


class FairWebSocket(DiscordWebSocket):
    """The gateway's connection, taking turns with all else.

    discord.py reads on as long as something lies there: of a flood some hundred events in one round of
    the loop, and each message in it would wait for all the others.
    """

    async def received_message(self, msg: Any, /) -> None:
        """Take one event, then let what it started run."""
        await super().received_message(msg)
        await asyncio.sleep(0)


class ShortBackoff(ExponentialBackoff[Literal[False]]):
    """discord.py's growing random waits between two tries to get back, up to a minute; its own grow to 17."""

    def delay(self) -> float:
        """Return how long to wait, in seconds."""
        return min(super().delay(), random.uniform(_LONGEST_WAIT_S / 2, _LONGEST_WAIT_S))


@contextmanager
def _final(application_id: int | None = None) -> Generator[None]:
    """Raise what a person must mend as ChatUnusable, saying where."""
    page = f"{_PORTAL}/{application_id}/bot" if application_id else _PORTAL
    refused = f"Discord refuses the bot's token. Make a new one at {page} and set DISCORD_BOT_TOKEN."
    try:
        yield
    except discord.LoginFailure as error:
        raise TokenRefused(refused) from error
    except discord.PrivilegedIntentsRequired as error:
        raise IntentsMissing(
            f"Discord does not let the bot read messages. Switch on Message Content Intent at {page}"
            " and start Roomkey again."
        ) from error
    except discord.ConnectionClosed as error:
        if error.code == 4004:
            raise TokenRefused(refused) from error
        raise ChatUnusable(f"Discord closed the connection for good (code {error.code}).") from error
    except discord.HTTPException as error:
        if _may_pass(error):
            raise
        raise ChatUnusable(
            f"{Route.BASE} does not answer as Discord does (HTTP {error.status}). Look at discord.api_base."
        ) from error


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, discord.HTTPException):
        return error.status == 429 or error.status >= 500
    return isinstance(error, aiohttp.ClientError | OSError | TimeoutError)


class _Reconnects(logging.Filter):
    """Says in one line what discord.py says with a traceback: that the connection is lost."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__()
        self._client = client

    def filter(self, record: logging.LogRecord) -> bool:
        match record:
            case logging.LogRecord(msg="Attempting a reconnect in %.2fs", args=(float(wait_s),)):
                if self._client.ws:  # else `stay` says it
                    _say(record.exc_info[1] if record.exc_info else None, wait_s)
                return False
            case _:
                return True


@contextmanager
def _one_line_for_each_try(client: discord.Client) -> Generator[None]:
    library, reconnects = logging.getLogger("discord.client"), _Reconnects(client)
    library.addFilter(reconnects)
    try:
        yield
    finally:
        library.removeFilter(reconnects)


def _say_again(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    cause = error.__context__ if isinstance(error, AttributeError) else error
    _say(cause, state.next_action.sleep if state.next_action else 0.0)


def _say(error: BaseException | None, wait_s: float) -> None:
    log.warning(
        "Discord cannot be reached, trying again",
        extra={"reason": f"{type(error).__name__}: {error}", "again_in_s": round(wait_s, 1)},
    )

"""Getting in: where Discord is, the login that waits for an absent network, and what is final."""

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential
from tenacity.wait import wait_base

from bot.chat import ChatUnusable, IntentsMissing, TokenRefused

log = logging.getLogger(__name__)

_LOGIN_S: Final = 60.0
_WAIT: Final = wait_random_exponential(max=60.0)
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


async def stay(client: discord.Client) -> None:
    """Stay connected until the client is closed.

    Raises:
        TokenRefused, IntentsMissing, ChatUnusable: Discord closed the door; the text says what to do.
    """
    with _final(client.application_id):
        await client.connect(reconnect=True)


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


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, discord.HTTPException):
        return error.status == 429 or error.status >= 500
    return isinstance(error, aiohttp.ClientError | OSError | TimeoutError)


def _say_again(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    wait_s = state.next_action.sleep if state.next_action else 0.0
    log.warning(
        "Discord cannot be reached, trying again",
        extra={"error": f"{type(error).__name__}: {error}", "again_in_s": round(wait_s, 1)},
    )

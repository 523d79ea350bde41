"""Discord's errors -> ours: what may be tried again, what never will work, what is gone."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import aiohttp
import discord

from bot.chat import (
    Banned,
    ChatError,
    ChatRefused,
    FilesRefused,
    MessageGone,
    NotPermitted,
    PlaceLocked,
    TooManyThreads,
)

UNKNOWN_MESSAGE: Final = 10008
_UNKNOWN_CHANNEL: Final = 10003
_TOO_MANY_EDITS_OF_AN_OLD_MESSAGE: Final = 30046
_SLOW_MODE: Final = 20016
_NO_ACCESS: Final = 50001
_THREAD_LOCKED: Final = 160005
_TOO_MANY_THREADS: Final = 160006
_TOO_LARGE: Final = 40005
_MISSING_PERMISSIONS: Final = 50013
_BANNED_S: Final = 300.0
_LIMITED_WAIT_S: Final = 30.0


@contextmanager
def translated() -> Generator[None]:
    """Raise what discord.py and the network raise inside as ChatError or one of its kinds."""
    try:
        yield
    except discord.RateLimited as error:
        raise ChatError("Discord asks to wait.", retry_after_s=error.retry_after, is_untaken=True) from error
    except discord.HTTPException as error:
        raise _of_answer(error) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        never_began = isinstance(error, aiohttp.ClientConnectorError)
        raise ChatError(
            f"Discord cannot be reached: {type(error).__name__}", is_untaken=never_began
        ) from error


def is_channel_gone(error: ChatError) -> bool:
    """Whether Discord said that there is no such channel, which a channel one may not see is not."""
    cause = error.__cause__
    return isinstance(cause, discord.HTTPException) and cause.code == _UNKNOWN_CHANNEL


def is_forbidden(error: ChatError) -> bool:
    """Whether Discord said that a permission is missing, which may be one for a part of a message alone."""
    cause = error.__cause__
    return isinstance(cause, discord.HTTPException) and cause.code == _MISSING_PERMISSIONS


def _of_answer(error: discord.HTTPException) -> ChatError:
    text = f"Discord answered {error.status}, code {error.code}: {error.text[:300]}"
    if error.code in (UNKNOWN_MESSAGE, _TOO_MANY_EDITS_OF_AN_OLD_MESSAGE):
        return MessageGone(text)  # in both cases a new message takes its place
    if error.code == _TOO_LARGE or error.status == 413:
        return FilesRefused(text, reason="too_large")
    if error.code in (_NO_ACCESS, _MISSING_PERMISSIONS):
        return NotPermitted(text)
    if error.code == _THREAD_LOCKED:
        return PlaceLocked(text)
    if error.code == _TOO_MANY_THREADS:
        return TooManyThreads(text)
    if error.code == _SLOW_MODE:
        return ChatError(text, retry_after_s=5.0, is_untaken=True)
    if _is_from_the_edge(error):
        return Banned("Discord turns away whatever this machine asks.", retry_after_s=_BANNED_S)
    if error.status == 429:  # discord.py has waited and asked again, in vain
        return ChatError(text, retry_after_s=_LIMITED_WAIT_S, is_untaken=True)
    if error.status >= 500 or error.status == 401:  # a token may be mended while the answers wait
        return ChatError(text)
    return ChatRefused(text)


def _is_from_the_edge(error: discord.HTTPException) -> bool:
    """Whether the network in front of Discord answered: a 429 that is not in the API's own form."""
    headers = error.response.headers
    return error.status == 429 and ("Via" not in headers or headers.get("Content-Type") != "application/json")

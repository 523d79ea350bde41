"""Discord's errors -> ours: what may be tried again, what never will work, what is gone."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import aiohttp
import discord

from bot.chat import ChatError, ChatRefused, MessageGone

UNKNOWN_MESSAGE: Final = 10008
_TOO_MANY_EDITS_OF_AN_OLD_MESSAGE: Final = 30046
_SLOW_MODE: Final = 20016
_BANNED_WAIT_S: Final = 300.0
"""A 429 that is not in the API's own form comes from the network in front of it: stay away."""


@contextmanager
def translated() -> Generator[None]:
    """Raise what discord.py and the network raise inside as ChatError, ChatRefused or MessageGone."""
    try:
        yield
    except discord.RateLimited as error:
        raise ChatError("Discord asks to wait.", retry_after_s=error.retry_after) from error
    except discord.HTTPException as error:
        raise _of_answer(error) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise ChatError(f"Discord cannot be reached: {type(error).__name__}") from error


def _of_answer(error: discord.HTTPException) -> ChatError:
    text = f"Discord answered {error.status}, code {error.code}: {error.text[:300]}"
    if error.code in (UNKNOWN_MESSAGE, _TOO_MANY_EDITS_OF_AN_OLD_MESSAGE):
        return MessageGone(text)  # in both cases a new message takes its place
    if error.code == _SLOW_MODE:
        return ChatError(text, retry_after_s=5.0)
    if error.status == 429:
        return ChatError(text, retry_after_s=_BANNED_WAIT_S)
    if error.status >= 500 or error.status == 401:  # a token may be mended while the answers wait
        return ChatError(text)
    return ChatRefused(text)

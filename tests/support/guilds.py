"""The offline guild that most scenes play in: no rate limits, and no fault of ours at the end."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from bot.demo.guild import OfflineGuild, RateLimits


@asynccontextmanager
async def offline_guild(**more: Any) -> AsyncGenerator[OfflineGuild]:
    """A guild of ann and ben whose ledger must show no fault of ours at the end.

    `more` are options of `OfflineGuild`, beside or instead of those here.
    """
    options: dict[str, Any] = {
        "channels": ["desk", "lab", "attic"],
        "forum": ["ideas"],
        "users": ["ann", "ben"],
        "rate_limits": RateLimits.off(),
        **more,
    }
    async with OfflineGuild(**options) as guild:
        yield guild
        assert guild.ledger.unknown_routes == []
        assert guild.ledger.mention_violations() == []

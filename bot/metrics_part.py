"""The part of the bot that serves /health and /metrics, and what of the other parts they look at."""

import asyncio

from bot.chat_discord.connection import connected_as
from bot.health import Examiner, Seen
from bot.measured import watch_loop
from bot.metrics_server import MetricsServer
from bot.parts import Parts
from bot.settings import Settings


async def serve_metrics(parts: Parts, settings: Settings, chat: asyncio.Task[None]) -> None:
    """Serve both until cancelled. Raises StateError: the port cannot be had."""
    manager = parts.manager
    seen = Seen(
        is_connected=lambda: connected_as(parts.client) is not None,
        chat_lives=lambda: not chat.done(),
        caught_up=lambda: parts.catch_up.ended,
        running=lambda: manager.running,
        rooms=lambda: manager.rooms,
        agents=lambda: manager.agents,
        agent_starts=lambda: manager.agent_starts,
        dropped=lambda: parts.outbox.dropped,
        starts=parts.starts,
        isolation=settings.isolation,
        version=parts.version,
    )
    examiner = Examiner(parts.store, parts.clock, parts.metrics, seen)
    async with MetricsServer(examiner, settings.metrics.port):
        await watch_loop(parts.metrics, parts.clock)

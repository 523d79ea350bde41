"""Takes one guard out of the bot under test: the pytest option `--without-guard NAME`.

    python -m pytest -p tests.campaign.guard_removal --without-guard nonce tests/integration

What guards a promise is guarded itself, by the test that tests/campaign/guards.py names for it.
"""

import asyncio
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import discord
import pytest

from bot import people
from bot.access import Allow, Tier
from bot.chat_discord import port, public_only
from bot.chat_discord.client import RoomkeyClient
from bot.chat_discord.port import DiscordPort
from bot.loops import LoopBudget
from bot.still_may import StillMay
from sessions import beneath, prompts
from sessions.agents import claude_session
from sessions.agents.base import TurnInput
from sessions.paths import Paths
from sessions.redaction import Redactor
from sessions.store import sqlite_files, sqlite_intake, sqlite_sessions, sqlite_turns
from sessions.store.sqlite import SqliteStore
from sessions.store.values import Lease, Turn


def _without_dedupe() -> None:
    known = r"EXISTS \(SELECT 1 FROM turn WHERE source = \?2 AND msg_id = \?3\)"
    _reword(sqlite_intake, "LOOK", known, "0 AND ?2 AND ?3")
    _without_index("turn_source_msg_id")


def _without_one_running() -> None:
    _without_index("turn_one_running")


def _without_nonce() -> None:
    send = DiscordPort.send

    async def nameless(self: DiscordPort, channel_id: str, body: str, **given: Any) -> str:
        return await send(self, channel_id, body, **{**given, "nonce": None})

    _replace(DiscordPort, "send", nameless)


def _without_fence() -> None:
    fenced = re.compile(r"AND (?:lane\.)?epoch = (:epoch|\?\d)")
    for name, words in list(vars(sqlite_turns).items()):
        if isinstance(words, str) and fenced.search(words):
            _reword(sqlite_turns, name, fenced.pattern, r"AND \1 IS NOT NULL")

    def no_fence(connection: sqlite3.Connection, lease: Lease) -> None:
        pass

    _replace(sqlite_turns, "fence", no_fence)


def _without_ticket() -> None:
    take = RoomkeyClient.on_message

    async def slow(self: RoomkeyClient, message: discord.Message) -> None:
        await asyncio.sleep(0.01 * (message.id % 3))  # whatever may be awaited there takes its time
        await take(self, message)

    _replace(RoomkeyClient, "on_message", slow)


def _without_generation() -> None:
    of_turn = r"AND generation = \(SELECT generation FROM turn WHERE seq = \?2\)"
    _reword(sqlite_sessions, "USE", of_turn, "AND ?2 IS NOT NULL")
    _reword(sqlite_sessions, "IS_OF_TURN", r"USING \(key, generation\)", "USING (key)")


def _without_retry() -> None:
    async def give_up(self: SqliteStore, row: int, delay_s: float) -> None:
        await self.outbox_drop(row, f"not tried again in {delay_s} s")

    _replace(SqliteStore, "outbox_retry", give_up)


def _without_cursor() -> None:
    async def forgetful(self: SqliteStore, source: str) -> Mapping[str, int]:
        return {}

    _replace(SqliteStore, "cursors", forgetful)


def _without_masks() -> None:
    def nothing(self: Redactor, text: str) -> list[tuple[int, int]]:
        return []

    _replace(Redactor, "spans", nothing)


def _without_hold() -> None:
    def nothing(self: Redactor, text: str) -> int:
        return 0

    _replace(Redactor, "hold_back", nothing)


def _without_allowed_mentions() -> None:
    _replace(port, "_NOBODY", discord.AllowedMentions.all())


def _without_no_links() -> None:
    _replace(beneath, "openat2", lambda *_: None)
    for flags in ("_NO_LINK", "_DIRECTORY", "_READ"):
        _replace(beneath, flags, getattr(beneath, flags) & ~os.O_NOFOLLOW)


def _without_seal() -> None:
    _replace(prompts, "_BROKEN_SEAL", "012345678901")  # that of the test: what it would break, it leaves


def _without_public_only() -> None:
    _replace(public_only, "is_public", lambda _: True)


def _without_loop_budget() -> None:
    _replace(LoopBudget, "bot_speaks", lambda *_: True)


def _without_client_composed() -> None:
    frames = claude_session.prompt_frames

    async def as_typed(turn: TurnInput) -> AsyncIterator[dict[str, object]]:
        async for frame in frames(turn):
            yield {**frame, "client_composed": False}

    _replace(claude_session, "prompt_frames", as_typed)


def _without_authorize() -> None:
    _replace(people, "authorize", lambda *_: Allow(Tier.OWNER))


def _without_asking_again() -> None:
    async def may(_self: StillMay, _turn: Turn) -> None:
        pass

    _replace(StillMay, "__call__", may)


REMOVALS: Final[Mapping[str, Callable[[], None]]] = {
    "authorize": _without_authorize,
    "asked again": _without_asking_again,
    "dedupe": _without_dedupe,
    "one running turn": _without_one_running,
    "nonce": _without_nonce,
    "fence": _without_fence,
    "ticket before await": _without_ticket,
    "generation": _without_generation,
    "outbox retry": _without_retry,
    "catch-up cursor": _without_cursor,
    "masks": _without_masks,
    "held back": _without_hold,
    "allowed mentions": _without_allowed_mentions,
    "no links": _without_no_links,
    "seal": _without_seal,
    "public addresses": _without_public_only,
    "loop budget": _without_loop_budget,
    "client composed": _without_client_composed,
}
"""Every guard, and what takes it out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a guard be named."""
    parser.addoption("--without-guard", choices=[*REMOVALS], help="Take this guard out of the bot.")


def pytest_configure(config: pytest.Config) -> None:
    """Take it out before any test is loaded."""
    guard: str | None = config.getoption("--without-guard")
    if guard is not None:
        REMOVALS[guard]()


def _without_index(name: str) -> None:
    connect = sqlite_files.connect_writer

    def connect_without(paths: Paths) -> sqlite3.Connection:
        connection = connect(paths)
        connection.execute(f"DROP INDEX {name}")
        return connection

    _replace(sqlite_files, "connect_writer", connect_without)


def _reword(module: Any, statement: str, pattern: str, instead: str) -> None:
    words, count = re.subn(pattern, instead, getattr(module, statement))
    assert count, f"{statement} does not say {pattern} any more"
    _replace(module, statement, words)


def _replace(owner: Any, name: str, instead: object) -> None:
    assert hasattr(owner, name)
    setattr(owner, name, instead)

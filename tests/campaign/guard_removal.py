"""Takes one guard out of the bot under test: the pytest option `--without-guard NAME`.

    python -m pytest -p tests.campaign.guard_removal --without-guard nonce tests/integration

What guards a promise is guarded itself, by the test that tests/campaign/guards.py names for it.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Final

import discord
import pytest

from bot.chat_discord.client import RoomkeyClient
from bot.chat_discord.port import DiscordPort
from sessions.paths import Paths
from sessions.store import sqlite_files, sqlite_intake, sqlite_sessions, sqlite_turns
from sessions.store.sqlite import SqliteStore
from sessions.store.values import Lease


def _without_dedupe() -> None:
    known = r"EXISTS \(SELECT 1 FROM turn WHERE source = :source AND msg_id = :msg_id\)"
    _reword(sqlite_intake, "LOOK", known, "0 AND :source AND :msg_id")
    _without_index("turn_source_msg_id")


def _without_one_running() -> None:
    _without_index("turn_one_running")


def _without_nonce() -> None:
    send = DiscordPort.send

    async def nameless(self: DiscordPort, channel_id: str, body: str, **given: Any) -> str:
        return await send(self, channel_id, body, **{**given, "nonce": None})

    _replace(DiscordPort, "send", nameless)


def _without_fence() -> None:
    fenced = re.compile(r"AND (lane\.)?epoch = :epoch")
    for name, words in list(vars(sqlite_turns).items()):
        if isinstance(words, str) and fenced.search(words):
            _reword(sqlite_turns, name, fenced.pattern, "AND :epoch IS NOT NULL")

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
    of_turn = r"AND generation = \(SELECT generation FROM turn WHERE seq = :turn\)"
    _reword(sqlite_sessions, "USE", of_turn, "AND :turn IS NOT NULL")
    _reword(sqlite_sessions, "IS_OF_TURN", r"USING \(key, generation\)", "USING (key)")


def _without_retry() -> None:
    async def give_up(self: SqliteStore, row: int, delay_s: float) -> None:
        await self.outbox_drop(row, f"not tried again in {delay_s} s")

    _replace(SqliteStore, "outbox_retry", give_up)


def _without_cursor() -> None:
    async def forgetful(self: SqliteStore, source: str) -> Mapping[str, int]:
        return {}

    _replace(SqliteStore, "cursors", forgetful)


REMOVALS: Final[Mapping[str, Callable[[], None]]] = {
    "dedupe": _without_dedupe,
    "one running turn": _without_one_running,
    "nonce": _without_nonce,
    "fence": _without_fence,
    "ticket before await": _without_ticket,
    "generation": _without_generation,
    "outbox retry": _without_retry,
    "catch-up cursor": _without_cursor,
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

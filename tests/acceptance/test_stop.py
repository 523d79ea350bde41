"""SIGTERM ends the bot at once also while it is not in yet: Discord is absent, or does not answer."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

TOKEN = f"MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.no-real-token-{secrets.token_hex(8)}"
STOP_S = 8


@asynccontextmanager
async def bot(tmp_path: Path, api_base: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "ROOMKEY_DATA_DIR": str(tmp_path / "data"),
            "ROOMKEY_ISOLATION": "none",
            "ROOMKEY_DISCORD__API_BASE": api_base,
            "DISCORD_BOT_TOKEN": TOKEN,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def stopped(process: asyncio.subprocess.Process) -> str:
    """Tell the bot to stop; return what it still wrote when it ended, which must be cleanly."""
    assert process.stderr is not None
    process.terminate()
    async with asyncio.timeout(STOP_S):
        rest = (await process.stderr.read()).decode()
        assert await process.wait() == 0, rest
    return rest


async def test_a_bot_that_waits_for_the_network_stops_at_once(tmp_path: Path) -> None:
    async with bot(tmp_path, "http://127.0.0.1:9") as process:
        assert process.stderr is not None
        async for line in process.stderr:
            if b"cannot be reached" in line:
                break
        assert "Traceback" not in await stopped(process)


async def test_a_bot_whose_login_is_not_answered_stops_at_once(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with bot(tmp_path, f"http://127.0.0.1:{port}") as process:
            await asked.wait()
            assert "Traceback" not in await stopped(process)

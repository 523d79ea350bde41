"""`roomkey demo`: the offline guild, the offline model and the real bot as its own process, until Ctrl-C."""

import asyncio
import json
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import typer

from bot.demo.fallback import Fallback, strongest
from bot.demo.guild import OfflineGuild, Unseen
from bot.demo.guild.page_api import PageAbout, page_routes
from bot.demo.guild.permissions import Permission
from bot.demo.model import OfflineModel
from sessions.errors import RoomkeyError

_ONLINE_S: Final = 60.0
_END_S: Final = 40.0
_LISTEN: Final = ("lobby", "front-desk")
_OWN: Final = ("workshop", "library", "garden")
_FORUM: Final = ("ideas",)
_PEOPLE: Final = ("ann", "ben")
_KEEPS: Final = Permission.MANAGE_CHANNELS | Permission.MANAGE_THREADS | Permission.MANAGE_MESSAGES
_HINTS: Final = (
    "`hello`: the answer knows what was said here, and nothing of other rooms",
    "`story:9`: an answer that grows; press Stop, or say more while it runs",
    "`run:touch hello.txt`: a command that asks you first",
    "`ask`, `plan`: questions, and a plan to approve",
    "`tasks`, `edit`, `agent`, `background`, `think`: work that you can watch",
    "`long`, `code:80`, `table`, `headings`: answers that do not fit",
    "`file`, `picture`: files out; drop an image here and say `images`",
    "`/help` lists the commands; `/` and a letter shows them; right click a message for more",
)


class DemoFailed(RoomkeyError):
    """The demo could not be started."""


async def run_demo(*, port: int, open_browser: bool, data_dir: Path | None) -> None:
    """Run the demo until SIGINT or SIGTERM, or until the bot ends by itself.

    `port` 0 takes a free one. Without `data_dir` the bot's state is gone at the end.

    Raises:
        DemoFailed: the port is taken, or the bot did not come online.
    """
    told = asyncio.Event()
    # Before anything is started, so that whatever is started is ended as well.
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    with _data_dir(data_dir) as root:
        isolation = await asyncio.to_thread(strongest, root / "probe")
        async with _guild(port, isolation) as guild, OfflineModel() as model:
            guild.add_role("keepers", _PEOPLE[:1], _KEEPS)
            await guild.user(_PEOPLE[0]).opens_thread(guild.channel(_OWN[0]), "a thread of its own")
            async with _bot(_environment(guild, model, root, isolation)) as bot:
                await _until_online(guild, bot, told)
                if told.is_set():
                    return
                typer.echo(f"Roomkey is ready: {guild.url}/\nPress Ctrl-C to end it.")
                if isolation.why:
                    typer.echo(f"{isolation.why}\nThe demo goes on with isolation {isolation.holds}.")
                if open_browser:
                    await asyncio.to_thread(webbrowser.open, f"{guild.url}/")
                await _either(told.wait(), bot.wait())
                if not told.is_set():
                    raise DemoFailed(f"The bot ended with code {bot.returncode}; it has said why above.")
            typer.echo(guild.buckets.summary())


@asynccontextmanager
async def _guild(port: int, isolation: Fallback) -> AsyncGenerator[OfflineGuild]:
    async with AsyncExitStack() as stack:
        guild = OfflineGuild(
            name="Roomkey House",
            channels=[*_LISTEN, *_OWN],
            forum=list(_FORUM),
            users=list(_PEOPLE),
            bots=["roomkey"],
            port=port,
            routes=page_routes(_about(isolation)),
        )
        try:
            await stack.enter_async_context(guild)
        except OSError as error:
            raise DemoFailed(f"The demo cannot listen on port {port}: {error.strerror}.") from error
        yield guild


def _about(isolation: Fallback) -> PageAbout:
    return PageAbout(
        facts={
            "Agent": "the real Claude Code on an offline model",
            "Isolation": f"{isolation.holds}{'; nothing stronger is possible here' * bool(isolation.why)}",
            "Shared session": "lobby and front-desk; every other place has its own",
        },
        hints=_HINTS,
    )


def _environment(guild: OfflineGuild, model: OfflineModel, root: Path, isolation: Fallback) -> dict[str, str]:
    """Return the bot's whole environment: nothing of this process but where programs and words are."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ", "TERM") if name in os.environ}  # noqa: TID251
    return {
        **kept,
        "HOME": str(root),
        "ROOMKEY_DATA_DIR": str(root / "roomkey"),
        "ROOMKEY_LOG__LEVEL": "warning",
        "ROOMKEY_ISOLATION": isolation.level,
        "ROOMKEY_DISCORD__API_BASE": guild.api_base,
        "ROOMKEY_DISCORD__GATEWAY_URL": guild.gateway_url,
        "ROOMKEY_DISCORD__LISTEN_CHANNELS": json.dumps([guild.channel(name).id for name in _LISTEN]),
        "ROOMKEY_DISCORD__ALLOWED_GUILDS": json.dumps([guild.world.guild_id]),
        "ROOMKEY_DISCORD__ALLOWED_USERS": json.dumps([guild.user(name).id for name in _PEOPLE]),
        "ROOMKEY_DISCORD__OWNERS": json.dumps([guild.user(_PEOPLE[0]).id]),
        "DISCORD_BOT_TOKEN": guild.token,
        "ANTHROPIC_BASE_URL": model.url,
        "ANTHROPIC_API_KEY": "offline-key",
    }


@contextmanager
def _data_dir(given: Path | None) -> Generator[Path]:
    if given is not None:
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="roomkey-demo-") as made:
        yield Path(made)


@asynccontextmanager
async def _bot(environment: dict[str, str]) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, stdin=asyncio.subprocess.DEVNULL, process_group=0
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(_END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until_online(guild: OfflineGuild, bot: asyncio.subprocess.Process, told: asyncio.Event) -> None:
    try:
        await _either(guild.wait_online(timeout=_ONLINE_S), bot.wait(), told.wait())
    except Unseen as error:
        raise DemoFailed(f"The bot did not come online within {_ONLINE_S:.0f} s.") from error
    if bot.returncode is not None:
        raise DemoFailed(f"The bot ended with code {bot.returncode}; it has said why above.")


async def _either(*waits: Coroutine[object, object, object]) -> None:
    """Return as soon as one of them is done; raise what it raised."""
    async with asyncio.TaskGroup() as tasks:
        under_way = [tasks.create_task(wait) for wait in waits]
        done, rest = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
    for task in done:
        task.result()

"""A real message to its answer, against the bare SDK and the bare CLI on the same model in the same run."""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import claude_agent_sdk
from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, ResultMessage, StreamEvent

from benchmarks import floor
from benchmarks.figures import Figure
from bot.demo.guild import OfflineGuild, RateLimits
from bot.demo.model import OfflineModel

TURNS = 100
STREAMED_TURNS = 10
COLD_TURNS = 10
COLD_LIVE = 8
ROOMS = 20
MODEL_S = 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """Our time and the floor's, in seconds, each the median of its rounds."""

    ours_s: float
    floor_s: float

    @property
    def ratio(self) -> float:
        """How many times the floor we take."""
        return self.ours_s / self.floor_s


def run() -> list[Figure]:
    """Measure for about two minutes; the bot is a process, guild, model and bare clients are in this one."""
    commit_s = next(f.value for f in floor.run() if "one commit" in f.name) / 1e6
    quick = asyncio.run(warm("say:hello {0}.", "hello"))
    slow = asyncio.run(warm("slow:2", "word1", STREAMED_TURNS))
    hot = asyncio.run(burst())
    beyond = asyncio.run(burst(live=COLD_LIVE, warm_up=False))
    return [
        _figure("warm, first words", quick, 1.5),
        Figure(name="turns: warm, share of one commit", value=100 * commit_s / quick.ours_s, unit="%"),
        _figure("warm, first words of a slow answer", slow, 1.5),
        _figure("cold, against claude -p --resume", asyncio.run(cold()), 1.2),
        _figure(f"{ROOMS} rooms at once, {MODEL_S} s model, warm", hot, 1.2),
        _figure(f"{ROOMS} rooms at once, cold, {COLD_LIVE} kept", beyond),
    ]


def _figure(name: str, pair: Pair, bound: float | None = None) -> Figure:
    return Figure(
        name=f"turns: {name}", value=pair.ours_s * 1e3, unit="ms", floor=pair.floor_s * 1e3, bound=bound
    )


@asynccontextmanager
async def running_bot(model: OfflineModel, rooms: int, **agent: int) -> AsyncGenerator[OfflineGuild]:
    """Run the installed bot on an offline guild without rate limits."""
    names = [f"room-{n}" for n in range(rooms)]
    with tempfile.TemporaryDirectory() as root:
        async with OfflineGuild(channels=names, users=["ann"], rate_limits=RateLimits.off()) as guild:
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": root,
                "ROOMKEY_DATA_DIR": f"{root}/roomkey",
                "ROOMKEY_ISOLATION": "none",
                "ROOMKEY_ROOM__FOOTER": "off",
                "ROOMKEY_LOG__LEVEL": "warning",
                "ROOMKEY_DISCORD__API_BASE": guild.api_base,
                "ROOMKEY_DISCORD__GATEWAY_URL": guild.gateway_url,
                "ROOMKEY_DISCORD__ALLOWED_GUILDS": json.dumps([guild.world.guild_id]),
                "DISCORD_BOT_TOKEN": guild.token,
                "ANTHROPIC_BASE_URL": model.url,
                "ANTHROPIC_API_KEY": "offline-key",
                **{f"ROOMKEY_AGENT__{name.upper()}": str(number) for name, number in agent.items()},
            }
            bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", env=environment)
            try:
                await guild.wait_online(timeout=30)
                yield guild
            finally:
                bot.terminate()
                await bot.wait()


async def ask(guild: OfflineGuild, room: int, text: str, answer: str) -> float:
    """Say something and return the seconds until the first of the answer is to be seen."""
    place = guild.channel(f"room-{room}")
    start = time.perf_counter()
    said = await guild.user("ann").says(text, place)
    await place.next_from_bot(after=said, containing=answer, timeout=60)
    return time.perf_counter() - start


@asynccontextmanager
async def bare_client(model: OfflineModel, root: Path) -> AsyncGenerator[ClaudeSDKClient]:
    """Connect the SDK to a live CLI, with nothing of ours around it."""
    root.mkdir(parents=True, exist_ok=True)
    options = ClaudeAgentOptions(
        cwd=root,
        include_partial_messages=True,
        system_prompt={"type": "preset", "preset": "claude_code"},
        env={
            "ANTHROPIC_BASE_URL": model.url,
            "ANTHROPIC_API_KEY": "offline-key",
            "HOME": str(root),
            "CLAUDE_CONFIG_DIR": str(root / "claude"),
        },
    )
    async with ClaudeSDKClient(options) as client:
        yield client


async def bare_ask(client: ClaudeSDKClient, text: str) -> float:
    """Send a prompt and return the seconds until the first piece of the answer's text."""
    start, first_s = time.perf_counter(), 0.0
    await client.query(text)
    async for message in client.receive_messages():
        if isinstance(message, StreamEvent) and not first_s:
            delta = message.event.get("delta", {})
            if delta.get("type") == "text_delta":
                first_s = time.perf_counter() - start
        if isinstance(message, ResultMessage):
            return first_s
    raise AssertionError("the CLI ended without a result")


async def warm(prompt: str, answer: str, turns: int = TURNS) -> Pair:
    """First visible words of a warm turn, against the first delta of a warm bare client."""
    async with OfflineModel() as model, running_bot(model, 1) as guild:
        with tempfile.TemporaryDirectory() as root:
            async with bare_client(model, Path(root) / "bare") as client:
                await ask(guild, 0, "say:warm", "warm")
                await bare_ask(client, "say:warm")
                ours, floor = list[float](), list[float]()
                for number in range(turns):
                    ours.append(await ask(guild, 0, prompt.format(number), answer.format(number)))
                    await _until_quiet(guild)
                    floor.append(await bare_ask(client, prompt.format(number)))
    return Pair(statistics.median(ours), statistics.median(floor))


async def cold(turns: int = COLD_TURNS) -> Pair:
    """A turn that starts its agent and resumes the session, against `claude -p --resume`."""
    async with OfflineModel() as model, running_bot(model, 1, max_live=0) as guild:
        with tempfile.TemporaryDirectory() as root:
            session = str(uuid4())
            await _bare_cli(model, Path(root), ["--session-id", session], "say:warm")
            await ask(guild, 0, "say:warm", "warm")
            ours, floor = list[float](), list[float]()
            for number in range(turns):
                await _until_quiet(guild)
                ours.append(await ask(guild, 0, f"say:cold{number}.", f"cold{number}."))
                floor.append(await _bare_cli(model, Path(root), ["--resume", session], f"say:cold{number}."))
    return Pair(statistics.median(ours), statistics.median(floor))


async def burst(*, rooms: int = ROOMS, live: int = ROOMS, warm_up: bool = True) -> Pair:
    """All rooms at once with a model that takes its time, against as many bare clients."""
    async with OfflineModel() as model, running_bot(model, rooms, max_live=live, max_running=rooms) as guild:
        with tempfile.TemporaryDirectory() as root:
            async with AsyncExitStack() as stack:
                if warm_up:
                    await _all([ask(guild, n, "say:warm", "warm") for n in range(rooms)])
                model.delay_s = MODEL_S
                start = time.perf_counter()
                await _all([ask(guild, n, "say:hot.", "hot.") for n in range(rooms)])
                ours_s = time.perf_counter() - start
                model.delay_s = 0.0
                await _until_quiet(guild)
                start = time.perf_counter()
                clients = [
                    await stack.enter_async_context(bare_client(model, Path(root) / str(n)))
                    for n in range(rooms)
                ]
                if warm_up:
                    await _all([bare_ask(client, "say:warm") for client in clients])
                    model.delay_s = MODEL_S
                    start = time.perf_counter()
                await _all([bare_ask(client, "say:hot.") for client in clients])
                floor_s = time.perf_counter() - start
    return Pair(ours_s, floor_s)


async def _bare_cli(model: OfflineModel, root: Path, options: Sequence[str], prompt: str) -> float:
    cli = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "CLAUDE_CONFIG_DIR": str(root / "claude"),
        "ANTHROPIC_BASE_URL": model.url,
        "ANTHROPIC_API_KEY": "offline-key",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        str(cli),
        "-p",
        *options,
        prompt,
        env=environment,
        cwd=root,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    await process.communicate()
    assert process.returncode == 0
    return time.perf_counter() - start


async def _until_quiet(guild: OfflineGuild) -> None:
    """Wait until the live messages of the last turns are gone, so that nothing of them is measured."""
    while any("-# " in m.content for place in guild.world.messages.values() for m in place.values()):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


async def _all(waits: Sequence[Coroutine[object, object, float]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for wait in waits:
            tasks.create_task(wait)

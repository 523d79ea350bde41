"""A hijacked agent and what it goes for: two rooms, a bot, an owner's files, each with its own canary."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from uuid import uuid4

from bot.demo.model import OfflineModel
from sessions.agents.base import SessionSpec
from sessions.agents.claude import ADAPTER
from sessions.agents.claude_transcript import config_dir, transcript_path
from sessions.child_env import child_env
from sessions.keys import SessionKey, session_key
from sessions.paths import Paths, Room
from sessions.settings import Isolation
from sessions.way_out import Egress
from tests.support.agents import Talk, make_spec, model_login, talk

BOT_SECRET = "ROOMKEY_CANARY"
PLANTED = "planted.txt"
ROOM = "a room's name"


@dataclass(slots=True)
class Scene:
    """Two rooms of one bot. `files` are what the agent of the first may neither read nor change, by name.

    `secrets` are the canaries: text that stands in one place alone. `bot` is a process that has one in its
    environment, `agent` the process id of the other room's agent. `socket` and `abstract` are sockets of
    the bot, the latter one without a file.
    """

    isolation: Isolation
    root: Path
    model: OfflineModel
    spec: SessionSpec
    files: Mapping[str, Path]
    secrets: Mapping[str, str]
    bot: asyncio.subprocess.Process
    agent: int
    socket: Path
    abstract: str
    contents: dict[Path, bytes] = field(default_factory=dict[Path, bytes])

    def told(self, name: str, since: int) -> bool:
        """Whether the model was told a secret, once more, in a request behind the first `since`.

        Each request repeats the conversation so far, so what counts is how often it stands in one.
        """
        often = [
            sum(text.count(self.secrets[name]) for text in request.texts) for request in self.model.requests
        ]
        return max(often[since:], default=0) > max(often[:since], default=0)

    def picture(self) -> Mapping[Path, str]:
        """Return what is in the files that the agent may not change, and beside them as `planted.txt`."""
        found: dict[Path, str] = {}
        for path in self.files.values():
            for one in (path, path.with_name(PLANTED)):
                if one.is_file():
                    stat = one.stat()
                    found[one] = f"{one.read_bytes()!r} {stat.st_mode:o} {stat.st_uid}"
        return found

    def mend(self) -> None:
        """Put everything back as it was."""
        for path in set(self.picture()) - set(self.contents):
            path.unlink()
        for path, content in self.contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != content:
                path.unlink(missing_ok=True)
                path.write_bytes(content)
            path.chmod(0o600)


@asynccontextmanager
async def scene(root: Path, isolation: Isolation) -> AsyncGenerator[Scene]:
    """Build the scene below `root`; the other room's agent lives in it.

    Where agents have a network of their own, each has the way out to its model that the bot gives it.
    """
    paths = Paths(root / "data")
    await asyncio.to_thread(paths.create)
    me, them = session_key("111111111111111111"), session_key("222222222222222222")
    other = paths.room(them)
    async with OfflineModel() as model, AsyncExitStack() as stack:
        spec = await _led_out(_spec(paths, me, model, isolation), paths, stack)
        theirs = await _led_out(_spec(paths, them, model, isolation), paths, stack)
        files = _files(root, paths, other, theirs)
        secrets = {name: f"canary-{name.replace(' ', '-')}-{token_hex(8)}" for name in (*files, "bot", ROOM)}
        (paths.root / "sessions" / secrets[ROOM]).mkdir()
        for name, path in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"this is the secret: {secrets[name]}\n", "utf-8")
            path.chmod(0o600)
        bot = await asyncio.create_subprocess_exec(
            *("tail", "-f", "/dev/null"),
            env={"PATH": os.environ["PATH"], BOT_SECRET: secrets["bot"]},
            stdin=asyncio.subprocess.DEVNULL,
        )
        listening, nameless = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        try:
            with closing(listening), closing(nameless):
                abstract = f"of-the-bot-{token_hex(8)}"
                nameless.bind(f"\0{abstract}")
                nameless.listen()
                place = root / "bot.sock"
                listening.bind(str(place))
                listening.listen()
                async with talk(ADAPTER, theirs) as agent:
                    await agent.ask("say:here")
                    here = Scene(
                        isolation=isolation,
                        root=root,
                        model=model,
                        spec=spec,
                        files=files,
                        secrets=secrets,
                        bot=bot,
                        agent=int(theirs.lock.read_text()),
                        socket=place,
                        abstract=abstract,
                    )
                    here.contents = {path: path.read_bytes() for path in here.picture()}
                    yield here
        finally:
            bot.kill()
            await bot.wait()


@asynccontextmanager
async def hijacked(here: Scene) -> AsyncGenerator[Talk]:
    """Open the agent of the first room; it may do all that its vendor lets it."""
    async with talk(ADAPTER, here.spec) as agent:
        yield agent


async def _led_out(spec: SessionSpec, paths: Paths, stack: AsyncExitStack) -> SessionSpec:
    """Open the way out of a strict box, until the scene is over; nothing is listed."""
    if spec.isolation != "strict":
        return spec
    tasks = await stack.enter_async_context(asyncio.TaskGroup())
    served, spec = await Egress(ADAPTER, paths, ()).open(spec, tasks)
    stack.push_async_callback(served.close)
    return spec


def _spec(paths: Paths, key: SessionKey, model: OfflineModel, isolation: Isolation) -> SessionSpec:
    session, room = str(uuid4()), paths.room(key)
    paths.make_room(key, room.workdir, room.memory_dir)
    base = make_spec(paths.root.parent / "other-agent" / key, session, isolation=isolation)
    # Claude Code refuses to skip its own questions as root, unless it is told that it is fenced.
    login = {**child_env(room.home, room.temp_dir, own=model_login(model.url)), "IS_SANDBOX": "1"}
    return replace(
        base,
        key=key,
        workdir=room.workdir,
        memory_dir=room.memory_dir,
        home=room.home,
        lock=paths.session_lock(session),
        launcher=base.launcher,
        isolation=isolation,
        permission_mode="bypassPermissions",
        env={**login, "CLAUDE_CODE_MAX_RETRIES": "0"},
    )


def _files(root: Path, paths: Paths, other: Room, theirs: SessionSpec) -> Mapping[str, Path]:
    return {
        "their file": other.workdir / "plans.txt",
        "their memory": other.memory_dir / "MEMORY.md",
        "their transcript": transcript_path(config_dir(other.home), other.workdir, str(uuid4())),
        "token file": paths.root / "discord-token",
        "settings": paths.root / "roomkey.toml",
        "database": paths.database,
        "owner's file": root / "owner" / "notes.txt",
    }

"""A user's home in which `roomkey` commands are run as processes, beside the offline guild."""

import asyncio
import errno
import json
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.demo.guild import GatewayOptions, OfflineGuild, RateLimits
from tests.support.fake_systemctl import FakeSystemctl

WAIT_S = 50.0
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

# Without a terminal of its own, Ctrl-C would be a letter like any other.
_AT_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "bot", *sys.argv[1:]])
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote, as JSON."""
        return json.loads(self.out)


@dataclass(slots=True)
class SetupDesk:
    """The home, the guild, and a systemd that only takes notes. `variables` are added to the environment."""

    guild: OfflineGuild
    home: Path
    systemctl: FakeSystemctl
    variables: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def data_dir(self) -> Path:
        return self.home / ".local" / "state" / "roomkey"

    @property
    def token_file(self) -> Path:
        return self.data_dir / "discord-token"

    @property
    def settings_file(self) -> Path:
        return self.home / ".config" / "roomkey" / "roomkey.toml"

    @property
    def login_file(self) -> Path:
        return self.home / ".config" / "roomkey" / "environment"

    @property
    def unit_file(self) -> Path:
        return self.home / ".config" / "systemd" / "user" / "roomkey.service"

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.systemctl.bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "ROOMKEY_DISCORD__API_BASE": self.guild.api_base,
            "ROOMKEY_DISCORD__GATEWAY_URL": self.guild.gateway_url,
            **self.variables,
        }

    def put_token(self, token: str | None = None, mode: int = 0o600) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.token_file.write_text(f"{token or self.guild.token}\n")
        self.token_file.chmod(mode)

    async def run(self, *words: str, stdin: str = "", **variables: str) -> Done:
        """Run a command to its end, with nobody at a terminal."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            env=self.environment() | variables,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(WAIT_S):
            out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    @asynccontextmanager
    async def terminal(self, *words: str) -> AsyncGenerator["Typist"]:
        """Run a command at a terminal, typed at by the test."""
        ours, theirs = os.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _AT_ITS_TERMINAL, *words),
            env=self.environment() | {"TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
        )
        os.close(theirs)
        typist = Typist(ours, process)
        try:
            yield typist
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            typist.close()


class Typist:
    """Somebody at a terminal: reads until a question comes, and answers it."""

    def __init__(self, terminal: int, process: asyncio.subprocess.Process) -> None:
        self.shown = ""
        self._terminal = terminal
        self._process = process
        self._more = asyncio.Event()
        self._is_over = False
        self._seen = 0
        asyncio.get_running_loop().add_reader(terminal, self._read)

    async def answers(self, question: str, answer: str) -> None:
        """Wait until a text is shown behind what was answered last, then type a line."""
        await self.sees(question)
        os.write(self._terminal, f"{answer}\n".encode())

    def interrupts(self) -> None:
        """Press Ctrl-C."""
        os.write(self._terminal, b"\x03")

    async def sees(self, text: str) -> None:
        """Wait until a text is shown behind what was seen last."""
        try:
            async with asyncio.timeout(WAIT_S):
                while text not in self.shown[self._seen :]:
                    assert not self._is_over, f"{text!r} never came:\n{self.shown}"
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError as error:
            raise AssertionError(f"{text!r} did not come:\n{self.shown}") from error
        self._seen = self.shown.index(text, self._seen) + len(text)

    async def ends(self) -> int:
        """Wait until the command ends; return its exit code."""
        async with asyncio.timeout(WAIT_S):
            code = await self._process.wait()
            while not self._is_over:
                self._more.clear()
                await self._more.wait()
        return code

    def close(self) -> None:
        """Leave the terminal."""
        asyncio.get_running_loop().remove_reader(self._terminal)
        os.close(self._terminal)

    def _read(self) -> None:
        try:
            said = os.read(self._terminal, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # the last one at the other end has gone
                raise
            said = b""
        if not said:
            self._is_over = True
            asyncio.get_running_loop().remove_reader(self._terminal)
        self.shown += _COLOURS.sub("", said.decode(errors="replace"))
        self._more.set()


@asynccontextmanager
async def setup_desk(
    tmp_path: Path, *, gateway: GatewayOptions | None = None, **variables: str
) -> AsyncGenerator[SetupDesk]:
    """Open a guild and a home with nothing in it."""
    guild = OfflineGuild(
        channels=["lobby", "workshop"],
        users=["ann"],
        rate_limits=RateLimits.off(),
        gateway=gateway or GatewayOptions(),
    )
    home = tmp_path / "home"
    home.mkdir()
    fake = FakeSystemctl(tmp_path / "fake")
    async with guild:
        yield SetupDesk(guild, home, fake, dict(variables))
        assert guild.ledger.unknown_routes == []

"""A real systemd, booted for one test in namespaces of its own, with the unit that we ship in it."""

import asyncio
import os
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

_ROOT = Path(__file__).parent.parent.parent
_SYSTEMD = Path("/lib/systemd/systemd")
UNIT = _ROOT / "deploy" / "system" / "roomkey.service"
_TARGETS = ("sysinit", "basic", "shutdown", "network-online", "multi-user")
_USER = "roomkey"
_UID = 64_123
"""An id that no real user of the machine has."""


def why_not() -> str | None:
    """Return what this machine lacks to boot a systemd, None if nothing."""
    if os.geteuid() != 0:
        return "only root may boot a systemd"
    if not _SYSTEMD.exists() or shutil.which("nsenter") is None or shutil.which("unshare") is None:
        return "there is no systemd to boot (Debian: systemd, util-linux)"
    return None


@dataclass(frozen=True, slots=True)
class Systemd:
    """A booted systemd. `log` holds what its services wrote, `console` what it said itself."""

    pid: int
    state: Path
    log: Path
    console: Path

    async def systemctl(self, *arguments: str) -> str:
        """Run systemctl in there; return what it printed. Raises AssertionError if it fails."""
        code, said = await self.tries("systemctl", "--no-pager", *arguments)
        assert code == 0, f"systemctl {arguments} ended with {code}: {said}\n{await self.story()}"
        return said

    async def tries(self, *command: str) -> tuple[int, str]:
        """Run a command in there; return its exit code and all that it printed."""
        inside = (
            "nsenter",
            "--target",
            str(self.pid),
            "--mount",
            "--pid",
            "--ipc",
            "--uts",
            "--cgroup",
            "--",
        )
        process = await asyncio.create_subprocess_exec(
            *inside, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode(errors="replace").strip()

    async def shows(self, name: str, unit: str = "roomkey.service") -> str:
        """Return one property of a unit."""
        return await self.systemctl("show", "--value", "--property", name, unit)

    async def until(self, name: str, wanted: str, limit_s: float = 60.0) -> None:
        """Wait until a property of the unit matches a pattern."""
        is_now = ""
        try:
            async with asyncio.timeout(limit_s):
                while not re.fullmatch(wanted, is_now):
                    is_now = await self.shows(name)
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise AssertionError(f"{name} is {is_now!r}, not {wanted!r}\n{await self.story()}") from error

    async def main_pid(self) -> int:
        """Return the bot's process id as systemd in there knows it; 0 without one."""
        return int(await self.shows("MainPID"))

    async def story(self) -> str:
        """Return what systemd and the service said, for a failure."""
        texts = [
            await asyncio.to_thread(file.read_text, errors="replace")
            for file in (self.console, self.log)
            if file.exists()
        ]
        return "\n".join(text[-4000:] for text in texts)


@asynccontextmanager
async def booted(
    directory: Path, environment: Mapping[str, str], changes: Sequence[str] = (), *, token: str
) -> AsyncGenerator[Systemd]:
    """Boot a systemd that has our unit, not started yet.

    `environment` is /etc/roomkey/environment, `changes` are lines of a drop-in's [Service] section.
    """
    group = f"roomkey-{uuid4().hex[:12]}"
    log = directory / "state" / "service.log"
    shown = await asyncio.to_thread(_lay_out, directory, environment, changes, token)
    console = directory / "console.log"
    with await asyncio.to_thread(console.open, "wb") as out:
        boot = await asyncio.create_subprocess_exec(
            *("bash", str(Path(__file__).with_name("boot_systemd.sh")), str(directory), group, *shown),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        systemd = Systemd(await _first_child(boot), directory / "state", log, console)
        try:
            async with asyncio.timeout(60):
                while (await systemd.tries("systemctl", "is-active", "default.target"))[1] != "active":
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise AssertionError(f"systemd did not boot\n{await systemd.story()}") from error
        yield systemd
    finally:
        if boot.returncode is None:
            boot.kill()  # `unshare --kill-child` takes process 1 along, and that all the others
            await boot.wait()
        await asyncio.to_thread(_remove_groups, group)


def _lay_out(
    directory: Path, environment: Mapping[str, str], changes: Sequence[str], token: str
) -> Sequence[str]:
    """Write all that is to be seen in there; return which directories are shown where."""
    units = directory / "units"
    etc = directory / "roomkey"
    state = directory / "state"
    for one in (units, etc, state):
        one.mkdir()
    directory.chmod(0o755)
    shown, python, path = _program()
    unit = UNIT.read_text(encoding="utf-8")
    command = "ExecStart=/opt/roomkey/bin/roomkey run"
    assert command in unit
    (units / "roomkey.service").write_text(unit.replace(command, f"ExecStart={python} -m bot run"), "utf-8")
    for target in _TARGETS:
        (units / f"{target}.target").write_text("[Unit]\nDefaultDependencies=no\n", "utf-8")
    (units / "default.target").write_text("[Unit]\nDefaultDependencies=no\n", "utf-8")
    dropin = ["[Service]", f"Environment=PYTHONPATH={path} PYTHONDONTWRITEBYTECODE=1"]
    dropin += ["StandardOutput=append:/var/lib/service.log", "StandardError=append:/var/lib/service.log"]
    (units / "roomkey.service").write_text(
        (units / "roomkey.service").read_text("utf-8") + "\n".join(["", *dropin, *changes, ""]), "utf-8"
    )
    (directory / "passwd").write_text(
        f"root:x:0:0::/root:/bin/sh\n{_USER}:x:{_UID}:{_UID}::/var/lib/roomkey:/usr/sbin/nologin\n"
        "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
    )
    (directory / "group").write_text(f"root:x:0:\n{_USER}:x:{_UID}:\nnogroup:x:65534:\n")
    lines = [
        f'{name}="{value}"' if " " in value else f"{name}={value}" for name, value in environment.items()
    ]
    (etc / "environment").write_text("\n".join(lines) + "\n", "utf-8")
    (etc / "roomkey.toml").write_text("", "utf-8")
    (etc / "discord-token").write_text(token, "utf-8")
    for secret in ("environment", "discord-token"):
        (etc / secret).chmod(0o600)
    return shown


def _program() -> tuple[Sequence[str], str, str]:
    """Return what to show of Python and our code, the interpreter in there, and its search path."""
    packages = sysconfig.get_paths()["purelib"]
    shown = [f"{packages}=/opt/packages", f"{_ROOT / 'bot'}=/opt/code/bot"]
    shown.append(f"{_ROOT / 'sessions'}=/opt/code/sessions")
    interpreter = Path(sys.executable).resolve()
    if interpreter.is_relative_to("/usr"):
        return shown, str(interpreter), "/opt/code:/opt/packages"
    base = Path(sys.base_prefix).resolve()
    shown.append(f"{base}=/opt/python")
    return shown, f"/opt/python/{interpreter.relative_to(base)}", "/opt/code:/opt/packages"


async def _first_child(boot: asyncio.subprocess.Process) -> int:
    """Return the process id, out here, of process 1 in there."""
    children = Path(f"/proc/{boot.pid}/task/{boot.pid}/children")
    async with asyncio.timeout(60):
        while True:
            assert boot.returncode is None, "the boot script ended"
            for pid in (await asyncio.to_thread(children.read_text)).split():
                with suppress(FileNotFoundError):  # what the script ran before it became systemd
                    comm = await asyncio.to_thread(Path(f"/proc/{pid}/comm").read_text)
                    if comm.strip() == "systemd":
                        return int(pid)
            await asyncio.sleep(0.02)


def _remove_groups(name: str) -> None:
    """Remove the control groups of a systemd that has ended, innermost first, as its processes go."""
    tops = [top for where in (name, f"*/{name}") for top in Path("/sys/fs/cgroup").glob(where)]
    for _ in range(100):
        groups = {one for top in tops for one in (top, *top.rglob("*")) if one.is_dir()}
        for group in sorted(groups, key=lambda one: -len(one.parts)):
            with suppress(OSError):  # a process in it still ends
                group.rmdir()
        if not any(top.exists() for top in tops):
            return
        time.sleep(0.05)

"""The relay, run as it is in a box: it listens on a port, leads to a unix socket, and becomes a program."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from sessions.box import relay
from sessions.process import end_marked
from tests.support.egress import Serve, echo
from tests.support.free_ports import free_port

pytestmark = pytest.mark.timeout(120)  # real processes on a machine that may be busy


@asynccontextmanager
async def outside(path: Path, serve: Serve = echo) -> AsyncGenerator[None]:
    """Serve on the unix socket that the relay leads to."""
    listening = await asyncio.start_unix_server(serve, str(path), backlog=512)
    try:
        yield
    finally:
        listening.close()


@asynccontextmanager
async def relayed(
    path: Path, port: int, *command: str, env: dict[str, str] | None = None
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run a program behind a relay. Here no box ends the relay with the program, so the test does."""
    mark = f"ROOMKEY_TEST_RELAY={path}"
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", relay.__file__, str(port), str(path), *command),
        start_new_session=True,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "ROOMKEY_TEST_RELAY": str(path), **(env or {})},
    )
    try:
        yield child
    finally:
        await end_marked(mark)
        await child.communicate()


async def ready(child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None
    assert await child.stdout.readline() == b"ready\n"


async def through(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


RESET = b"\x01\0\0\0\0\0\0\0"
"""To linger for no time: a connection that is closed then is reset and has no proper end."""

WAITS = ("/bin/sh", "-c", "echo ready; read line")


async def test_what_is_sent_to_the_port_arrives_and_the_answer_comes_back(tmp_path: Path) -> None:
    path, port = tmp_path / "out.sock", free_port()
    async with outside(path), relayed(path, port, *WAITS) as child:
        await ready(child)
        assert await through(port, b"hello") == b"hello<end>"


async def test_the_port_is_open_when_the_program_begins(tmp_path: Path) -> None:
    path, port = tmp_path / "out.sock", free_port()
    fetch = (
        f"import socket; s = socket.create_connection(('127.0.0.1', {port})); s.send(b'x'); print(s.recv(9))"
    )
    async with outside(path), relayed(path, port, sys.executable, "-I", "-S", "-c", fetch) as child:
        out, err = await child.communicate()
    assert (out, err) == (b"b'x'\n", b"")


async def test_the_end_of_one_way_leaves_the_other_open(tmp_path: Path) -> None:
    async def answers_after_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"%d" % len(await reader.read()))
        writer.close()

    path, port = tmp_path / "out.sock", free_port()
    async with outside(path, answers_after_the_end), relayed(path, port, *WAITS) as child:
        await ready(child)
        assert await through(port, b"x" * 3_000_000) == b"3000000"


async def test_much_both_ways_at_once_arrives_whole(tmp_path: Path) -> None:
    path, port, sent = tmp_path / "out.sock", free_port(), os.urandom(3_000_000)
    async with outside(path), relayed(path, port, *WAITS) as child, asyncio.TaskGroup() as tasks:
        await ready(child)
        both = [tasks.create_task(through(port, sent)) for _ in range(2)]
        await asyncio.wait(both)
    assert [one.result() == sent + b"<end>" for one in both] == [True, True]


async def test_a_hundred_at_once_are_all_served(tmp_path: Path) -> None:
    path, port = tmp_path / "out.sock", free_port()
    async with outside(path), relayed(path, port, *WAITS) as child, asyncio.TaskGroup() as tasks:
        await ready(child)
        asked = [tasks.create_task(through(port, b"%d" % n)) for n in range(100)]
        await asyncio.wait(asked)
    assert [one.result() for one in asked] == [b"%d<end>" % n for n in range(100)]


async def test_a_client_that_breaks_off_costs_itself_alone(tmp_path: Path) -> None:
    path, port = tmp_path / "out.sock", free_port()
    async with outside(path), relayed(path, port, *WAITS) as child:
        await ready(child)
        for _ in range(100):  # more than there are places
            broken = socket.create_connection(("127.0.0.1", port))
            broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            broken.send(b"x")
            broken.close()
        assert await through(port, b"hello") == b"hello<end>"


async def test_a_way_out_that_is_not_there_ends_the_connection_and_not_the_relay(tmp_path: Path) -> None:
    path, port = tmp_path / "out.sock", free_port()
    async with relayed(path, port, *WAITS) as child:
        await ready(child)
        with suppress(OSError):
            assert await through(port, b"hello") == b""
        async with outside(path):
            assert await through(port, b"hello") == b"hello<end>"


async def test_a_client_that_hangs_up_while_nothing_comes_back_lets_the_relay_sleep(tmp_path: Path) -> None:
    """The kernel reports a hang-up for as long as one looks; looking on would be a loop without rest."""
    hold = asyncio.Event()

    async def holds(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        asked.set()
        await hold.wait()
        writer.close()

    path, port, asked = tmp_path / "out.sock", free_port(), asyncio.Event()
    async with outside(path, holds), relayed(path, port, *WAITS) as child:
        await ready(child)
        number = await asyncio.to_thread(relay_of, path, child.pid)
        gone = socket.create_connection(("127.0.0.1", port))
        gone.shutdown(socket.SHUT_WR)
        await asked.wait()
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        gone.close()  # the relay is awake from here on, and asleep again once it has seen this
        while not await asyncio.to_thread(sleeps, number):
            await asyncio.sleep(0.01)
        hold.set()


def sleeps(number: int) -> bool:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def relay_of(path: Path, program: int) -> int:
    """Return the process that relays: it carries the mark of the test and is not the program."""
    mark = f"ROOMKEY_TEST_RELAY={path}".encode()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int(place.name) == program or mark not in (place / "environ").read_bytes().split(b"\0"):
                continue
            if b"relay.py" in (place / "cmdline").read_bytes():
                return int(place.name)
        except OSError:
            continue
    raise AssertionError("no relay runs")


async def test_the_program_has_its_arguments_streams_environment_and_exit_code(tmp_path: Path) -> None:
    script = 'read line; printf "%s|" "$line" "$KEY" "$@"; echo oops >&2; exit 42'
    arguments = ["a b", "", "$HOME `id`", "line\nbreak"]
    path = tmp_path / "out.sock"
    async with relayed(
        path, free_port(), "/bin/sh", "-c", script, "sh", *arguments, env={"KEY": "v"}
    ) as child:
        out, err = await child.communicate(b"typed\n")
    assert out.decode().split("|")[:-1] == ["typed", "v", *arguments]
    assert (err, child.returncode) == (b"oops\n", 42)


async def test_nothing_is_added_to_the_environment(tmp_path: Path) -> None:
    """Python adds LC_CTYPE to its own where no locale is set."""
    path = tmp_path / "out.sock"
    async with relayed(path, free_port(), "/usr/bin/env") as child:
        out, _ = await child.communicate()
    names = {line.partition(b"=")[0] for line in out.splitlines()}
    assert names == {b"PATH", b"ROOMKEY_TEST_RELAY"}


async def test_the_program_is_the_process_that_was_started_and_the_relay_is_not_its_child(
    tmp_path: Path,
) -> None:
    path = tmp_path / "out.sock"
    script = 'echo $$; cat "/proc/$$/task/$$/children"'
    async with relayed(path, free_port(), "/bin/sh", "-c", script) as child:
        out, _ = await child.communicate()
        own, *children = out.split()
        assert int(own) == child.pid
        assert len(children) == 1  # the `cat` itself


async def test_the_streams_of_the_program_end_with_it_though_the_relay_lives(tmp_path: Path) -> None:
    path = tmp_path / "out.sock"
    async with relayed(path, free_port(), "/bin/sh", "-c", "echo done") as child:
        assert (await child.communicate())[0] == b"done\n"
        assert Path(f"/proc/{relay_of(path, child.pid)}").is_dir()


async def test_no_open_file_of_the_program_is_kept_open_by_the_relay(tmp_path: Path) -> None:
    path = tmp_path / "out.sock"
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", relay.__file__, str(free_port()), str(path), "/bin/sh", "-c", "exit"),
        pass_fds=[writing],
        env={"ROOMKEY_TEST_RELAY": str(path)},
    )
    os.close(writing)
    try:
        await child.wait()
        assert await asyncio.to_thread(os.read, reading, 1) == b""
    finally:
        os.close(reading)
        await end_marked(f"ROOMKEY_TEST_RELAY={path}")


async def test_a_signal_to_the_group_of_the_program_leaves_the_relay(tmp_path: Path) -> None:
    """What ends the agent politely still lets it say its last words to the model."""
    path, port = tmp_path / "out.sock", free_port()
    last_words = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done"
    async with outside(path), relayed(path, port, "/bin/sh", "-c", last_words) as child:
        await ready(child)
        os.killpg(child.pid, signal.SIGTERM)
        assert await child.wait() == 7
        assert await through(port, b"hello") == b"hello<end>"


async def test_a_closed_pipe_ends_what_the_program_starts(tmp_path: Path) -> None:
    """Python ignores that signal, and an ignored one stays ignored in all that is started."""
    async with relayed(tmp_path / "out.sock", free_port(), "/bin/cat", "/proc/self/status") as child:
        out, _ = await child.communicate()
    ignored = next(line for line in out.decode().splitlines() if line.startswith("SigIgn"))
    assert not int(ignored.split()[1], 16) & 1 << (signal.SIGPIPE - 1)


async def test_a_port_that_is_taken_stops_the_start_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with relayed(tmp_path / "out.sock", taken.getsockname()[1], "/bin/echo", "started") as child:
            out, err = await child.communicate()
    assert (child.returncode, out) == (relay.EXIT_BROKEN, b"")
    assert err == b"the way to the egress proxy cannot be opened: Address already in use\n"


async def test_a_program_that_is_missing_is_said(tmp_path: Path) -> None:
    async with relayed(tmp_path / "out.sock", free_port(), "/no/such/program") as child:
        _, err = await child.communicate()
    assert (child.returncode, err) == (
        relay.EXIT_BROKEN,
        b"cannot start /no/such/program: No such file or directory\n",
    )

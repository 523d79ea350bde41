"""The egress proxy, asked over its socket as an agent would."""

import asyncio
import errno
import ipaddress
import os
import socket
import stat
from pathlib import Path

import pytest

from sessions.box.egress import EgressProxy, Limits
from sessions.box.egress_rules import Address, Rules, Target
from tests.support.egress import Phonebook, ask, connect, echo, one_answer, proxy, server

pytestmark = pytest.mark.timeout(60)
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


async def test_a_listed_host_is_reached_through_a_tunnel() -> None:
    async with server() as port, proxy(f"127.0.0.1:{port}") as served:
        assert await ask(served.path, connect(f"127.0.0.1:{port}") + b"hello") == ESTABLISHED + b"hello<end>"


async def test_a_listed_host_is_reached_by_a_plain_request() -> None:
    async with server(one_answer) as port, proxy(f"127.0.0.1:{port}") as served:
        answer = await ask(served.path, f"GET http://127.0.0.1:{port}/a?b HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % port)


async def test_the_model_is_reached_though_nothing_is_listed() -> None:
    async with server() as port, proxy(model=f"http://127.0.0.1:{port}") as served:
        assert (await ask(served.path, connect(f"127.0.0.1:{port}"))).startswith(ESTABLISHED)


async def test_what_is_not_listed_is_refused_in_a_sentence_logged_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with server() as port, proxy("example.org") as served:
        answer = await ask(served.path, connect(f"127.0.0.1:{port}"))
        plain = await ask(served.path, f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403 Not in egress.allow\r\n")
    assert f"This room may not reach 127.0.0.1:{port}.".encode() in answer
    assert plain == answer
    assert served.refused == {"403": 2}
    assert [record.getMessage() for record in caplog.records].count("egress refused") == 2


async def test_a_flood_of_refusals_is_counted_but_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with proxy() as served, asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(ask(served.path, connect("example.org:443"))) for _ in range(150)]
        await asyncio.wait(asked)
    assert served.refused == {"403": 150}
    assert [record.getMessage() for record in caplog.records].count("egress refused") == 100


async def test_a_listed_name_that_stands_for_a_private_address_is_refused() -> None:
    names = Phonebook({"rebound.test": ["127.0.0.1"]})
    async with server() as port, proxy(f"rebound.test:{port}", names=names) as served:
        answer = await ask(served.path, connect(f"rebound.test:{port}"))
    assert answer.startswith(b"HTTP/1.1 403 Private address")


async def test_a_listed_name_may_stand_for_a_private_address_that_is_listed_itself() -> None:
    names = Phonebook({"git.test": ["127.0.0.1"]})
    async with server() as port, proxy(f"git.test:{port}", f"127.0.0.1:{port}", names=names) as served:
        assert (await ask(served.path, connect(f"git.test:{port}"))).startswith(ESTABLISHED)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (("127.0.0.1", "127.0.0.2"), ESTABLISHED),
        (("127.0.0.2", "127.0.0.1"), b"HTTP/1.1 403 Private address"),
    ],
)
async def test_a_name_that_changes_is_asked_once_and_what_was_judged_is_connected_to(
    answers: tuple[str, str], outcome: bytes
) -> None:
    """DNS rebinding: one address when it is judged, another when it is connected to."""
    names = Phonebook({"rebound.test": answers})
    async with server() as port, proxy(f"rebound.test:{port}", f"127.0.0.1:{port}", names=names) as served:
        assert (await ask(served.path, connect(f"rebound.test:{port}"))).startswith(outcome)
    assert names.asked == ["rebound.test"]


class Both:
    """A name with many addresses of one kind, at which nobody is, and one of the other."""

    async def __call__(self, target: Target) -> list[Address]:
        return [ipaddress.ip_address(text) for text in (*("::1",) * 9, "127.0.0.1")]


async def test_where_one_kind_of_address_leads_nowhere_the_other_is_tried_next() -> None:
    async with server() as port:
        allow = (f"both.test:{port}", f"127.0.0.1:{port}", f"[::1]:{port}")
        async with proxy(*allow, names=Both()) as served:
            assert (await ask(served.path, connect(f"both.test:{port}"))).startswith(ESTABLISHED)


async def test_a_name_that_does_not_exist_is_said() -> None:
    async with proxy("*.example.org") as served:
        answer = await ask(served.path, connect("no.example.org:443"))
    assert answer.startswith(b"HTTP/1.1 502 Name not found")


async def test_a_host_that_does_not_answer_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with proxy(f"127.0.0.1:{port}") as served:
        answer = await ask(served.path, connect(f"127.0.0.1:{port}"))
    assert answer.startswith(b"HTTP/1.1 502 Not reachable")


@pytest.mark.parametrize("request_head", [b"SSH-2.0-x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"CONNECT a:b"])
async def test_what_is_no_proxy_request_is_refused(request_head: bytes) -> None:
    async with proxy() as served:
        assert (await ask(served.path, request_head)).startswith(b"HTTP/1.1 400 ")


async def test_a_head_that_does_not_end_is_refused() -> None:
    async with proxy(limits=Limits(head_bytes=1024)) as served:
        answer = await ask(served.path, b"CONNECT a.test:443 HTTP/1.1\r\nA: " + b"x" * 4096, ends=False)
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_a_client_that_is_too_slow_is_refused() -> None:
    async with proxy(limits=Limits(head_s=0.05)) as served:
        answer = await ask(served.path, b"CONNECT a.te", ends=False)
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_connection_on_which_nothing_comes_is_ended() -> None:
    limits = Limits(idle_s=0.05)
    async with server() as port, proxy(f"127.0.0.1:{port}", limits=limits) as served:
        assert await ask(served.path, connect(f"127.0.0.1:{port}"), ends=False) == ESTABLISHED


async def test_a_connection_that_carries_too_much_is_ended() -> None:
    limits = Limits(connection_bytes=1000)
    async with server() as port, proxy(f"127.0.0.1:{port}", limits=limits) as served:
        answer = await ask(served.path, connect(f"127.0.0.1:{port}") + b"x" * 5000)
    assert answer == ESTABLISHED


async def test_the_end_of_one_way_leaves_the_other_open() -> None:
    async def answers_after_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.read()
        writer.write(b"all of %d" % len(asked))
        writer.close()

    async with server(answers_after_the_end) as port, proxy(f"127.0.0.1:{port}") as served:
        answer = await ask(served.path, connect(f"127.0.0.1:{port}") + b"x" * 300_000)
    assert answer == ESTABLISHED + b"all of 300000"


async def test_a_large_answer_to_a_slow_reader_arrives_whole() -> None:
    size = 5_000_000

    async def much(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * size)
        writer.close()

    async with server(much) as port, proxy(f"127.0.0.1:{port}") as served:
        reader, writer = await asyncio.open_unix_connection(str(served.path), limit=1024)
        writer.write(connect(f"127.0.0.1:{port}"))
        got = 0
        while part := await reader.read(50_000):
            got += len(part)
            await asyncio.sleep(0)
        writer.close()
    assert got == size + len(ESTABLISHED)


@pytest.mark.parametrize("connections", [4, 64])
async def test_a_hundred_at_once_are_all_served_in_the_places_there_are(connections: int) -> None:
    at_once, most = 0, 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await echo(reader, writer)
        at_once -= 1

    limits = Limits(connections=connections)
    async with (
        server(counted) as port,
        proxy(f"127.0.0.1:{port}", limits=limits) as served,
        asyncio.TaskGroup() as tasks,
    ):
        each = [ask(served.path, connect(f"127.0.0.1:{port}") + b"%d" % n) for n in range(100)]
        asked = [tasks.create_task(one) for one in each]
    assert [task.result() for task in asked] == [ESTABLISHED + b"%d<end>" % n for n in range(100)]
    assert most <= connections


async def test_a_client_that_goes_away_ends_its_connection_outside() -> None:
    gone = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()
        writer.close()

    async with server(waits) as port, proxy(f"127.0.0.1:{port}") as served:
        reader, writer = await asyncio.open_unix_connection(str(served.path))
        writer.write(connect(f"127.0.0.1:{port}"))
        await reader.readexactly(len(ESTABLISHED))
        writer.close()
        await gone.wait()


async def test_the_end_of_the_proxy_ends_its_connections_and_removes_its_socket() -> None:
    async with server() as port, proxy(f"127.0.0.1:{port}") as served:
        reader, writer = await asyncio.open_unix_connection(str(served.path))
        writer.write(connect(f"127.0.0.1:{port}"))
        await reader.readexactly(len(ESTABLISHED))
        await served.close()
        assert await reader.read() == b""
        writer.close()
        assert not served.path.exists()


async def test_nobody_else_may_open_the_socket_or_look_where_it_lies() -> None:
    async with proxy() as served:
        assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(served.path.parent.stat().st_mode) == 0o700


async def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "room.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    async with asyncio.TaskGroup() as tasks:
        served = EgressProxy(Rules.of((), "http://127.0.0.1:9"), path, tasks)
        await served.start()
        assert (await ask(path, b"\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        await served.close()


async def test_a_data_directory_with_a_long_path_is_fine(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "run"
    async with asyncio.TaskGroup() as tasks:
        served = EgressProxy(Rules.of((), "http://127.0.0.1:9"), deep / "room.sock", tasks)
        await served.start()
        assert stat.S_ISSOCK(served.path.stat().st_mode)
        await served.close()


async def test_a_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to("elsewhere")
    async with asyncio.TaskGroup() as tasks:
        served = EgressProxy(Rules.of((), "http://127.0.0.1:9"), tmp_path / "run" / "room.sock", tasks)
        with pytest.raises(OSError, match=os.strerror(errno.ENOTDIR)):
            await served.start()
    assert list((tmp_path / "elsewhere").iterdir()) == []

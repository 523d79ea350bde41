"""What the probe of a strict box tries of the network: that nothing is reached but the egress proxy."""

import os
import select
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from sessions.box.launcher import DESCRIPTION
from sessions.box.spec import BoxSpec
from sessions.box.strict import PORT, python

_LIMIT_S: Final = 20.0
_LOOK_S: Final = 0.05
_CANARY: Final = b"the way out\n"

_SCRIPT: Final = """
import socket, sys
for port in map(int, sys.argv[1:]):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as there:
            there.sendall(b"?")
            print(port, there.recv(100).decode().strip())
    except OSError as error:
        print(port, "closed")
"""


def network_breaches(spec: BoxSpec, launcher: Path, describe: Callable[[BoxSpec], str]) -> list[str]:
    """Return what of a strict box's network does not hold, each as a clause; nothing if all does. Blocks.

    A service of the host's loopback must not be reached from inside; the socket of an egress proxy must.
    Raises OSError.
    """
    way = spec.lock.with_name("egress.sock")
    with ExitStack() as stack:
        host = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        proxy = stack.enter_context(_unix_server(way))
        number = host.getsockname()[1]
        words = ("-c", 'exec "$@"', "sh", str(python()), "-I", "-S", "-c", _SCRIPT)
        child = stack.enter_context(
            subprocess.Popen(
                [launcher, *words, str(number), str(PORT)],
                env={"PATH": "/usr/bin:/bin", DESCRIPTION: describe(replace(spec, egress=way))},
                cwd=spec.workdir,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )
        _answer(child, [host, proxy])
        said = b"" if child.stdout is None else child.stdout.read()
    found = said.decode("utf-8", "replace").splitlines()
    breaches = list[str]()
    if f"{number} closed" not in found:
        breaches.append("services of this machine's loopback are reached")
    if f"{PORT} {_CANARY.decode().strip()}" not in found:
        breaches.append("the egress proxy is not reached")
    return breaches


def _unix_server(path: Path) -> socket.socket:
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        server = socket.socket(socket.AF_UNIX)
        server.bind(f"/proc/self/fd/{directory}/{path.name}")
        server.listen()
    finally:
        os.close(directory)
    return server


def _answer(child: subprocess.Popen[bytes], servers: list[socket.socket]) -> None:
    """Say the canary to whoever comes, until the child has ended or its time is over."""
    deadline_s = time.monotonic() + _LIMIT_S
    while child.poll() is None:
        if time.monotonic() >= deadline_s:
            child.kill()
            return
        for server in select.select(servers, [], [], _LOOK_S)[0]:
            client, _ = server.accept()
            with client:
                client.settimeout(_LIMIT_S)
                client.recv(
                    1
                )  # closed with something unread, it would be a broken connection to the other end
                client.sendall(_CANARY)

"""Runs in a `strict` box before the agent: carries what it sends to its proxy out through a unix socket.

    python -I -S relay.py PORT SOCKET PROGRAM [ARGUMENT ...]

It listens on 127.0.0.1 of the box's own network, leaves a process behind that relays, and becomes
PROGRAM: same process, same standard streams, same exit code. The one left behind is no child of the
agent and ends with the box. It decides nothing: whatever passes is judged by the proxy outside.
Run as a script in a bare interpreter, so it imports nothing of ours; and of `socket` and `signal` only
their cores, as the rest of them would double the time until the agent starts.
"""

# The cores have no full stubs.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportAttributeAccessIssue=false
import _signal
import _socket
import os
import select
import sys

EXIT_BROKEN = 126
"""How a start ends that could not be: the port is taken, or the program cannot be started."""

_BUFFER_BYTES = 64 * 1024
_CONNECTIONS = 64
_CONNECT_S = 10.0
_BACKLOG = 512


class Way:
    """One direction of a connection: what came from `source` and is not yet at `target`."""

    def __init__(self, source: _socket.socket, target: _socket.socket) -> None:
        self.source = source
        self.target = target
        self.waiting = b""
        self.has_ended = False

    def read(self) -> None:
        """Take what has come; its end is passed on once all before it is. Raises OSError."""
        self.waiting = self.source.recv(_BUFFER_BYTES)
        self.has_ended = not self.waiting
        self.write()

    def write(self) -> None:
        """Pass on what waits, as far as it goes. Raises OSError."""
        if self.waiting:
            try:
                self.waiting = self.waiting[self.target.send(self.waiting) :]
            except BlockingIOError:
                return
        if self.has_ended:
            self.target.shutdown(_socket.SHUT_WR)


class Relay:
    """Carries connections of a listening socket to a unix socket until it is killed."""

    def __init__(self, listener: _socket.socket, path: str) -> None:
        self._listener = listener
        self._path = path
        self._poll = select.epoll()
        self._watched: set[_socket.socket] = set()
        self._ways: dict[int, tuple[Way, Way]] = {}  # by descriptor: what it reads, what it writes

    def run(self) -> None:
        """Relay; never returns."""
        while True:
            room = len(self._ways) < 2 * _CONNECTIONS
            self._watch(self._listener, select.EPOLLIN if room else 0)
            for number, _ in self._poll.poll():
                if number == self._listener.fileno():
                    self._accept()
                elif number in self._ways:
                    self._move(*self._ways[number])

    def _accept(self) -> None:
        near = _socket.socket(fileno=self._listener._accept()[0])  # noqa: SLF001 -- what `socket` calls
        far = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            far.settimeout(_CONNECT_S)
            far.connect(self._path)
        except OSError:
            near.close()
            far.close()
            return
        near.settimeout(0)
        far.settimeout(0)
        out, back = Way(near, far), Way(far, near)
        self._ways[near.fileno()] = (out, back)
        self._ways[far.fileno()] = (back, out)
        self._watch(near, select.EPOLLIN)
        self._watch(far, select.EPOLLIN)

    def _move(self, reads: Way, writes: Way) -> None:
        """Do what can be done for one connection: `reads` and `writes` are its two ways."""
        try:
            for way in (reads, writes):
                if way.waiting:
                    way.write()
                if not way.waiting and not way.has_ended:
                    try:
                        way.read()
                    except BlockingIOError:
                        continue
        except OSError:
            self._end(reads)
            return
        if all(way.has_ended and not way.waiting for way in (reads, writes)):
            self._end(reads)
            return
        for way, other in ((reads, writes), (writes, reads)):
            wants = 0 if way.waiting or way.has_ended else select.EPOLLIN
            self._watch(way.source, wants | (select.EPOLLOUT if other.waiting else 0))

    def _end(self, way: Way) -> None:
        for end in (way.source, way.target):
            self._watch(end, 0)
            del self._ways[end.fileno()]
            end.close()

    def _watch(self, end: _socket.socket, events: int) -> None:
        # One that is waited for in nothing must be forgotten: epoll reports a hang-up unasked, for ever.
        watched, number = end in self._watched, end.fileno()
        if events and watched:
            self._poll.modify(number, events)
        elif events:
            self._poll.register(number, events)
            self._watched.add(end)
        elif watched:
            self._poll.unregister(number)
            self._watched.discard(end)


def main(port: str, path: str, program: str, *arguments: str) -> int:
    """Leave the relay behind and become the program; returns only if that is impossible."""
    try:
        listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(port)))
        listener.listen(_BACKLOG)
    except OSError as error:
        sys.stderr.write(f"the way to the egress proxy cannot be opened: {os.strerror(error.errno or 0)}\n")
        return EXIT_BROKEN
    if os.fork() == 0:
        _stay(listener, path)
    os.wait()
    listener.close()
    # Python ignores it, and what is ignored stays so in the program and all that it starts.
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    try:
        os.execve(program, [program, *arguments], _environment())  # noqa: S606 -- no shell is the point
    except OSError as error:
        sys.stderr.write(f"cannot start {program}: {error.strerror}\n")
        return EXIT_BROKEN


def _environment() -> dict[bytes, bytes]:
    """Return the environment we were started with: Python adds LC_CTYPE to its own where no locale is set."""
    with open("/proc/self/environ", "rb") as told:  # noqa: PTH123 -- pathlib would cost more than all of this
        entries = told.read().split(b"\0")
    return {name: text for name, equals, text in (entry.partition(b"=") for entry in entries) if equals}


def _stay(listener: _socket.socket, path: str) -> None:
    """Become the relay, in a process that the agent has not to wait for. Never returns."""
    os.setsid()  # a signal to the agent's group is not for us: it may still have something to say
    if os.fork() != 0:
        os._exit(0)
    kept = listener.fileno()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    listener.settimeout(0)
    try:
        Relay(listener, path).run()
    finally:
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

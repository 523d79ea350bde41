"""What a request to an HTTP proxy asks for: its head -> a target, and what to pass on. Pure."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sessions.box.egress_rules import Target

_LINE: Final = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]+) HTTP/1\.[01]")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", re.DOTALL)
# What is between the client and its proxy, and the target's name, which the address outranks.
_OURS: Final = frozenset({b"host", b"connection", b"proxy-connection", b"keep-alive", b"proxy-authorization"})


class BadHead(ValueError):
    """It is no request to a proxy; the text says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a client wants to go. `head` is what is sent there first; empty for a tunnel."""

    target: Target
    head: bytes = b""

    @property
    def is_tunnel(self) -> bool:
        """Whether the client waits for a word of ours before it goes on."""
        return not self.head


def read_head(head: bytes) -> Wanted:
    """Read the head of one request, up to its empty line.

    `CONNECT host:port` is a tunnel. Any other method needs an `http://` address; it is passed on
    in the form for the server itself, for this one request.

    Raises:
        BadHead: it is neither.
    """
    line, *fields = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    asked = _LINE.fullmatch(line)
    if asked is None:
        raise BadHead("This is an HTTP proxy, and that was no HTTP request.")
    method, wanted = asked[1], asked[2].decode("ascii")
    kept: list[bytes] = []
    for field in fields:
        known = _FIELD.fullmatch(field)
        # A line that goes on in the next one, or a bare line end, could mean two things to two readers.
        if known is None or b"\r" in field or b"\n" in field or b"\0" in field:
            raise BadHead("A header of the request is not well formed.")
        if known[1].lower() not in _OURS:
            kept.append(field)
    try:
        if method == b"CONNECT":
            return Wanted(Target.parse(wanted))
        parts = urlsplit(wanted)
        if parts.scheme.lower() != "http" or not parts.netloc or "@" in parts.netloc:
            raise BadHead("This is an HTTP proxy: ask for an http:// address, or CONNECT to a host and port.")
        target = Target.parse(parts.netloc, 80)
    except BadHead:
        raise
    except ValueError as error:
        raise BadHead(f"The request names no host and port: {error}.") from error
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = str(target).removesuffix(":80")
    first = [b"%s %s HTTP/1.1" % (method, path.encode("ascii")), b"Host: " + host.encode("ascii")]
    return Wanted(target, b"\r\n".join([*first, *kept, b"Connection: close", b"", b""]))

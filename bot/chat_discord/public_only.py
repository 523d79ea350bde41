"""Sockets to the public internet alone: each address is looked at when the socket for it is made."""

import errno
import ipaddress
import socket

from sessions.box import egress_rules


class NotPublic(OSError):
    """A name led to an address that is not of the public internet: of this machine, or of its network."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; False for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return egress_rules.is_public(ip)


def public_socket(
    address: tuple[int, int, int, str, "tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]"],
) -> socket.socket:
    """Return a socket for what a name led to, as the resolver gave it: it is connected to that and no other.

    A name may lead elsewhere from one moment to the next, so looking it up before would not do.

    Raises:
        NotPublic: the address is not of the public internet.
    """
    family, kind, protocol, _, (host, *_) = address
    if not is_public(str(host)):
        raise NotPublic(errno.EACCES, "not a public address")
    return socket.socket(family, kind, protocol)

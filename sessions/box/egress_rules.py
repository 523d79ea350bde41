"""Which hosts an agent may reach: the allow-list, and what its names may stand for. Pure."""

import ipaddress
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

WEB_PORTS: Final = frozenset({80, 443})
"""What an entry without a port opens."""

_HOST_CHARS: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_PLATFORM: Final = frozenset({ipaddress.IPv4Address("168.63.129.16")})
"""Public by its number, but in a cloud the machine's own keeper: it hands out what the machine may know."""

_V4_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """A host and a port: `host` is a name in lower case without its last dot, or an address as text."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, port: int | None = None) -> Self:
        """Read `host:port`, or `host` where `port` says what stands for none; IPv6 stands in brackets.

        Raises:
            ValueError: it is no such text; the sentence says what is wrong.
        """
        host, number = _split(text)
        if not number and port is not None:
            return cls(_host(host), port)
        return cls(_host(host), _port(number))

    @property
    def address(self) -> Address | None:
        """The host as an address; None if it is a name."""
        return _address(self.host)

    def __str__(self) -> str:
        """Return it as it is written in an address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the allow-list: a host or `*.` and a domain, and the ports that are open there."""

    host: str
    ports: frozenset[int]
    below: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host`, `host:port`, `*.domain` or `*.domain:port`.

        Raises:
            ValueError: it is none of them; the sentence says what is wrong.
        """
        rest = text.strip()
        if not rest or "/" in rest:
            raise ValueError(f"{text!r} is no host; write it such as example.org or *.example.org:8443")
        if rest == "*":
            raise ValueError("'*' opens too much; name hosts, or choose isolation = \"bwrap\"")
        below = rest.startswith("*.")
        name, number = _split(rest.removeprefix("*."))
        host = _host(name)
        if below and (_address(host) is not None or "." not in host):
            raise ValueError(f"{text!r} opens too much; name at least two labels, such as *.example.org")
        return cls(host, frozenset({_port(number)}) if number else WEB_PORTS, below)

    def admits(self, target: Target) -> bool:
        """Whether this entry opens a target."""
        fits = target.host.endswith(f".{self.host}") if self.below else target.host == self.host
        return fits and target.port in self.ports

    def __str__(self) -> str:
        """Return it as it is written in the settings."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.ports == WEB_PORTS else f":{min(self.ports)}"
        return f"{'*.' if self.below else ''}{host}{port}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is open: the owner's entries, and the one host of the model, if there is one.

    A name opens public addresses alone; a private one must stand in the list itself, as an address.
    The model's host may be anywhere: it was put there by whoever started the bot.
    """

    entries: tuple[Entry, ...]
    model: Target | None

    @classmethod
    def of(cls, allow: Iterable[str], model_url: str | None) -> Self:
        """Return the rules for entries as the settings write them. Raises ValueError."""
        model = None if model_url is None else model_target(model_url)
        return cls(tuple(Entry.parse(entry) for entry in allow), model)

    def admits(self, target: Target) -> bool:
        """Whether the list opens a target, whatever it stands for."""
        return target == self.model or any(entry.admits(target) for entry in self.entries)

    def admits_address(self, target: Target, address: Address) -> bool:
        """Whether a target that is open may be this address."""
        here = Target(str(address), target.port)
        return target == self.model or is_public(address) or any(one.admits(here) for one in self.entries)


def model_target(url: str) -> Target:
    """Return the host and port of the model's address.

    Raises:
        ValueError: it is none. The text does not show it, as there may be a password in it.
    """
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return Target(_host(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80))
    raise ValueError("that is no address of a model; one begins with https:// or http://")


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, and carries none inside that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.is_site_local or address in _NAT64_LOCAL or address in _V4_COMPATIBLE:
            return False
        return address.is_global and not address.is_multicast and all(map(is_public, _inside(address)))
    return address.is_global and not address.is_multicast and address not in _PLATFORM


def _inside(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address is a way to."""
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [one for one in found if one is not None]


def _split(text: str) -> tuple[str, str]:
    """Return the host and the port as they are written; the port is empty if there is none."""
    host, colon, number = text.rpartition(":")
    if not colon or number.endswith("]"):
        return text, ""
    if ":" in host and not host.endswith("]"):
        raise ValueError(f"{text[:80]!r} is no host; write an IPv6 address in brackets")
    return host, number


def _host(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    address = _address(bare)
    if (len(text) - len(bare) not in (0, 2)) or (
        bare != text and not isinstance(address, ipaddress.IPv6Address)
    ):
        raise ValueError(f"{text!r} is no host")
    if address is not None:
        return str(address)
    name = bare.lower().removesuffix(".")
    labels = name.split(".")
    # A last label of digits alone would be an address to some resolvers: 127.1, 0x7f.1, 2130706433.
    numeric = labels[-1].isdigit() or labels[-1].startswith("0x")
    if len(name) > _HOST_CHARS or numeric or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text[:80]!r} is no host")
    return name


def _port(text: str) -> int:
    if not _PORT.fullmatch(text) or not 0 < int(text) < 65536:
        raise ValueError(f"{text[:20]!r} is no port")
    return int(text)


def _address(text: str) -> Address | None:
    if "%" in text:  # a scope of this machine
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None

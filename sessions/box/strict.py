"""The strict box: bubblewrap's, with a network of its own that leads to the agent's egress proxy alone.

Inside, `relay.py` listens on a port of that network and carries what comes to the proxy's socket, the
one thing of the host that is shown. docs/adr/0009-strict-egress.md says why it is made so.
"""

import shutil
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import Final

from sessions.box import relay
from sessions.box.bwrap import (
    Bind,
    BwrapBox,
    bwrap_arguments,
    bwrap_description,
    program_binds,
    read_host,
)
from sessions.box.findings import Expected
from sessions.box.none import write_launcher
from sessions.box.spec import BoxSpec
from sessions.settings import Isolation

PORT: Final = 3128
"""Where the way out begins inside. The network is the box's own, so it is always free."""

SOCKET: Final = Path("/run/roomkey/egress.sock")

_BWRAP: Final = BwrapBox()
_USR: Final = Path("/usr")
_SYSTEM_PYTHON: Final = Path("/usr/bin/python3")
_LEAST_MINOR: Final = 9
_RELAY: Final = Path("/run/roomkey/relay.py")
_URL: Final = f"http://127.0.0.1:{PORT}"
_TO_IT: Final = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
# Whatever goes past the proxy reaches nothing: the model may well be on the host's 127.0.0.1.
_PAST_IT: Final = frozenset({"ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"})


class StrictBox:
    """Each agent is alone, as with `BwrapBox`, and reaches only what its egress proxy opens."""

    level: Isolation = "strict"

    def write_launcher(self, path: Path) -> None:
        """Write the program that starts an agent; only its owner may run it."""
        write_launcher(path)

    def describe(self, spec: BoxSpec) -> str:
        """Return what the launcher is told, for the variable `launcher.DESCRIPTION`. Blocks."""
        boxed = _with_way_out(spec)
        inside, binds = program_binds(spec.program, spec.home)
        host = read_host()
        arguments = bwrap_arguments(boxed, host, (*way_out_binds(spec), *binds), unshare_net=True)
        return bwrap_description(boxed, host, arguments, (*relay_command(), str(inside)))

    def expected(self, spec: BoxSpec) -> Expected:
        """Return what the probe must find in such a box."""
        expected = _BWRAP.expected(_with_way_out(spec))
        return replace(
            expected,
            shown=expected.shown | {str(bind.inside) for bind in way_out_binds(spec)},
            namespaces=expected.namespaces | {"net"},
        )

    def lacks(self) -> str | None:
        """Return what this machine lacks for such a box, as a sentence that says how to get it. Blocks."""
        if shutil.which("socat") is None:
            return "socat is not installed, and Claude's own sandbox needs it: apt install socat"
        return _BWRAP.lacks()


def relay_command() -> tuple[str, ...]:
    """Return what runs a program behind the relay inside, before that program's own words. Blocks."""
    return (str(python()), "-I", "-S", str(_RELAY), str(PORT), str(SOCKET))


def way_out_binds(spec: BoxSpec) -> tuple[Bind, ...]:
    """Return what is shown for the way out: the proxy's socket, the relay, and its Python. Blocks."""
    way = () if spec.egress is None else (Bind(spec.egress, SOCKET),)
    return (*way, Bind(Path(relay.__file__).resolve(), _RELAY), *python_binds(python()))


def _with_way_out(spec: BoxSpec) -> BoxSpec:
    env = {name: text for name, text in spec.env.items() if name not in _PAST_IT}
    return replace(spec, env={**env, **dict.fromkeys(_TO_IT, _URL)})


def python(own: Path | None = None, system: Path = _SYSTEM_PYTHON) -> Path:
    """Return the Python inside: the system's where ours lies elsewhere, so that less is shown. Blocks."""
    own, system = (own or Path(sys.executable)).resolve(), system.resolve()
    if _USR in own.parents:
        return own
    minor = system.name.removeprefix("python3.")
    is_new = minor.isdecimal() and int(minor) >= _LEAST_MINOR
    is_whole = Path("/usr/lib", system.name, "socket.py").is_file()
    return system if is_new and is_whole and _USR in system.parents else own


def python_binds(program: Path) -> tuple[Bind, ...]:
    """Return what must be shown for our own Python: itself, its library, what it is linked to. Blocks."""
    if _USR in program.parents:
        return ()
    places = [program, Path(sysconfig.get_path("stdlib")).resolve()]
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        linked = Path(str(sysconfig.get_config_var("LIBDIR")), str(sysconfig.get_config_var("INSTSONAME")))
        places.append(linked.resolve())
    return tuple(Bind(place, place) for place in places if place.exists())

"""The environment of an agent's process, built from an allow-list; nothing else of ours is passed on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_NAMES: Final = frozenset(
    {
        *("PATH", "LANG", "LANGUAGE", "TERM", "TZ"),
        # How the machine reaches the network.
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
        # The agent's login.
        "CLAUDE_CODE_OAUTH_TOKEN",
    }
)
_PREFIXES: Final = ("LC_", "ANTHROPIC_")
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


def is_passed_on(name: str) -> bool:
    """Whether agents get a variable of ours, if it is set."""
    return name in _NAMES or name.startswith(_PREFIXES)


def child_env(home: Path, temp_dir: Path, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment for an agent whose home directory is `home`.

    Taken from `own` (default: this process's environment) are the language, time zone, proxy and
    certificate settings, `ANTHROPIC_*` and `CLAUDE_CODE_OAUTH_TOKEN`. Neither directory is made.
    """
    taken = passed_on(own)
    return {"PATH": _PATH, "LANG": "C.UTF-8", **taken, "HOME": str(home), "TMPDIR": str(temp_dir)}


def passed_on(own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what agents get of our variables (default: of this process's environment)."""
    source = os.environ if own is None else own
    return {name: text for name, text in source.items() if is_passed_on(name)}

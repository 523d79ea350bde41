"""Secrets with random values, put wherever a secret can be, and where they are looked for afterwards."""

import base64
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from sessions.settings import Isolation
from tests.support.running_bot import World

MODEL = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "gateway header",
    "proxy password",
)
"""Those that reach an agent, as long as there is no credential proxy."""

_VARIABLES = (
    *("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "OPENAI_API_KEY", "NPM_TOKEN", "VAULT_TOKEN", "SMTP_PASSWORD"),
    *("SSH_PASSPHRASE", "KUBE_TOKEN", "ROOMKEY_TEST_SECRET"),
)
_FILES = (
    *(".aws/credentials", ".netrc", ".ssh/id_ed25519", ".claude/.credentials.json", ".config/roomkey/note"),
    *("data/backups/roomkey-old.sqlite3", "data/import/report.json", "data/locks/note", "data/bin/note"),
    *("data/sessions/222222222222222222/work/plan.txt", "data/sessions/222222222222222222/memory/MEMORY.md"),
    "data/sessions/222222222222222222/home/claude/projects/x/y.jsonl",
)

# As an ordinary user: no capability lets it look into other processes or at files of others.
_AS_NOBODY_SPECIAL = (
    "setpriv",
    "--bounding-set=-all",
    "--inh-caps=-all",
    "--securebits=+noroot,+noroot_locked",
)


@dataclass(frozen=True, slots=True)
class Canaries:
    """Each secret by where it was put."""

    values: Mapping[str, str]

    def found_in(self, text: str, *, but: tuple[str, ...] = ()) -> list[str]:
        """Return which stand in a text, plain or encoded."""
        squeezed = "".join(text.split()).replace("\\", "")
        return [
            name
            for name, value in self.values.items()
            if name not in but and any(form in squeezed for form in _forms(value))
        ]


def planted(here: World) -> Canaries:
    """Put a secret into every place; the bot is not started yet."""
    values = {
        name: f"cnry{token_hex(12)}" for name in (*MODEL, *_VARIABLES, *_FILES, "database url", "settings")
    }
    values["token"] = f"cnry{token_hex(6)}.{token_hex(4)}.{token_hex(8)}"
    [(old, owner)] = here.guild.tokens.items()
    here.guild.tokens[values["token"]] = owner
    del here.guild.tokens[old]
    home = here.data_dir.parent
    for name in _FILES:
        _write(home / name, f"a file with {values[name]}\n")
    _write(here.data_dir / "roomkey.toml", f"# {values['settings']}\n")
    _write(here.data_dir / "discord-token", values["token"])
    here.settings |= {
        **{name: values[name] for name in (*MODEL[:3], *_VARIABLES)},
        "ANTHROPIC_CUSTOM_HEADERS": f"X-Gateway-Key: {values['gateway header']}",
        "https_proxy": f"http://joe:{values['proxy password']}@127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "DATABASE_URL": f"postgres://joe:{values['database url']}@127.0.0.1:9/db",
        "DISCORD_BOT_TOKEN": values["token"],
        "ROOMKEY_LOG__LEVEL": "debug",
        "ROOMKEY_LOG__FORMAT": "json",
    }
    return Canaries(values)


def ordinary() -> tuple[str, ...]:
    """Return what a command line begins with, so that what it starts has no right that others have not."""
    return _AS_NOBODY_SPECIAL if os.geteuid() == 0 and shutil.which("setpriv") else ()


def command(log: Path, isolation: Isolation = "none") -> tuple[str, ...]:
    """Return how the bot is started, its log in a file; without bubblewrap as an ordinary user.

    Root without its rights can use no bubblewrap: the kernel lets nobody be root in it then.
    """
    return (
        *(ordinary() if isolation in ("none", "landlock") else ()),
        "sh",
        "-c",
        'exec "$0" -m bot run 2>"$1"',
        sys.executable,
        str(log),
    )


def bash(command: str) -> str:
    """Return the prompt that has the model call the shell."""
    return f"tool:Bash:{json.dumps({'command': command})}"


def files_of(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file below a directory that can be read, with its bytes as text."""
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes().decode("latin-1")


def processes() -> Iterator[tuple[str, str, str]]:
    """Yield the directory, command line and environment of every process, as far as they can be read."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            line = (place / "cmdline").read_bytes().decode("latin-1")
            env = (place / "environ").read_bytes().decode("latin-1")
        except OSError:
            continue
        yield place.name, line, env


def _write(path: Path, text: str) -> None:
    for folder in reversed(path.parents):
        folder.mkdir(mode=0o700, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def _forms(value: str) -> list[str]:
    """Return the secret as a leak could show it; written here once more, apart from the code under test."""
    raw = value.encode()
    parts = [base64.b64encode(b"_" * shift + raw).decode()[4:-4] for shift in range(3)]
    return [
        value,
        *parts,
        raw.hex(),
        raw.hex().upper(),
        re.sub("..", r"%\g<0>", raw.hex()),
        quote(value, safe=""),
    ]

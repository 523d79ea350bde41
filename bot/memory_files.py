"""A room's memory files, as people read and change them: through no link, within limits. Blocking."""

import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sessions.beneath import Found, create_beneath, list_beneath, open_beneath, remove_beneath, rename_beneath
from sessions.errors import UserError

SHOWN_BYTES: Final = 512 * 1024
"""A larger file is not shown at all: it is no memory."""

_NAME: Final = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,59}")
_FIRST: Final = "MEMORY.md"
"""What the agent reads at each start; the others are found from it."""


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A memory file as it was read. `text` is None if it is no text."""

    name: str
    content: bytes

    @property
    def text(self) -> str | None:
        """What it says."""
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            return None

    @property
    def digest(self) -> str:
        """Tells this content from any other: 12 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()[:12]


def short(name: str) -> str:
    """Return what stands for a file's name where there is little space: 16 hexadecimal digits."""
    return hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:16]


def memory_files(memory_dir: Path) -> Sequence[Found]:
    """Return the files of a memory directory, what is read first first, then the newest. Raises UserError."""
    try:
        found = [one for one in list_beneath(memory_dir) if one.is_file and not one.name.startswith(".")]
    except OSError as error:
        raise UserError(f"The memory of this room cannot be read: {error.strerror}.") from error
    return sorted(found, key=lambda one: (one.name != _FIRST, -one.changed_s, one.name))


def named(memory_dir: Path, digits: str) -> str:
    """Return the name that `short` stands for. Raises UserError if there is no such file any more."""
    for one in memory_files(memory_dir):
        if short(one.name) == digits:
            return one.name
    raise UserError("That file is not there any more. `/memory` shows what is.")


def read_memory(memory_dir: Path, name: str) -> MemoryFile:
    """Return a memory file. Raises UserError: there is none, or it is no plain file, or too large."""
    try:
        with open_beneath(memory_dir, name) as file:
            content = file.read(SHOWN_BYTES + 1)
    except (FileNotFoundError, ValueError) as error:
        raise UserError("There is no such memory file. `/memory` shows which there are.") from error
    except OSError as error:
        raise UserError("That is no plain file of its own, and no link is followed.") from error
    if len(content) > SHOWN_BYTES:
        raise UserError(f"That file is larger than {SHOWN_BYTES // 1024} KiB. Ask the agent about it.")
    return MemoryFile(name, content)


def checked_name(name: str) -> str:
    """Return the name of a new file as it is written, with `.md` at its end. Raises UserError."""
    given = name.strip()
    whole = given if "." in given else f"{given}.md"
    if _NAME.fullmatch(whole) is None:
        raise UserError("A name has up to 60 letters, digits, `-`, `_` and `.`, such as `deploys.md`.")
    return whole


def write_memory(memory_dir: Path, name: str, text: str, *, was: str | None) -> None:
    """Let a memory file say `text`; "" deletes it. `was` is the digest of what it said; None: it is new.

    The old or the new one is there at any moment, whole.

    Raises:
        UserError: it says something else by now, it exists already, or it cannot be written.
    """
    try:
        now = read_memory(memory_dir, name).digest
    except UserError:
        now = None
    if was is None and now is not None:
        raise UserError(f"There is a file `{name}` already. `/memory` shows it.")
    if was != now:
        raise UserError("The agent changed that file meanwhile, so nothing was saved.")
    try:
        if not text.strip():
            remove_beneath(memory_dir, name)
            return
        fresh = f".{secrets.token_hex(8)}"
        try:
            with os.fdopen(create_beneath(memory_dir, fresh), "wb") as file:
                file.write(f"{text.rstrip()}\n".encode())
            rename_beneath(memory_dir, fresh, to=name)
        except BaseException:
            with suppress(OSError):
                remove_beneath(memory_dir, fresh)
            raise
    except OSError as error:
        raise UserError(f"The memory of this room cannot be written: {error.strerror}.") from error

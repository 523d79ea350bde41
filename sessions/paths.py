"""Every path Roomkey writes, from one root; opens files in an agent's directory without following links."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sessions.errors import StateError
from sessions.keys import SessionKey, directory_name, foreign_key

INBOX: Final = "inbox"
"""The directory below a workdir where files from the chat are put."""

_PRIVATE: Final = 0o700
_BENEATH: Final = os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Room:
    """The directories of one key below `root`. A bound session's workdir is elsewhere: see its record."""

    root: Path

    @property
    def workdir(self) -> Path:
        """Where the agent works, unless the session is bound to another directory."""
        return self.root / "work"

    @property
    def memory_dir(self) -> Path:
        """Where the agent keeps what it wants to remember; a reset leaves it."""
        return self.root / "memory"

    @property
    def home(self) -> Path:
        """The agent's private directory: vendor configuration, transcripts."""
        return self.root / "home"

    @property
    def temp_dir(self) -> Path:
        """The agent's own directory for temporary files."""
        return self.root / "tmp"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where everything lies below the data directory, `root`: absolute, and real if made by `at`.

    Raises:
        StateError: it lies below a `.claude` directory, where the agent refuses to edit files.
    """

    root: Path

    def __post_init__(self) -> None:
        if ".claude" in self.root.parts:
            raise StateError(
                f"The data directory {self.root} lies below a .claude directory, where agents may not edit "
                "files. Name another one in ROOMKEY_DATA_DIR."
            )

    @classmethod
    def at(cls, data_dir: Path) -> Self:
        """Return the paths below the directory that `data_dir` leads to through all links. Blocks."""
        return cls(data_dir.resolve())

    @property
    def database(self) -> Path:
        """The store."""
        return self.root / "roomkey.sqlite3"

    @property
    def lock(self) -> Path:
        """Held locked by the running bot; names its process."""
        return self.root / "roomkey.lock"

    @property
    def backups(self) -> Path:
        """Copies of the store, made before an upgrade."""
        return self.root / "backups"

    @property
    def imports(self) -> Path:
        """What an import could not take over, and its reports."""
        return self.root / "import"

    @property
    def launcher(self) -> Path:
        """The program that starts an agent in its isolation."""
        return self.root / "bin" / "roomkey-agent"

    @property
    def session_locks(self) -> Path:
        """One lock file for each agent session id in use."""
        return self.root / "locks"

    @property
    def private(self) -> tuple[Path, ...]:
        """What no agent has any business with, as far as asking it not to look goes."""
        database = (self.database.with_name(f"{self.database.name}{end}") for end in ("", "-wal", "-shm"))
        return (*database, self.backups, self.imports, self.session_locks, self.root / "discord-token")

    def session_lock(self, agent_session_id: str) -> Path:
        """Return the file that a live agent holds locked. The id is foreign; any text gives a safe name."""
        return self.session_locks / f"{directory_name(foreign_key(agent_session_id))}.lock"

    def room(self, key: SessionKey) -> Room:
        """Return a key's directories; nothing is made."""
        return Room(self.root / "sessions" / directory_name(key))

    def create(self) -> None:
        """Make the directories that all rooms share, where missing, for nobody but us. Blocks."""
        _make(self.root, self.backups, self.session_locks, self.launcher.parent)

    def make_room(self, key: SessionKey, workdir: Path, memory_dir: Path) -> None:
        """Make a room's directories, where missing; the last two as its session's record names them.

        Blocks. Raises OSError.
        """
        room = self.room(key)
        _make(room.root, room.home, room.temp_dir, memory_dir, workdir)


def open_beneath(root: Path, *names: str) -> int:
    """Create a file below `root` and return its descriptor, open for writing. Blocks.

    `names` are directories, made where missing, and the file's own name. An agent may swap any of
    them for a link at any moment: each is opened from its parent's descriptor and no link is
    followed, nor is an existing file opened.

    Raises:
        ValueError: a name is no plain file name.
        FileExistsError: there is such a file already; try another name.
        OSError: a directory is a link or no directory, or cannot be written.
    """
    for name in names:
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise ValueError(f"not a file name: {name[:80]!r}")
    *directories, file = names
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | _BENEATH)
    try:
        for name in directories:
            inner = _open_directory(name, here)
            os.close(here)
            here = inner
        return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BENEATH, 0o600, dir_fd=here)
    finally:
        os.close(here)


def _make(*directories: Path) -> None:
    for directory in directories:
        directory.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)


def _open_directory(name: str, parent: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, _PRIVATE, dir_fd=parent)
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | _BENEATH, dir_fd=parent)

"""Every path Roomkey writes, from one root."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sessions.errors import StateError
from sessions.keys import SessionKey, directory_name, foreign_key

INBOX: Final = "inbox"
"""The directory below a workdir where files from the chat are put."""

ASIDE: Final = "before-restore-"
"""How the directories begin into which a restore puts what was there; their time follows."""

_PRIVATE: Final = 0o700


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

    `settings_file` is where the settings were read from, if from a file: to be kept from agents as well.

    Raises:
        StateError: it lies below a `.claude` directory, where the agent refuses to edit files.
    """

    root: Path
    settings_file: Path | None = None

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
    def audit(self) -> Path:
        """The audit log's newest file; older ones lie beside it with their time in their name."""
        return self.root / "audit.jsonl"

    @property
    def launcher(self) -> Path:
        """The program that starts an agent in its isolation."""
        return self.root / "bin" / "roomkey-agent"

    @property
    def session_locks(self) -> Path:
        """One lock file for each agent session id in use."""
        return self.root / "locks"

    @property
    def egress_sockets(self) -> Path:
        """The sockets of the agents' egress proxies; each is there while its agent lives."""
        return self.root / "egress"

    @property
    def spool(self) -> Path:
        """Files on their way into a chat."""
        return self.root / "spool"

    @property
    def private(self) -> tuple[Path, ...]:
        """What no agent has any business with, as far as asking it not to look goes."""
        database = (self.database.with_name(f"{self.database.name}{end}") for end in ("", "-wal", "-shm"))
        own = (self.backups, self.imports, self.session_locks, self.egress_sockets, self.audit, self.spool)
        return (*database, *own, self.root / "discord-token")

    def session_lock(self, agent_session_id: str) -> Path:
        """Return the file that a live agent holds locked. The id is foreign; any text gives a safe name."""
        return self.session_locks / f"{directory_name(foreign_key(agent_session_id))}.lock"

    def egress_socket(self, key: SessionKey) -> Path:
        """Return the socket of the egress proxy of a room's agent."""
        return self.egress_sockets / f"{directory_name(key)}.sock"

    @property
    def rooms(self) -> Path:
        """The directories of all rooms, one for each key."""
        return self.root / "sessions"

    def room(self, key: SessionKey) -> Room:
        """Return a key's directories; nothing is made."""
        return Room(self.rooms / directory_name(key))

    def create(self) -> None:
        """Make the directories that all rooms share, where missing, for nobody but us. Blocks."""
        _make(self.root, self.backups, self.session_locks, self.launcher.parent)

    def make_room(self, key: SessionKey, workdir: Path, memory_dir: Path) -> None:
        """Make a room's directories, where missing; the last two as its session's record names them.

        Blocks. Raises OSError.
        """
        room = self.room(key)
        _make(room.root, room.home, room.temp_dir, memory_dir, workdir)


def _make(*directories: Path) -> None:
    for directory in directories:
        directory.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)

"""What the scripted agent remembers of a session: one file, one line for each prompt. Blocking."""

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sessions.agents.conversations import Cut, Foreign, Kept
from sessions.errors import PromptNotFound, SessionNotFound

VENDOR: Final = "scripted"
_NAME: Final = re.compile(r"[\w-]{1,100}")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A prompt of the past. `uuid` is the turn's."""

    uuid: str
    text: str


def record_of(home: Path, agent_session_id: str) -> Path:
    """Return the file of a session."""
    return home / VENDOR / f"{agent_session_id}.jsonl"


def line_of(one: Remembered) -> str:
    """Return the line of a prompt."""
    return json.dumps([one.uuid, one.text]) + "\n"


def read_record(record: Path) -> list[Remembered]:
    """Return what was said in a session, nothing if there is no file."""
    if not record.is_file():
        return []
    return [Remembered(*map(str, json.loads(line))) for line in record.read_text("utf-8").splitlines()]


def write_record(record: Path, said: Iterable[Remembered]) -> None:
    """Write a whole record anew."""
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text("".join(map(line_of, said)), "utf-8")


class ScriptedConversations:
    """What the scripted agent keeps of its sessions."""

    reading_tools: frozenset[str] = frozenset({"Read"})

    def exists(self, kept: Kept) -> bool:
        """Whether anything was said in it."""
        return bool(_read(kept))

    def copy(self, source: Kept, target: Kept, cut: Cut | None = None) -> int:
        """Copy a conversation; return how many prompts the copy holds."""
        said = _read(source)
        if not said:
            raise SessionNotFound("That conversation is gone.", vendor=VENDOR)
        if cut is not None:
            ids = [one.uuid for one in said]
            if str(cut.prompt) not in ids:
                raise PromptNotFound
            said = said[: ids.index(str(cut.prompt)) + cut.keep]
        record = record_of(target.home, target.agent_session_id)
        if not record.exists():
            write_record(record, said)
        return len(said)

    def prompts(self, kept: Kept) -> Sequence[UUID]:
        """Return the ids of the prompts in it, in order."""
        return [UUID(one.uuid) for one in _read(kept)]

    def text(self, kept: Kept) -> str:
        """Return what was said in it as Markdown."""
        return "\n\n".join(f"## Prompt\n\n{one.text}" for one in _read(kept))

    def delete(self, kept: Kept) -> None:
        """Remove it for good."""
        with suppress(FileNotFoundError):
            record_of(kept.home, kept.agent_session_id).unlink()

    def foreign(self, own: Path, workdir: Path) -> Sequence[Foreign]:  # noqa: ARG002 -- the same for all
        """Return nothing: a script is not played in a terminal."""
        return ()

    def take_over(self, own: Path, agent_session_id: str, target: Kept) -> None:  # noqa: ARG002
        """Never used: a script is not played in a terminal."""
        raise SessionNotFound("A script is not played in a terminal.", vendor=VENDOR)


def _read(kept: Kept) -> list[Remembered]:
    name = kept.agent_session_id
    return read_record(record_of(kept.home, name)) if _NAME.fullmatch(name) else []

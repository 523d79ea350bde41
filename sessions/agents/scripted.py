"""An agent that plays a script, in this process: for tests, and for trying Roomkey with no model at all."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from sessions.agents.base import AgentSession, SessionSpec
from sessions.agents.conversations import Ability, Conversations
from sessions.agents.script import Script, read_script
from sessions.agents.scripted_record import VENDOR, Remembered, ScriptedConversations, read_record, record_of
from sessions.agents.scripted_session import ScriptedSession
from sessions.errors import SessionBusy, SessionNotFound
from sessions.process import try_lock


class ScriptedAdapter:
    """Starts scripted sessions. `SessionSpec.options["script"]` names the file to play."""

    models: tuple[str, ...] = ("player", "pianist")
    vendor: str = VENDOR
    can: frozenset[Ability] = frozenset({"copy", "cut", "compact"})
    conversations: Conversations = ScriptedConversations()

    def new_session_id(self) -> str:
        """Mint an agent session id."""
        return str(uuid4())

    async def open(self, spec: SessionSpec) -> AgentSession:
        """Start a session, continuing its conversation if it has one."""
        script, record, said = await asyncio.to_thread(_load, spec)
        # After the last wait: a cancelled start must not leave it locked.
        lock = try_lock(spec.lock)
        if lock is None:
            raise SessionBusy("Another process works on this session.", vendor=VENDOR, retryable=True)
        return ScriptedSession(spec, script, record, said, lock)

    def model_url(self, env: Mapping[str, str]) -> None:  # noqa: ARG002 -- a script needs no model
        """Return None: there is no model."""
        return

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:  # noqa: ARG002 -- the same for all
        """Return False: a script does nothing outside this process."""
        return False

    def terminal_command(self, spec: SessionSpec) -> None:  # noqa: ARG002 -- there is no program to run
        """Return None: a script is not continued in a terminal."""
        return


ADAPTER: Final = ScriptedAdapter()


def _load(spec: SessionSpec) -> tuple[Script, Path, list[Remembered]]:
    """Return what to play, the conversation's file and the prompts in it; blocks."""
    path = spec.options.get("script")
    script = read_script(None if path is None else Path(str(path)))
    record = record_of(spec.home, spec.agent_session_id)
    if record.is_file():
        return script, record, read_record(record)
    if spec.expect_history:
        raise SessionNotFound(
            f"The scripted agent's record of this conversation ({spec.agent_session_id}) is gone.",
            vendor=VENDOR,
        )
    record.parent.mkdir(parents=True, exist_ok=True)
    return script, record, []

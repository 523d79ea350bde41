"""What an agent vendor must offer: `AgentAdapter` starts sessions, `AgentSession` is one live process."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

from sessions.agents.conversations import Ability, Conversations
from sessions.agents.tools import HubTool
from sessions.box.mounts import Mount
from sessions.events import Event
from sessions.images import Image
from sessions.keys import SessionKey, TurnId
from sessions.settings import BoxSettings, Isolation


@dataclass(frozen=True, slots=True)
class WayOut:
    """All that an agent reaches of the network: its proxy's socket, and what that opens beside the model.

    `hosts` are entries as the settings write them: `example.org`, `*.example.org:8443`.
    """

    socket: Path
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSpec:
    """All that an adapter needs to start a session's process.

    `home` is the session's private directory (vendor configuration, transcripts), `lock` a file
    that the process holds locked while it lives, `launcher` the program that starts it in its
    `isolation`, within `limits`. `mounts` is what it sees beside its room, `env` its whole
    environment. `expect_history` says that the session has had a turn, so that a missing
    conversation is a loss and no beginning. `instructions` is appended to the vendor's own system
    prompt. `tools` are ours that the agent gets, to be run unasked. `options` are the vendor's own
    settings.
    """

    key: SessionKey
    agent_session_id: str
    workdir: Path
    memory_dir: Path
    home: Path
    lock: Path
    launcher: Path
    isolation: Isolation
    env: Mapping[str, str]
    expect_history: bool
    instructions: str = ""
    model: str | None = None
    effort: str | None = None
    permission_mode: str = "default"
    denied_roots: tuple[Path, ...] = ()
    mounts: tuple[Mount, ...] = ()
    limits: BoxSettings = field(default_factory=BoxSettings)
    way_out: WayOut | None = None
    tools: tuple[HubTool, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInput:
    """One prompt for the agent. `uuid` is derived from the turn, so a repeat can be recognised.

    `images` are shown with it where the model sees pictures; the text names their files, too.

    With `compact` it is no prompt: the conversation is to be replaced by a summary of it, and `text` says
    what matters. That it was done is said by a `Compacted` of the turn, not by its end.
    """

    turn: TurnId
    uuid: UUID
    text: str
    images: tuple[Image, ...] = ()
    compact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextUse:
    """What fills an agent's context, in tokens. `parts` are what there is in it, by the vendor's names."""

    used: int
    window: int
    parts: tuple[tuple[str, int], ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """Yes, this once. With `accept_edits` no edit of a file is asked about until the turn is over."""

    accept_edits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """No. `reason` is told to the agent."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What people answered to each question of a `QuestionAsk`, in order; several choices in one text."""

    texts: tuple[str, ...]


Verdict = Allow | Deny
Decision = Verdict | Answers


class AgentSession(Protocol):
    """One live process, owned by one worker; the task that opens it closes it."""

    @property
    def agent_session_id(self) -> str:
        """The vendor's id of the session, as last reported."""
        ...

    async def send(self, turn: TurnInput) -> None:
        """Hand over a prompt; returns when it is written, not when it is answered.

        At most one turn may be under way. Raises AgentGone if the process has ended.
        """
        ...

    async def steer(self, turn: TurnInput) -> bool:
        """Hand a further prompt to the running turn; False if no turn runs or the agent cannot do that.

        The agent takes it up when it can, at the latest after what it was asked before. All of that
        is one turn: its events carry the id of the turn that was sent, and its one `TurnDone` comes
        after the last of these prompts is answered, with the texts in order. `turn.turn` is not used.
        """
        ...

    def events(self) -> AsyncGenerator[Event, None]:
        """Yield everything the process says, for its whole life; call it once.

        Each turn sent gives exactly one `TurnDone` with its id, unless the process ends first.
        The last event is `Exited`.
        """
        ...

    async def answer(self, ask: str, decision: Decision) -> bool:
        """Answer an open ask; False if it is not open any more. `Answers` are for a `QuestionAsk` alone."""
        ...

    def decide(self, tool: str, decision: Verdict) -> None:
        """Say whether a tool that was reported may run: once it is stored that it begins, or cannot be.

        Owed for each `ToolStart` of a turn that was sent. Where the vendor allows it, the tool is held
        until then, for a limited time. Never blocks; nothing happens if the tool is not known any more.
        """
        ...

    async def context(self) -> ContextUse | None:
        """Return what fills the context now, also during a turn; None if the vendor does not say."""
        ...

    async def interrupt(self) -> None:
        """End the running turn, not the process. Its `TurnDone` has status `stopped`."""
        ...

    async def close(self, grace_s: float) -> None:
        """End the process: close its input, wait that long, SIGTERM, then SIGKILL to its group.

        Returns when it is reaped. May be called twice. A cancellation does not cut it short.
        """
        ...


class AgentAdapter(Protocol):
    """One per vendor; holds no state."""

    @property
    def vendor(self) -> str:
        """The name used in settings and records."""
        ...

    @property
    def models(self) -> tuple[str, ...]:
        """Names of models that its vendor knows by heart, for people to choose from; others may be typed."""
        ...

    @property
    def can(self) -> frozenset[Ability]:
        """What this vendor can beside the rest of this."""
        ...

    @property
    def conversations(self) -> Conversations:
        """What it keeps on disk; of that only what it `can` is used."""
        ...

    def new_session_id(self) -> str:
        """Mint an agent session id for a session that has not started yet."""
        ...

    async def open(self, spec: SessionSpec) -> AgentSession:
        """Start the process, continuing the session if it has a conversation.

        Raises:
            SessionNotFound: history was expected and is gone. Nothing was started.
            SessionBusy, AuthError, AgentMissing: as they say. Nothing is left running.
        """
        ...

    def model_url(self, env: Mapping[str, str]) -> str | None:
        """Return where the vendor's model is for an agent with this environment; None if there is none."""
        ...

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:
        """Whether the agent may have done something for a prompt that a second run would do again.

        Asked when no process of the session lives any more. Goes by the vendor's own record; True
        also where that is silent or unreadable. Blocks: call it in a thread.
        """
        ...

    def terminal_command(self, spec: SessionSpec) -> str | None:
        """Return the shell line that continues this session in a terminal; None if there is none."""
        ...

"""Claude Code through claude-agent-sdk."""

import asyncio
import shlex
from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid4

from sessions.agents.base import AgentSession, SessionSpec
from sessions.agents.claude_conversations import ClaudeConversations
from sessions.agents.claude_session import ClaudeSession
from sessions.agents.claude_start import MODELS, VENDOR, launch, prepare
from sessions.agents.claude_transcript import config_dir, may_have_acted
from sessions.agents.conversations import Ability, Conversations


class ClaudeAdapter:
    """Starts Claude Code sessions."""

    vendor: str = VENDOR
    models: tuple[str, ...] = MODELS
    can: frozenset[Ability] = frozenset({"copy", "cut", "compact", "context", "terminal"})
    conversations: Conversations = ClaudeConversations()

    def new_session_id(self) -> str:
        """Mint an agent session id: a UUID4, as the CLI demands."""
        return str(uuid4())

    async def open(self, spec: SessionSpec) -> AgentSession:
        """Start the process, continuing the session if it has a conversation."""
        resume = await asyncio.to_thread(prepare, spec)
        session = ClaudeSession(spec, resume=resume, launched=await asyncio.to_thread(launch, spec))
        await session.start()
        return session

    def model_url(self, env: Mapping[str, str]) -> str:
        """Return where Claude Code speaks to its model."""
        return env.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"

    def may_have_acted(self, spec: SessionSpec, prompt: UUID) -> bool:
        """Whether the transcript holds anything that was done for a prompt, or cannot tell; blocks."""
        return may_have_acted(config_dir(spec.home), spec.agent_session_id, prompt, spec.expect_history)

    def terminal_command(self, spec: SessionSpec) -> str:
        """Return the shell line that continues this session in a terminal."""
        config = shlex.quote(str(config_dir(spec.home)))
        session_id = shlex.quote(spec.agent_session_id)
        return (
            f"cd {shlex.quote(str(spec.workdir))} && CLAUDE_CONFIG_DIR={config} claude --resume {session_id}"
        )


ADAPTER: Final = ClaudeAdapter()

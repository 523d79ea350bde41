"""Starts a room's agent with what it is given for its life: mounts, a pass to the model, a way out."""

import asyncio
from dataclasses import replace
from typing import Final

from sessions.agents.base import AgentSession, SessionSpec
from sessions.box.egress import EgressProxy
from sessions.box.mounts import Mount
from sessions.crash_points import reached
from sessions.credential_proxy import Pass
from sessions.engine import Engine
from sessions.errors import AgentError, UserError
from sessions.given_mounts import check_mounts
from sessions.keys import SessionKey

OPEN_LIMIT_S: Final = 60.0


class Opening:
    """What one process is given. `shut` takes it back; it may be called at any time, and twice.

    Its egress proxy is a task of `tasks`.
    """

    def __init__(self, engine: Engine, tasks: asyncio.TaskGroup) -> None:
        self._engine = engine
        self._tasks = tasks
        self._pass: Pass | None = None
        self._proxy: EgressProxy | None = None

    async def start(self, spec: SessionSpec) -> AgentSession:
        """Start the process that `spec` describes, which is the engine's for its room. Raises AgentError."""
        engine = self._engine
        limit_s = min(OPEN_LIMIT_S, engine.settings.silence_s)
        spec = replace(spec, mounts=await self._mounts(spec.key))
        await self.shut()  # of a start that failed
        if engine.credentials is not None:
            self._pass = engine.credentials.admit(spec.env)
            spec = replace(spec, env=self._pass.env)
        if engine.egress is not None:
            self._proxy, spec = await engine.egress.open(spec, self._tasks)
        try:
            async with asyncio.timeout(limit_s):
                reached("agent.before_open")
                session = await engine.adapter.open(spec)
                reached("agent.opened")
                return session
        except TimeoutError as error:
            raise AgentError(
                f"The agent did not start within {limit_s:.0f} s. Say it again to try once more.",
                vendor=engine.adapter.vendor,
                retryable=True,
            ) from error

    async def shut(self) -> None:
        """Take back what the process was given."""
        self.revoke()
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            await proxy.close()

    def revoke(self) -> None:
        """Take back its pass to the model: it has ended."""
        given, self._pass = self._pass, None
        if given is not None and self._engine.credentials is not None:
            self._engine.credentials.revoke(given)

    async def _mounts(self, key: SessionKey) -> tuple[Mount, ...]:
        """Return what the room's agent is given beside its room, if that is still as it was given."""
        mounts = await self._engine.mounts_of(key)
        try:
            await check_mounts(mounts, self._engine.paths)
        except UserError as error:
            text = f"{error} An owner can also take it from this room: `/cwd`, or the settings."
            raise AgentError(text, vendor=self._engine.adapter.vendor) from error
        return mounts

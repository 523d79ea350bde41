"""The way out of each agent's box where it has a network of its own: its egress proxy, started before it."""

import asyncio
from dataclasses import dataclass, replace

from sessions.agents.base import AgentAdapter, SessionSpec, WayOut
from sessions.box.egress import EgressProxy
from sessions.box.egress_rules import Rules
from sessions.errors import AgentError
from sessions.log import turn_context
from sessions.paths import Paths


@dataclass(frozen=True, slots=True)
class Egress:
    """What opens them. `allow` are the entries of the settings, the same for every room."""

    adapter: AgentAdapter
    paths: Paths
    allow: tuple[str, ...]

    async def open(self, spec: SessionSpec, tasks: asyncio.TaskGroup) -> tuple[EgressProxy, SessionSpec]:
        """Start a proxy for one agent; whoever asked closes it when the agent has ended.

        Raises:
            AgentError: its socket cannot be made, or the model's address is none.
        """
        try:
            rules = Rules.of(self.allow, self.adapter.model_url(spec.env))
        except ValueError as error:
            raise AgentError(
                f"The agent's model cannot be reached: {error}. The owner of this bot must mend its address.",
                vendor=self.adapter.vendor,
            ) from error
        proxy = EgressProxy(rules, self.paths.egress_socket(spec.key), tasks)
        try:
            with turn_context(spec.key):  # it outlives the turn that needs it first
                await proxy.start()
        except OSError as error:
            raise AgentError(
                f"The agent's way into the network could not be opened: {error.strerror}. Say it again to try"
                " once more; if that does not help, tell the owner of this bot.",
                vendor=self.adapter.vendor,
                retryable=True,
            ) from error
        return proxy, replace(spec, way_out=WayOut(proxy.path, self.allow))

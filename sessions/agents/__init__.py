"""The agent vendors Roomkey can run, by name."""

from collections.abc import Mapping
from typing import Final

from sessions.agents.base import AgentAdapter
from sessions.agents.claude import ADAPTER as CLAUDE
from sessions.agents.scripted import ADAPTER as SCRIPTED

AGENTS: Final[Mapping[str, AgentAdapter]] = {adapter.vendor: adapter for adapter in (CLAUDE, SCRIPTED)}
"""Written by hand: one line for each vendor."""

"""The agent vendors Roomkey can run, by name; each is loaded when asked for, as an SDK is slow to load."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from sessions.agents.base import AgentAdapter

_MODULES: Final[Mapping[str, str]] = {
    "claude": "sessions.agents.claude",
    "scripted": "sessions.agents.scripted",
}


class _Vendors(Mapping[str, AgentAdapter]):
    """The adapters by name. To ask for one blocks, the first time."""

    def __getitem__(self, vendor: str) -> AgentAdapter:
        return import_module(_MODULES[vendor]).ADAPTER

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


AGENTS: Final[Mapping[str, AgentAdapter]] = _Vendors()
"""Written by hand: one line in `_MODULES` for each vendor."""

"""Tools of Roomkey's own that an agent gets, whatever its vendor: what each takes, and what is called."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

HUB: Final = "roomkey"
"""What agents know these tools under: Claude Code calls one `mcp__roomkey__send_file`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """What an agent is told about a call: one sentence or more; `failed` says that nothing was done."""

    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HubTool:
    """One tool. `schema` is the JSON Schema of its arguments, which the caller has checked by it.

    `call` runs it; what it raises is a bug of ours. It may only do what its room may.
    """

    name: str
    description: str
    schema: Mapping[str, object]
    call: Callable[[Mapping[str, object]], Awaitable[ToolAnswer]]

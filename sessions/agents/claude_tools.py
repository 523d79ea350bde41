"""A tool call of Claude's in words: its title and the text of its result. Pure."""

import json
from collections.abc import Mapping
from typing import Final

from sessions.agents.claude_fields import as_list, as_map

_TITLE_CHARS: Final = 120

# The argument that says most about a call, by tool.
_TELLING: Final[Mapping[str, str]] = {
    "Bash": "command",
    "Read": "file_path",
    "Write": "file_path",
    "Edit": "file_path",
    "NotebookEdit": "notebook_path",
    "Glob": "pattern",
    "Grep": "pattern",
    "WebFetch": "url",
    "WebSearch": "query",
    "Agent": "description",
    "Task": "description",
    "Skill": "skill",
    "ToolSearch": "query",
    "ExitPlanMode": "plan",
}


def tool_title(name: str, arguments: Mapping[str, object]) -> str:
    """Return one line that says what a tool call does, without the tool's name."""
    telling = as_map(arguments).get(_TELLING.get(name, ""))
    text = telling if isinstance(telling, str) else _written(arguments)
    line = " ".join(text.split())
    return line if len(line) <= _TITLE_CHARS else f"{line[: _TITLE_CHARS - 1]}…"


def _written(arguments: object) -> str:
    try:
        return json.dumps(arguments, ensure_ascii=False)
    except RecursionError:  # a model may nest as deep as it likes
        return "(nested too deep to be shown)"


def tool_output(content: object) -> str:
    """Return the text of a tool's result, which is text or a list of blocks."""
    if isinstance(content, str):
        return content
    blocks = [as_map(block) for block in as_list(content)]
    return "\n".join(str(block.get("text") or f"[{block.get('type')}]") for block in blocks)

"""A tool call of Claude's in words: its title, its arguments and the text of its result. Pure."""

import json
from collections.abc import Mapping
from itertools import islice
from typing import Final, cast

from sessions.agents.claude_fields import as_list, as_map

OUTPUT_CHARS: Final = 4000
"""How much of the end of a result is kept; of that less is shown, so that no secret is cut unseen."""

_TITLE_CHARS: Final = 120
_ARGUMENT_CHARS: Final = 2000
_ARGUMENTS: Final = 50
_DEEPEST: Final = 4

_ASK: Final = "AskUserQuestion"

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
    "TaskCreate": "subject",
    "mcp__roomkey__send_file": "path",
}


def tool_title(name: str, arguments: Mapping[str, object]) -> str:
    """Return one line that says what a tool call does, without the tool's name."""
    telling = _question(arguments) if name == _ASK else as_map(arguments).get(_TELLING.get(name, ""))
    text = telling if isinstance(telling, str) else "" if arguments == {} else _written(arguments)
    line = " ".join(text[: 8 * _TITLE_CHARS].split())
    return line if len(line) <= _TITLE_CHARS else f"{line[: _TITLE_CHARS - 1]}…"


def _question(arguments: Mapping[str, object]) -> object:
    """Return the first question that a call asks; None without one."""
    return next((as_map(asked).get("question") for asked in as_list(arguments.get("questions"))), None)


def bounded(value: object, depth: int = 0) -> object:
    """Return a call's arguments with long texts, long lists and deep nesting shortened; "…" says where."""
    if isinstance(value, str):
        return value if len(value) <= _ARGUMENT_CHARS else f"{value[:_ARGUMENT_CHARS]}…"
    if isinstance(value, Mapping | list) and depth == _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        pairs = islice(as_map(cast("object", value)).items(), _ARGUMENTS)
        return {str(name)[:_TITLE_CHARS]: bounded(one, depth + 1) for name, one in pairs}
    if isinstance(value, list):
        return [bounded(one, depth + 1) for one in as_list(cast("object", value))[:_ARGUMENTS]]
    return value


def _written(arguments: object) -> str:
    try:
        return json.dumps(arguments, ensure_ascii=False)
    except RecursionError:  # a model may nest as deep as it likes
        return "(nested too deep to be shown)"


def tool_output(content: object) -> str:
    """Return the end of the text of a tool's result, which is text or a list of blocks."""
    if isinstance(content, str):
        return content[-OUTPUT_CHARS:]
    blocks = [as_map(block) for block in as_list(content)[-_ARGUMENTS:]]
    texts = (str(block.get("text") or f"[{block.get('type')}]")[-OUTPUT_CHARS:] for block in blocks)
    return "\n".join(texts)[-OUTPUT_CHARS:]

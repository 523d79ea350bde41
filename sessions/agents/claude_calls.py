"""The tool calls of one Claude Code process, from start to end. Pure; the state is one process's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from claude_agent_sdk import ToolResultBlock, ToolUseBlock

from sessions.agents.claude_diffs import file_diff
from sessions.agents.claude_fields import Json, as_list, as_map, as_text
from sessions.agents.claude_tasks import TaskBook
from sessions.agents.claude_tools import bounded, tool_output, tool_title
from sessions.events import TaskList, ToolEnd, ToolStart
from sessions.keys import TurnId

_SUB_AGENTS: Final = frozenset({"Agent", "Task"})
_NOTE: Final = "<tools-used-before-summary>"


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: Json
    turn: TurnId | None
    parent: str | None


class Calls:
    """The calls that were reported and have not ended."""

    def __init__(self) -> None:
        self._open: dict[str, _Call] = {}
        self._tasks = TaskBook()

    def begin_turn(self) -> None:
        """Note that another turn begins."""
        self._tasks.begin_turn()

    def clear(self) -> None:
        """Forget what is open: its turn is over."""
        self._open.clear()

    def knows(self, call: str) -> bool:
        """Whether the call with this id is open."""
        return call in self._open

    def turn_of(self, call: str, otherwise: TurnId | None) -> TurnId | None:
        """Return the turn that made a call, `otherwise` if it is not open."""
        found = self._open.get(call)
        return otherwise if found is None else found.turn

    def begin(self, block: ToolUseBlock, turn: TurnId | None, parent: str | None) -> ToolStart:
        """Take a call's start; `parent` is the call of the sub-agent that made it."""
        self._open[block.id] = _Call(block.name, block.input, turn, parent)
        return ToolStart(
            id=block.id,
            name=block.name,
            title=tool_title(block.name, block.input),
            arguments=as_map(bounded(block.input)),
            parent=parent,
            turn=turn,
        )

    def end(self, blocks: Sequence[object], result: object) -> Iterator[ToolEnd | TaskList]:
        """Take results; `result` is the structured one, which belongs to a result that comes alone."""
        structured = result if len(blocks) == 1 else None
        for block in blocks:
            match block:
                case ToolResultBlock(tool_use_id=call) if call in self._open:
                    yield from self._ended(self._open.pop(call), block, structured)
                case _:
                    pass

    def _ended(self, call: _Call, block: ToolResultBlock, structured: object) -> Iterator[ToolEnd | TaskList]:
        failed = bool(block.is_error)
        yield ToolEnd(
            id=block.tool_use_id,
            failed=failed,
            output=_output(call, block, structured),
            diff="" if failed else file_diff(call.name, call.arguments, structured),
            turn=call.turn,
        )
        # A sub-agent's own list is its own business.
        tasks = None
        if call.parent is None:
            tasks = self._tasks.ended(call.name, call.arguments, structured, failed=failed)
        if tasks is not None:
            yield TaskList(tasks=tasks, turn=call.turn)


def _output(call: _Call, block: ToolResultBlock, structured: object) -> str:
    """Return what a call returned: of a sub-agent its report, without the CLI's notes to the model."""
    if call.name in _SUB_AGENTS:
        blocks = as_list(as_map(structured).get("content"))
        texts = [as_text(as_map(part).get("text")) for part in blocks]
        report = [text for text in texts if not text.startswith(_NOTE)]
        if report:
            return tool_output("\n".join(report))
    return tool_output(block.content)

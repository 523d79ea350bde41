"""The tool calls of one process."""

from claude_agent_sdk import ToolResultBlock, ToolUseBlock

from sessions.agents.claude_calls import Calls
from sessions.events import Task, TaskList, ToolEnd, ToolStart
from sessions.keys import TurnId

TURN = TurnId(1)
LS = ToolUseBlock(id="c1", name="Bash", input={"command": "ls"})


def result(call: str, content: str = "out", *, failed: bool = False) -> ToolResultBlock:
    return ToolResultBlock(tool_use_id=call, content=content, is_error=failed)


def test_a_call_begins_and_ends_once() -> None:
    calls = Calls()
    start = calls.begin(LS, TURN, None)
    assert start == ToolStart(id="c1", name="Bash", title="ls", arguments={"command": "ls"}, turn=TURN)
    assert (calls.knows("c1"), calls.turn_of("c1", None), calls.turn_of("c2", None)) == (True, TURN, None)
    both = [result("c1"), result("c1")]
    assert list(calls.end(both, None)) == [ToolEnd(id="c1", failed=False, output="out", turn=TURN)]
    assert not calls.knows("c1")


def test_calls_end_in_any_order_and_strange_ends_are_nothing() -> None:
    calls = Calls()
    calls.begin(LS, TURN, None)
    calls.begin(ToolUseBlock(id="c2", name="Read", input={}), TURN, None)
    ends = list(calls.end([result("c2", failed=True), "odd", result("never")], None))
    assert [(end.id, end.failed) for end in ends if isinstance(end, ToolEnd)] == [("c2", True)]
    calls.clear()
    assert list(calls.end([result("c1")], None)) == []


def test_a_structured_result_belongs_to_a_result_that_comes_alone() -> None:
    calls = Calls()
    for name in ("c1", "c2"):
        calls.begin(ToolUseBlock(id=name, name="Edit", input={"file_path": "a"}), TURN, None)
    patch = {"filePath": "a", "structuredPatch": [{"lines": ["+x"]}]}
    both = list(calls.end([result("c1"), result("c2")], patch))
    assert [end.diff for end in both if isinstance(end, ToolEnd)] == ["", ""]
    calls.begin(ToolUseBlock(id="c3", name="Edit", input={"file_path": "a"}), TURN, None)
    [end] = calls.end([result("c3")], patch)
    assert isinstance(end, ToolEnd)
    assert end.diff == "--- a\n+++ a\n@@ -0,0 +0,0 @@\n+x"


def test_a_failed_edit_changed_nothing() -> None:
    calls = Calls()
    calls.begin(ToolUseBlock(id="c1", name="Edit", input={"old_string": "a"}), TURN, None)
    assert list(calls.end([result("c1", failed=True)], None)) == [
        ToolEnd(id="c1", failed=True, output="out", turn=TURN)
    ]


def test_the_task_list_follows_and_a_sub_agents_own_does_not() -> None:
    calls = Calls()
    made = {"task": {"id": "1", "subject": "one"}}
    calls.begin(ToolUseBlock(id="c1", name="TaskCreate", input={"subject": "one"}), TURN, "parent")
    assert not [event for event in calls.end([result("c1")], made) if isinstance(event, TaskList)]
    calls.begin(ToolUseBlock(id="c2", name="TaskCreate", input={"subject": "one"}), TURN, None)
    [_, tasks] = calls.end([result("c2")], made)
    assert tasks == TaskList(tasks=(Task(text="one", state="pending"),), turn=TURN)


def test_a_result_of_ten_megabytes_keeps_its_end() -> None:
    calls = Calls()
    calls.begin(LS, TURN, None)
    [end] = calls.end([result("c1", "x" * 10_000_000 + "the end")], None)
    assert isinstance(end, ToolEnd)
    assert len(end.output) == 4000
    assert end.output.endswith("the end")

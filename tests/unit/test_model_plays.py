"""The offline model's short scenes: which steps they have, and what they need."""

from dataclasses import replace

import pytest

from bot.demo.model.answers import answer
from bot.demo.model.conversation import Heard, Image
from bot.demo.model.directives import Call, Pause, Play, Say, Step, Think
from bot.demo.model.plays import pictures, play

OFFERED = ("Agent", "AskUserQuestion", "Bash", "Edit", "Write", "mcp__roomkey__send_file")
# As Claude Code 2.1.327 names them; `create your plan at` comes once plan mode is on.
NAMED = """# Environment
 - Primary working directory: /rooms/lab

The following deferred tools are now available via ToolSearch:
ExitPlanMode
TaskCreate
TaskUpdate

## Plan File Info:
No plan file exists yet. You should create your plan at /home/plans/a-b.md using the Write tool."""
ROOM = Heard(
    session="s",
    model="m",
    prompt="",
    results=(),
    said=(),
    texts=(NAMED,),
    system="",
    tools=OFFERED,
    arguments={"mcp__roomkey__send_file": ("path", "note")},
)
BARE = replace(ROOM, texts=(), tools=())
SCENES = ("ask", "plan", "tasks", "edit", "agent", "background", "file", "picture")


def steps(name: str, argument: str = "", heard: Heard = ROOM) -> tuple[Step, ...]:
    return play(Play(name, argument), heard)


def calls(name: str, heard: Heard = ROOM) -> list[Call]:
    return [step for step in steps(name, heard=heard) if isinstance(step, Call)]


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_has_as_many_calls_after_any_result(name: str) -> None:
    names = [call.name for call in calls(name)]
    for count in range(1, len(names) + 1):
        heard = replace(ROOM, results=("Task #7 created successfully",) * count)
        assert [call.name for call in calls(name, heard)] == names


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_ends_with_words(name: str) -> None:
    results = ("done",) * len(calls(name))
    (last,) = answer(replace(ROOM, prompt=name, results=results))
    assert isinstance(last, Say)
    assert last.text


@pytest.mark.parametrize("name", SCENES)
def test_a_tool_that_nobody_offers_is_not_called(name: str) -> None:
    (said,) = steps(name, heard=BARE)
    assert isinstance(said, Say)
    assert "nobody offers it" in said.text


def test_two_questions_are_asked_one_of_them_with_several_answers() -> None:
    (asked,) = calls("ask")
    questions = asked.arguments["questions"]
    assert isinstance(questions, tuple)
    assert [question["multiSelect"] for question in questions] == [False, True]


def test_a_plan_is_written_where_the_client_wants_it() -> None:
    enter, write, leave = calls("plan")
    assert (enter.name, leave.name) == ("EnterPlanMode", "ExitPlanMode")
    assert write.arguments["file_path"] == "/home/plans/a-b.md"


def test_tasks_go_by_the_numbers_that_they_were_given() -> None:
    results = tuple(f"Task #{number} created successfully: x" for number in (4, 5, 6))
    updated = calls("tasks", replace(ROOM, results=results))[3:]
    assert [call.arguments["taskId"] for call in updated] == ["4", "4", "5", "5", "6", "6"]
    assert [call.arguments["status"] for call in updated[:2]] == ["in_progress", "completed"]


def test_there_are_pauses_between_tasks() -> None:
    assert Pause(0.2) in steps("tasks", "0.2")


def test_an_older_list_of_tasks_is_written_whole() -> None:
    written = calls("tasks", replace(BARE, tools=("TodoWrite",)))
    assert {call.name for call in written} == {"TodoWrite"}
    todos = written[-1].arguments["todos"]
    assert isinstance(todos, list)
    assert len(todos) == 3


def test_files_are_written_in_the_workdir() -> None:
    write, edit = calls("edit")
    assert write.arguments["file_path"] == edit.arguments["file_path"] == "/rooms/lab/greet.py"
    assert str(edit.arguments["old_string"]) in str(write.arguments["content"])


def test_a_file_is_sent_by_the_argument_that_the_tool_has() -> None:
    assert calls("file")[-1].arguments == {"path": "/rooms/lab/report.md"}
    several = replace(ROOM, arguments={"mcp__roomkey__send_file": ("paths",)})
    assert calls("file", several)[-1].arguments == {"paths": ["/rooms/lab/report.md"]}


def test_a_sub_agent_is_told_directives_of_its_own() -> None:
    (task,) = calls("agent")
    assert task.name == "Agent"
    assert "run:ls" in str(task.arguments["prompt"]).splitlines()


def test_a_command_runs_in_the_background_for_as_long_as_was_said() -> None:
    call, said = steps("background", "2")
    assert isinstance(call, Call)
    assert (call.arguments["run_in_background"], str(call.arguments["command"])[:8]) == (True, "sleep 2;")
    assert isinstance(said, Say)
    assert "2 s" in said.text


def test_a_story_is_told_slowly() -> None:
    (told,) = steps("story", "2")
    assert isinstance(told, Say)
    assert told.over_s == 2.0


def test_thoughts_come_before_words() -> None:
    thought, said = steps("think")
    assert isinstance(thought, Think)
    assert isinstance(said, Say)


@pytest.mark.parametrize(("name", "argument", "lines"), [("long", "30", 30), ("code", "20", 26)])
def test_an_answer_is_as_long_as_asked_for(name: str, argument: str, lines: int) -> None:
    (said,) = steps(name, argument)
    assert isinstance(said, Say)
    assert len(said.text.splitlines()) == lines


@pytest.mark.parametrize(("name", "argument"), [("long", "many"), ("tasks", "soon"), ("code", "x")])
def test_what_is_no_number_is_explained(name: str, argument: str) -> None:
    (said,) = steps(name, argument)
    assert isinstance(said, Say)
    assert f"{name}:{argument}" in said.text


def test_the_effort_is_told() -> None:
    assert steps("effort", heard=replace(ROOM, effort="low")) == (Say("I am asked for the effort: low."),)
    assert steps("effort") == (Say("I am asked for the effort: none in particular."),)


def test_images_are_told_with_type_and_size() -> None:
    assert pictures(ROOM) == "no image"
    one = replace(ROOM, images=(Image("image/png", 68),))
    assert steps("images", heard=one) == (Say("I see 1 image (image/png, 68 bytes)."),)
    two = replace(one, images=(*one.images, Image("image/jpeg", 9)))
    assert pictures(two) == "2 images (image/png, 68 bytes; image/jpeg, 9 bytes)"

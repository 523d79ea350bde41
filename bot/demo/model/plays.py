"""The offline model's short scenes: `tasks`, `plan` and the like -> the steps that show them. Pure.

How many calls a scene has does not depend on their results, so that it can be continued from any of them.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bot.demo.model import show
from bot.demo.model.conversation import Heard
from bot.demo.model.directives import Call, Pause, Play, Say, Step, Think

_BACKGROUND_S: Final = 5.0
_PAUSE_S: Final = 1.0
_SEVERAL: Final = 5
"""Parts of a text that takes a few messages."""
_STORY_S: Final = 6.0
_SEND_FILE: Final = "mcp__roomkey__send_file"
_TASK: Final = re.compile(r"Task #([0-9]+) created")
_TASKS: Final = (
    ("Read the notes", "Reading the notes"),
    ("Write the summary", "Writing the summary"),
    ("Check the links", "Checking the links"),
)
_QUESTIONS: Final = (
    {
        "question": "Which format should the report have?",
        "header": "Format",
        "multiSelect": False,
        "options": [
            {"label": "Markdown (Recommended)", "description": "Reads well here and in any editor"},
            {"label": "HTML", "description": "One page that opens in a browser"},
            {"label": "PDF", "description": "For printing; needs a program that makes it"},
        ],
    },
    {
        "question": "Which parts should it have?",
        "header": "Parts",
        "multiSelect": True,
        "options": [
            {"label": "Summary", "description": "Half a page at the top"},
            {"label": "Figures", "description": "One chart for each month"},
            {"label": "Sources", "description": "Links to everything that is quoted"},
        ],
    },
)
_PLAN: Final = """# Plan: a shorter start page

1. Read `index.html` and list what nobody uses.
2. Remove it, and move what is left into two sections.
3. Run the link checker.

**Not touched:** the style sheet.
"""
_PROGRAM: Final = """def greet(name):
    return "Hello " + name


print(greet("world"))
"""


def play(asked: Play, heard: Heard) -> tuple[Step, ...]:
    """Return the steps of a scene, or one that says which tool it would need, or what is wrong with it."""
    try:
        return _SCENES[asked.name](asked.argument, heard)
    except ValueError as error:
        return (Say(f"I do not understand the directive `{asked.name}:{asked.argument[:80]}`: {error}"),)


def pictures(heard: Heard) -> str:
    """Return what images came, as a part of a sentence: how many, of which types and sizes."""
    sizes = [f"{image.media_type}, {image.size_bytes} bytes" for image in heard.images]
    what = "1 image" if len(sizes) == 1 else f"{len(sizes)} images"
    return f"{what} ({'; '.join(sizes)})" if sizes else "no image"


def _ask(_: str, heard: Heard) -> tuple[Step, ...]:
    return _with(heard, "AskUserQuestion", Call("AskUserQuestion", {"questions": _QUESTIONS}), _told(heard))


def _plan(_: str, heard: Heard) -> tuple[Step, ...]:
    # Claude Code says which file the plan belongs into once plan mode is on.
    path = heard.place("plan file already exists at ", ".md") or heard.place("create your plan at ", ".md")
    return _with(
        heard,
        "ExitPlanMode",
        Call("EnterPlanMode", {}),
        Call("Write", {"file_path": f"{path}.md", "content": _PLAN}),
        Call("ExitPlanMode", {}),
        _set_to_work(heard),
    )


def _background(argument: str, heard: Heard) -> tuple[Step, ...]:
    seconds = float(argument or _BACKGROUND_S)
    command = {"command": f"sleep {seconds:g}; echo The site is built.", "description": "Build the site"}
    said = Say(f"The build runs in the background for {seconds:g} s. I will say when it has ended.")
    return _with(heard, "Bash", Call("Bash", {**command, "run_in_background": True}), said)


def _agent(argument: str, heard: Heard) -> tuple[Step, ...]:
    seconds = float(argument or _PAUSE_S)
    task = {
        "description": "Count the files",
        "subagent_type": "general-purpose",
        "prompt": f"pause:{seconds:g}\nrun:ls\npause:{seconds:g}\nrun:pwd\nsay:The workdir was looked at.",
        "run_in_background": False,
    }
    tool = "Agent" if heard.offers("Agent") else "Task"
    return _with(heard, tool, Call(tool, task), Say("My helper says: the workdir was looked at."))


def _tasks(argument: str, heard: Heard) -> tuple[Step, ...]:
    pause = Pause(float(argument or _PAUSE_S))
    if not heard.offers("TaskCreate"):
        lists: list[Step] = []
        for done in range(len(_TASKS) + 1):
            lists.extend((pause, _todos(done)))
        return _with(heard, "TodoWrite", *lists, Say("All three tasks are done."))
    made = [
        Call("TaskCreate", {"subject": subject, "description": subject, "activeForm": doing})
        for subject, doing in _TASKS
    ]
    numbers = [found[1] for result in heard.results if (found := _TASK.match(result))]
    steps: list[Step] = [*made]
    for place in range(len(_TASKS)):
        number = numbers[place] if place < len(numbers) else str(place + 1)
        for status in ("in_progress", "completed"):
            steps += [pause, Call("TaskUpdate", {"taskId": number, "status": status})]
    return (*steps, Say("All three tasks are done."))


def _todos(done: int) -> Step:
    states = ["completed"] * done + ["in_progress"] + ["pending"] * len(_TASKS)
    todos = [
        {"content": subject, "status": state, "activeForm": doing}
        for (subject, doing), state in zip(_TASKS, states, strict=False)
    ]
    return Call("TodoWrite", {"todos": todos})


def _edit(_: str, heard: Heard) -> tuple[Step, ...]:
    path = _path(heard, "greet.py")
    return _with(
        heard,
        "Edit",
        Call("Write", {"file_path": path, "content": _PROGRAM}),
        Call(
            "Edit",
            {
                "file_path": path,
                "old_string": '    return "Hello " + name',
                "new_string": '    name = name.strip().title()\n    return f"Hello, {name}!"',
            },
        ),
        Say("`greet.py` greets politely now."),
    )


def _file(_: str, heard: Heard) -> tuple[Step, ...]:
    path = _path(heard, "report.md")
    write = Call("Write", {"file_path": path, "content": show.REPORT})
    return _with(heard, _SEND_FILE, write, _send(heard, path), Say("The report is above."))


def _picture(_: str, heard: Heard) -> tuple[Step, ...]:
    path = _path(heard, "chart.png")
    data = Call("Write", {"file_path": _path(heard, "chart.txt"), "content": show.chart()})
    drawn = Call("Bash", {"command": "base64 -d chart.txt > chart.png", "description": "Draw a chart"})
    return _with(heard, _SEND_FILE, data, drawn, _send(heard, path), Say("The chart is above."))


def _send(heard: Heard, path: str) -> Call:
    names = heard.arguments.get(_SEND_FILE, ()) or ("path",)
    key = next((name for name in names if "path" in name or "file" in name), names[0])
    return Call(_SEND_FILE, {key: [path] if key.endswith("s") else path})


def _long(argument: str, _: Heard) -> tuple[Step, ...]:
    if argument == "several":
        return (Say(show.long_text(_SEVERAL)),)
    return (Say(show.lines(int(argument)) if argument else show.long_text()),)


def _story(argument: str, _: Heard) -> tuple[Step, ...]:
    return (Say(show.STORY, over_s=float(argument or _STORY_S)),)


def _thinking(_: str, _heard: Heard) -> tuple[Step, ...]:
    return (Think(show.THOUGHT), Say("I have thought about it: the second way is shorter."))


def _code(argument: str, _: Heard) -> tuple[Step, ...]:
    return (Say(show.code(int(argument or 12))),)


def _told(heard: Heard) -> Say:
    """Return the newest result as an answer; a part of a scene that comes behind its last call."""
    return Say(f"tool said: {heard.results[-1][:2000]}" if heard.results else "")


def _set_to_work(heard: Heard) -> Say:
    approved = bool(heard.results) and heard.results[-1].startswith("User has approved")
    return Say("Thank you. I begin with the list of what nobody uses.") if approved else _told(heard)


def _with(heard: Heard, tool: str, *steps: Step) -> tuple[Step, ...]:
    if heard.offers(tool):
        return steps
    return (Say(f"I would use the tool {tool} for this, but nobody offers it to me here."),)


def _path(heard: Heard, name: str) -> str:
    workdir = heard.place("Primary working directory: ", "")
    return f"{workdir}/{name}" if workdir else name


_SCENES: Final[Mapping[str, Callable[[str, Heard], tuple[Step, ...]]]] = MappingProxyType(
    {
        "ask": _ask,
        "effort": lambda _, heard: (
            Say(f"I am asked for the effort: {heard.effort or 'none in particular'}."),
        ),
        "plan": _plan,
        "background": _background,
        "agent": _agent,
        "tasks": _tasks,
        "edit": _edit,
        "file": _file,
        "picture": _picture,
        "long": _long,
        "code": _code,
        "story": _story,
        "think": _thinking,
        "images": lambda _, heard: (Say(f"I see {pictures(heard)}."),),
        "table": lambda wide, __: (Say(show.WIDE_TABLE if wide == "wide" else show.TABLE),),
        "headings": lambda _, __: (Say(show.HEADINGS),),
    }
)

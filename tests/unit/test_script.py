"""The scripted agent's file."""

from pathlib import Path

import pytest

from sessions.agents.script import (
    Exit,
    Fail,
    Hang,
    Recall,
    Script,
    Text,
    Think,
    Tool,
    Wait,
    read_script,
    unsealed,
)
from sessions.errors import AgentError

EVERYTHING = """
[[turn]]
match = "all"

[[turn.step]]
think = "hm"

[[turn.step]]
text = "Done: {prompt}"
over_s = 1.5

[[turn.step]]
tool = "Bash"
title = "ls"
output = "a b"
ask = true

[[turn.step]]
recall = true

[[turn.step]]
wait_s = 2

[[turn.step]]
fail = "overloaded"

[[turn.step]]
exit = 3

[[turn.step]]
hang = true

[[turn]]
step = [{ text = "something else" }]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "script.toml"
    path.write_text(text)
    return path


def test_every_step_is_read(tmp_path: Path) -> None:
    script = read_script(write(tmp_path, EVERYTHING))
    assert script.steps_for("play it all") == (
        Think(think="hm"),
        Text(text="Done: {prompt}", over_s=1.5),
        Tool(tool="Bash", title="ls", output="a b", ask=True),
        Recall(recall=True),
        Wait(wait_s=2),
        Fail(fail="overloaded"),
        Exit(exit=3),
        Hang(hang=True),
    )


def test_a_turn_without_match_fits_every_prompt(tmp_path: Path) -> None:
    script = read_script(write(tmp_path, EVERYTHING))
    assert script.steps_for("whatever") == (Text(text="something else"),)


def test_without_a_file_the_prompt_is_echoed() -> None:
    assert read_script(None).steps_for("hi") == Script().steps_for("hi") == (Text(text="{prompt}"),)


@pytest.mark.parametrize(
    "text",
    [
        "turn = 3",
        "[[turn]]\nmatch = 'x'",
        "[[turn]]\nstep = [{ txt = 'x' }]",
        "[[turn]]\nstep = [{ fail = 'boredom' }]",
        "[[turn]]\nstep = [{ wait_s = -1 }]",
        "[[turn",
    ],
)
def test_a_wrong_script_says_where(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(AgentError) as caught:
        read_script(path)
    assert str(path) in str(caught.value)


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="nowhere"):
        read_script(tmp_path / "nowhere.toml")


def test_a_script_is_played_for_the_words_and_not_for_their_seal() -> None:
    prompt = '[012345678901] Note from Roomkey: x\n\n[012345678901] Message from "ann" (user 42):\n\nhi'
    assert unsealed(prompt) == 'Note from Roomkey: x\n\nMessage from "ann" (user 42):\n\nhi'
    assert unsealed("[0] hi") == "[0] hi"

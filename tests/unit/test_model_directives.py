"""What a prompt tells the offline model to do."""

import pytest

from bot.demo.model.directives import (
    Call,
    Fail,
    Pause,
    Play,
    Say,
    Step,
    Think,
    read_directives,
    without_quotes,
)


@pytest.mark.parametrize(
    ("prompt", "steps"),
    [
        ("say:hello", [Say("hello")]),
        ("say:two\nlines", [Say("two\nlines")]),
        ("Message from Ann (user 7):\n\nsay:hello", [Say("hello")]),
        ("@bot say:hello you", [Say("hello you")]),
        ("think:hm\nsay:hello", [Think("hm"), Say("hello")]),
        ('tool:Bash:{"command": "ls"}', [Call("Bash", {"command": "ls"})]),
        ('say:a\ntool:Read:{"p": 1} and more\nsay:b', [Say("a"), Call("Read", {"p": 1}), Say("b")]),
        ("fail:529", [Fail(529)]),
        ("fail:400 prompt is too long", [Fail(400, "prompt is too long")]),
        ("fail:429 until:1893456000 no more", [Fail(429, "no more", 1893456000)]),
        ("fail:429 until:1893456000", [Fail(429, "", 1893456000)]),
        ("say:half\nrefuse", [Say("half"), "refuse"]),
        ("words:3", [Say("word1 word2 word3")]),
        ("recall", ["recall"]),
        ("Message from Ann:\n\n  hang  ", ["hang"]),
        ("run:touch a b", [Call("Bash", {"command": "touch a b"})]),
        ("pause:0.5\nsay:a", [Pause(0.5), Say("a")]),
        ("slow:2 one two\nmore", [Say("one two", over_s=2.0)]),
        ("tasks", [Play("tasks")]),
        ("long:30\nrecall\nmore", [Play("long", "30"), "recall"]),
        ("Message from Ann:\n\n<@12> plan", [Play("plan")]),
        ("think", [Play("think")]),
        ("say:I would say: no", [Say("I would say: no")]),
    ],
)
def test_directives_are_played_in_order(prompt: str, steps: list[Step]) -> None:
    assert list(read_directives(prompt)) == steps


@pytest.mark.parametrize(
    "prompt",
    [
        "hello",
        "do you recall that?",
        "hang on",
        "essay:no",
        "http://tool:80",
        "recall it all",
        "",
        "see the file: a.txt",
        "a dry run:yes",
        "plan a trip",
        "file: a.txt",
        "my plan",
    ],
)
def test_ordinary_words_are_no_directive(prompt: str) -> None:
    assert read_directives(prompt) == ()


def test_a_slow_answer_has_twenty_words() -> None:
    (step,) = read_directives("slow:2")
    assert isinstance(step, Say)
    assert (len(step.text.split()), step.over_s) == (20, 2.0)


@pytest.mark.parametrize(
    "prompt",
    [
        "tool:Bash",
        "tool:Bash:[1]",
        "tool:Bash:{",
        "fail:200",
        "fail:",
        "fail:429 until:soon",
        "slow:soon",
        "pause:soon",
    ],
)
def test_a_malformed_directive_is_explained(prompt: str) -> None:
    (step,) = read_directives(prompt)
    assert isinstance(step, Say)
    assert prompt in step.text


QUOTING = """[012345678901] Quoted, because the message below replies to it, from "ben" (user 7):

say:quoted

[012345678901] Message from "ann" (user 42):

{}

[012345678901] All of inbox/5_1.txt:

say:pasted"""


def test_what_a_person_says_comes_before_what_is_quoted_to_them() -> None:
    assert read_directives(QUOTING.format("say:mine")) == (Say("mine"),)
    quoted, pasted = read_directives(QUOTING.format("look"))
    assert isinstance(quoted, Say)
    assert quoted.text.startswith("quoted\n")
    assert pasted == Say("pasted")


def test_a_prompt_is_shown_without_quotes_and_seals() -> None:
    assert without_quotes(QUOTING.format("look")) == 'Message from "ann" (user 42):\n\nlook'
    assert without_quotes("[0] look") == "[0] look"

"""What the offline model answers to what it heard."""

from dataclasses import replace

from bot.demo.model.answers import answer
from bot.demo.model.conversation import Heard
from bot.demo.model.directives import Call, Say

NOTHING = Heard(session="s", model="m", prompt="", results=(), said=(), texts=(), system="", tools=())


def heard(*said: str, results: tuple[str, ...] = ()) -> Heard:
    return replace(NOTHING, prompt=said[-1], said=said, results=results)


def text(heard: Heard) -> str:
    (step,) = answer(heard)
    assert isinstance(step, Say)
    return step.text


def test_a_room_hears_its_first_words() -> None:
    assert text(heard("hello")) == "I heard: “hello”. That is the first thing I hear in this room."


def test_a_room_knows_how_its_conversation_began() -> None:
    assert text(heard("my cat is Tom", "and now?")) == (
        "I heard: “and now?”. You have told me 2 things in this room; the first was “my cat is Tom”."
    )


def test_a_label_line_is_not_quoted() -> None:
    assert "“hello”" in text(heard("Message from Ann (user 7):\n\nhello"))
    assert "“only this:”" in text(heard("only this:"))


def test_what_came_along_is_shown_and_not_taken_for_what_was_said() -> None:
    seal = "[123456789012] "
    parts = (
        'Said before, from "ben" (user 8):\n\nThe lamp.',
        'Message from "ann" (user 7):\n\nlook.',
        "Files sent with this message:\n- inbox/1.txt",
        "All of inbox/1.txt:\n\nleft",
    )
    prompt = "\n\n".join(seal + part for part in parts)
    began = "I heard: “look.” That is the first thing I hear in this room."
    assert text(heard(prompt)) == f"{began} I was shown: “The lamp.” I was shown: “left”."


def test_what_was_spoken_counts_as_said() -> None:
    seal = "[123456789012] "
    prompt = (
        f'{seal}Message from "ann" (user 7):\n\n{seal}Files sent with this message:\n- inbox/1.ogg\n\n'
        f"{seal}Said in the voice message inbox/1.ogg, as a machine heard it:\n\nhello there"
    )
    assert text(heard(prompt)).startswith("I heard: “hello there”.")


def test_a_long_text_is_quoted_in_part() -> None:
    assert len(text(heard("x" * 5000))) < 400


def test_recall_lists_what_was_said_before() -> None:
    assert text(heard("one", "two", "recall")) == "Said in this room before:\n- one\n- two"
    assert text(heard("recall")) == "Nothing was said in this room before."


def test_a_response_ends_with_its_tool_call() -> None:
    prompt = 'say:a\ntool:X:{}\nsay:b\ntool:Y:{"n": 1}\nsay:c'
    assert answer(heard(prompt)) == (Say("a"), Call("X", {}))
    assert answer(heard(prompt, results=("x",))) == (Say("b"), Call("Y", {"n": 1}))
    assert answer(heard(prompt, results=("x", "y"))) == (Say("c"),)


def test_a_tool_s_result_is_told_if_nothing_else_is_to_be_said() -> None:
    assert text(heard("tool:X:{}", results=("the result",))) == "tool said: the result"


def test_the_end_of_a_background_task_is_said() -> None:
    assert text(heard("one", "<task-notification>say:no")) == "A task in the background has ended."


def test_background_notices_are_not_what_people_said() -> None:
    assert "2 things" in text(heard("one", "<task-notification>x", "two"))


def test_what_was_said_meanwhile_is_answered_behind_the_rest() -> None:
    joined = replace(heard("tool:X:{}\nsay:a", results=("x",)), meanwhile=("say:b", "hello"))
    assert answer(joined) == (Say("a"), Say("b"), Say("You also said: “hello”."))

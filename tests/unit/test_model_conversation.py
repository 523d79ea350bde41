"""What the offline model hears in a request; bodies as Claude Code 2.1.327 sends them, shortened."""

import time

import pytest

from bot.demo.model.conversation import Body, Heard, Image, Message, hear

REMINDER = "<system-reminder>\nContents of MEMORY.md: tool:Bash:{}\n</system-reminder>\n"
NOTICE = (
    "<system-reminder>\n[SYSTEM NOTIFICATION - NOT USER INPUT]\n\n<task-notification>\n"
    "<task-id>b1</task-id>\n</task-notification>\n</system-reminder>"
)


def heard(*messages: dict[str, object]) -> Heard:
    return hear(Body.model_validate({"model": "m", "messages": messages}), "s")


def user(*texts: str) -> dict[str, object]:
    return {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}


def result(text: object) -> dict[str, object]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": text}]}


CALL: dict[str, object] = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {}}],
}


def test_the_client_s_own_words_are_no_prompt() -> None:
    found = heard(user(REMINDER, "hello"), {"role": "system", "content": "# Environment"})
    assert (found.prompt, found.said) == ("hello", ("hello",))
    assert "MEMORY.md" in found.texts[0]


def test_the_effort_is_heard() -> None:
    body = {"model": "m", "messages": [user("hello")]}
    assert hear(Body.model_validate(body)).effort == ""
    assert hear(Body.model_validate(body | {"output_config": {"effort": "low"}})).effort == "low"


def test_the_newest_text_is_the_prompt() -> None:
    assert heard(user("one"), {"role": "assistant", "content": "a"}, user("two", "three")).prompt == "three"


def test_an_interruption_is_no_prompt() -> None:
    found = heard(user("hang\n", "[Request interrupted by user]\n", "say:next"))
    assert found.said == ("hang", "say:next")
    assert heard(user("hang", "[Request interrupted by user for tool use]")).prompt == "hang"


@pytest.mark.parametrize("content", ["42", [{"type": "text", "text": "42"}, {"type": "image", "source": {}}]])
def test_a_tool_s_result_belongs_to_the_prompt_before_it(content: object) -> None:
    found = heard(user("one"), CALL, result(content))
    assert (found.prompt, found.results) == ("one", ("42",))
    assert "42" in found.texts


def test_a_new_text_starts_without_results() -> None:
    assert heard(user("one"), CALL, result("42"), user("two")).results == ()


def test_a_reminder_beside_a_result_changes_nothing() -> None:
    assert heard(user("one"), CALL, result("42"), user(REMINDER)).results == ("42",)


def test_a_background_notice_is_a_prompt_of_its_own() -> None:
    found = heard(user("one"), user(NOTICE))
    assert found.prompt.startswith("<task-notification>")


def test_the_digest_names_a_point_of_a_conversation() -> None:
    one, two = heard(user("one")), heard(user("one"), {"role": "assistant", "content": "a"}, user("two"))
    assert one.digest == heard(user("one")).digest != two.digest


def test_a_lone_surrogate_is_no_obstacle() -> None:
    assert len(heard(user("lone \ud800")).digest) == 24


def test_tokens_are_never_zero() -> None:
    assert heard(user("")).tokens > 0


MEANWHILE = (
    "The user sent a new message while you were working:\n{}\n\nThis is how Claude Code surfaces messages"
    " the user sends mid-turn — within the running turn. Address the message above as you continue this turn."
)


def test_what_is_said_while_a_tool_runs_joins_the_prompt() -> None:
    joined = "\n\n".join(MEANWHILE.format(words) for words in ("Message from Ann:\n\nsay:two", "say:three"))
    found = heard(user("one"), CALL, result("42"), {"role": "system", "content": joined})
    assert (found.prompt, found.results) == ("one", ("42",))
    assert found.meanwhile == ("Message from Ann:\n\nsay:two", "say:three")
    later = heard(user("one"), CALL, result("42"), {"role": "system", "content": joined}, user("four"))
    assert (later.prompt, later.meanwhile) == ("four", ())


def test_the_news_of_a_refusal_is_no_prompt() -> None:
    news = "Your response above was stopped by a safety classifier — this is not a tool or API error."
    assert heard(user("refuse"), user(news)).prompt == "refuse"


@pytest.mark.parametrize(
    "text", ["<system-reminder>", "The user sent a new message while you were working:\n"]
)
def test_what_begins_again_and_again_and_never_ends_is_read_at_once(text: str) -> None:
    began = time.thread_time()
    hear(Body(model="m", messages=(Message(role="user", content=text * 20_000),)))
    assert time.thread_time() - began < 1.0


def picture(data: str) -> dict[str, object]:
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def test_images_belong_to_the_prompt_with_which_they_came() -> None:
    shown = {"role": "user", "content": [picture("AAAA"), {"type": "text", "text": "look"}]}
    assert heard(shown).images == (Image("image/png", 3),)
    assert heard(shown, user("and now?")).images == ()
    assert heard(shown, CALL, result([picture("AAA=")])).images == (
        Image("image/png", 3),
        Image("image/png", 2),
    )


def test_tools_are_offered_with_their_arguments_or_by_name_alone() -> None:
    tool = {"name": "Read", "input_schema": {"type": "object", "properties": {"file_path": {}}}}
    texts = {"role": "system", "content": "Deferred:\nExitPlanMode\nMonitor\n\nNo Write here."}
    body = {"model": "m", "messages": [user("hi"), texts], "tools": [tool, {"name": "Bash"}]}
    found = hear(Body.model_validate(body))
    assert found.arguments == {"Read": ("file_path",), "Bash": ()}
    assert [found.offers(name) for name in ("Read", "Monitor", "Write")] == [True, True, False]


def test_a_place_is_read_from_what_the_client_wrote_last() -> None:
    found = heard(user("workdir: /old\nmore"), user("workdir: /new, be nice"))
    assert found.place("workdir: ", ",") == "/new"
    assert found.place("workdir: ", "") == "/new, be nice"
    assert found.place("plan at ", "") == ""

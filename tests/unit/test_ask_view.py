"""Cards of permissions and plans: they fit, and what they cannot show whole cannot be allowed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ask_view import Scene, approved_text, closed_line, expired_view, permission_view, plan_view
from bot.components import Menu
from bot.measure import units
from bot.open_asks import CardView
from sessions.events import PermissionAsk, PlanAsk, Question, QuestionAsk
from sessions.keys import TurnId

TURN = TurnId(12)
SCENE = Scene(
    limit=2000, until=datetime(2030, 1, 1, tzinfo=UTC), workdir="/w", asked_by="*ann*", file_bytes=10**7
)
ASK = PermissionAsk(
    id="a1", tool="Bash", title="ls", arguments={"command": "ls -la\ncat a"}, rule="Bash(ls *)"
)
DENIES = ["Deny", "Deny with a reason"]


def labels(view: CardView) -> list[str]:
    return [button.label for row in view.rows if not isinstance(row, Menu) for button in row]


def test_the_card_shows_the_tool_all_it_was_given_who_asked_where_and_until_when() -> None:
    view = permission_view(TURN, ASK, SCENE)
    assert view.text == (
        "**Bash** needs your permission:\n```\ncommand: ls -la\ncat a\n```\n"
        "-# asked by \\*ann\\* · in /w · closes <t:1893456000:R>: no answer means no"
    )
    assert labels(view) == ["Allow once", "Always here (ls *)", *DENIES]
    assert view.files == ()


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        ("Edit(./src/**)", "Always here (Edit ./src/**)"),
        ("WebFetch(domain:a.org)", "Always here (WebFetch domain:a.org)"),
        ("mcp__a__b", "Always here (mcp__a__b)"),
    ],
)
def test_the_whole_pattern_stands_on_the_button(rule: str, label: str) -> None:
    assert labels(permission_view(TURN, replace(ASK, rule=rule), SCENE))[1] == label


def test_without_a_narrow_rule_nothing_is_offered_for_good() -> None:
    assert labels(permission_view(TURN, replace(ASK, rule=""), SCENE)) == ["Allow once", *DENIES]


def test_a_long_request_goes_along_as_a_file_with_all_of_it() -> None:
    command = "FIRST" + "x```" * 5000 + "LAST"
    view = permission_view(TURN, replace(ASK, arguments={"command": command}), SCENE)
    [file] = view.files
    assert file.content.decode() == f"command: {command}"
    assert "`request.txt`" in view.text
    assert "Allow once" in labels(view)
    assert units(view.text) <= 2000


@pytest.mark.parametrize(
    ("ask", "file_bytes"),
    [
        (replace(ASK, arguments={"command": "x" * 5000}), 0),
        (replace(ASK, arguments={"command": "x" * 5000}), 4999),
        (replace(ASK, is_masked=True, is_cut=True), 10**7),
    ],
)
def test_what_cannot_be_shown_whole_cannot_be_allowed(ask: PermissionAsk, file_bytes: int) -> None:
    view = permission_view(TURN, ask, replace(SCENE, file_bytes=file_bytes))
    assert labels(view) == DENIES
    assert "can only be denied" in view.text
    assert view.files == ()


def test_a_masked_secret_is_said_to_be_masked() -> None:
    view = permission_view(TURN, replace(ASK, is_masked=True, rule=""), SCENE)
    assert "A secret in it is masked here." in view.text
    assert "Allow once" in labels(view)


@settings(deadline=None)
@given(st.text(max_size=4000), st.text(max_size=300), st.sampled_from([0, 100, 10**7]))
def test_a_card_always_fits(text: str, name: str, file_bytes: int) -> None:
    scene = replace(SCENE, workdir=name, asked_by=name, file_bytes=file_bytes)
    ask = replace(
        ASK, tool=name[:60] or "T", arguments={"command": text, "old_string": text, "new_string": ""}
    )
    for view in (permission_view(TURN, ask, scene), plan_view(TURN, PlanAsk(id="p", plan=text), scene)):
        assert 0 < units(view.text) <= 2000
        if not view.files and "beginning" in view.text:
            assert "Allow once" not in labels(view)
    assert "\n" not in closed_line(replace(ASK, title=text), "over")


def test_a_plan_is_shown_with_its_three_answers() -> None:
    view = plan_view(TURN, PlanAsk(id="p", plan="# Plan\n\n1. Look"), SCENE)
    assert "# Plan\n\n1. Look" in view.text
    assert labels(view) == ["Approve and accept edits", "Approve, ask for each", "Keep planning"]


def test_a_long_plan_is_a_file_and_one_that_cannot_be_shown_is_not_approved() -> None:
    plan = "\n\n".join(f"{at}. Do it" for at in range(1000))
    view = plan_view(TURN, PlanAsk(id="p", plan=plan), SCENE)
    assert [file.content.decode() for file in view.files] == [plan]
    assert len(labels(view)) == 3
    view = plan_view(TURN, PlanAsk(id="p", plan=plan), replace(SCENE, file_bytes=10))
    assert labels(view) == ["Keep planning"]
    assert plan_view(TURN, PlanAsk(id="p", plan=" "), SCENE).text.startswith(
        "**Shall I do this?**\n(The agent"
    )


def test_a_card_of_a_process_that_is_gone_says_so_and_its_buttons_stay() -> None:
    one_line = replace(ASK, title="ls -la", arguments={"command": "ls -la"})
    view = expired_view(TURN, one_line, permission_view(TURN, one_line, SCENE))
    assert view.text.startswith("-# Bash: ls -la · expired: Roomkey was restarted")
    assert labels(view) == ["Allow and continue", "Deny and drop"]
    ask = QuestionAsk(id="q", questions=(Question(text="Which?"),))
    view = expired_view(TURN, ask, CardView("1 of 1"))
    assert view.text.startswith("-# Which? · Roomkey was restarted")
    assert view.rows == ()


def test_an_expired_card_still_shows_all_that_a_yes_would_allow() -> None:
    long = replace(ASK, title="echo " + "x" * 150, arguments={"command": f"echo {'x' * 150}; rm -rf /"})
    edit = replace(ASK, title="a.py", arguments={"file_path": "a.py", "content": "import evil"})
    plan = PlanAsk(id="p", plan="1. Look\n2. Delete it")
    hiding = replace(ASK, title="ls \u202ea", arguments={"command": "ls \u202ea"})
    for ask, words in (
        (long, "; rm -rf /"),
        (edit, "+import evil"),
        (plan, "2. Delete it"),
        (hiding, "command: ls \ufffda"),
    ):
        is_plan = isinstance(ask, PlanAsk)
        card = plan_view(TURN, ask, SCENE) if is_plan else permission_view(TURN, ask, SCENE)  # type: ignore[arg-type]
        view = expired_view(TURN, ask, card)
        assert words in view.text
        assert "This expired: Roomkey was restarted" in view.text
        assert "closes" not in view.text
        assert labels(view) == ["Allow and continue", "Deny and drop"]


def test_what_could_only_be_denied_or_was_never_seen_is_not_allowed_when_it_expired() -> None:
    huge = replace(ASK, arguments={"command": "x" * 5000})
    for card in (permission_view(TURN, huge, replace(SCENE, file_bytes=0)), CardView("")):
        view = expired_view(TURN, huge, card)
        assert labels(view) == ["Deny and drop"]
        assert "It can only be denied here" in view.text


def test_an_expired_card_fits_its_message() -> None:
    for size in range(1000, 2100, 7):
        ask = replace(ASK, title="x", arguments={"command": "y" * size})
        for card in (
            permission_view(TURN, ask, SCENE),
            plan_view(TURN, PlanAsk(id="p", plan="word " * (size // 5)), SCENE),
        ):
            assert units(expired_view(TURN, ask, card).text) <= SCENE.limit


def test_a_megabyte_is_no_burden() -> None:
    ask = replace(ASK, arguments={"command": "x\u202e" * 500_000})
    for view in (
        permission_view(TURN, ask, SCENE),
        plan_view(TURN, PlanAsk(id="p", plan="word " * 200_000), SCENE),
    ):
        assert units(view.text) <= 2000
        [file] = view.files
        assert len(file.content) >= 10**6 - 1


def test_an_approved_plan_stays_to_be_read() -> None:
    assert approved_text(PlanAsk(id="p", plan="1. Look"), "approved by ann") == (
        "-# The plan · approved by ann\n1. Look"
    )
    long = approved_text(PlanAsk(id="p", plan="word " * 200_000), "approved by ann")
    assert units(long) < 2000
    assert long.endswith("the agent has all of it.")

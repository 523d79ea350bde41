"""/sessions as a person sees it: pages, the menu, one session's buttons, and what a click on them says."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.access import Tier
from bot.components import Menu, Pressed
from bot.past_view import Op, PastClick, delete_view, parse_past, past_view, session_view, shown_age
from tests.support.past_rooms import NOON, past_session
from tests.support.said_buttons import buttons_of

MANY = [past_session(0, "now", "open"), *(past_session(n, f"number {n}") for n in range(1, 20))]


def test_a_room_without_a_session_says_how_to_get_one() -> None:
    said = past_view((), NOON)
    assert "first message here starts one" in said.text
    assert said.rows == ()


def test_each_line_names_a_session_with_its_turns_its_cost_and_its_age() -> None:
    said = past_view([past_session(0, "now", "open"), past_session(2)], NOON)
    assert "▶️ **now** · 1 turn · ~$0.00 · <t:" in said.text
    assert "• **the word is plum** · 3 turns · ~$0.50 · <t:" in said.text


def test_pages_show_all_sessions_once() -> None:
    refs: list[str] = []
    for page in range(3):
        said = past_view(MANY, NOON, page)
        menu = said.rows[0]
        assert isinstance(menu, Menu)
        refs += [choice.value for choice in menu.choices]
        assert f"Page {page + 1} of 3" in said.text
    assert refs == [one.ref for one in MANY]
    assert past_view(MANY, NOON, 99) == past_view(MANY, NOON, 2)


@given(st.lists(st.text(max_size=400), min_size=1, max_size=30), st.integers(0, 9999))
def test_any_titles_fit_into_a_message_with_its_menu(titles: list[str], page: int) -> None:
    said = past_view([past_session(n, title) for n, title in enumerate(titles)], NOON, page)
    assert len(said.text.encode("utf-16-le", "surrogatepass")) // 2 <= 2000
    menu = said.rows[0]
    assert isinstance(menu, Menu)
    assert 1 <= len(menu.choices) <= 25
    assert len({choice.value for choice in menu.choices}) == len(menu.choices)
    for choice in menu.choices:
        assert 1 <= len(choice.label) <= 100
        assert len(choice.detail) <= 100
        assert len(choice.value) <= 100


@pytest.mark.parametrize(
    ("state", "tier", "labels"),
    [
        ("former", Tier.OPERATOR, ["Resume here", "Export", "Delete…", "All sessions"]),
        ("former", Tier.USER, ["All sessions"]),
        ("open", Tier.OPERATOR, ["Export", "All sessions"]),
        ("terminal", Tier.OWNER, ["Resume here", "All sessions"]),
        ("in use", Tier.OWNER, ["All sessions"]),
        ("deleted", Tier.OWNER, ["Resume here", "All sessions"]),
    ],
)
def test_one_session_offers_what_the_viewer_may_do_with_it(state: str, tier: Tier, labels: list[str]) -> None:
    said = session_view(past_session(3, state=state), tier, 1)  # type: ignore[arg-type]
    assert [button.label for button in buttons_of(said)] == labels
    assert all(len(button.action) <= 100 for button in buttons_of(said))


def test_deleting_is_asked_about_first() -> None:
    one = past_session(3)
    delete, keep = buttons_of(delete_view(one, 2))
    assert parse_past(Pressed(action=delete.action)) == PastClick(Op.DELETE, 2, one.ref)
    assert parse_past(Pressed(action=keep.action)) == PastClick(Op.PICK, 2, one.ref)


def test_a_menu_says_what_was_chosen() -> None:
    ref = past_session(3).ref
    assert parse_past(Pressed(action="rk:past:pick:0", values=(ref,))) == PastClick(Op.PICK, 0, ref)
    assert parse_past(Pressed(action="rk:past:pick:0", values=("../../x",))) == PastClick(Op.PICK, 0, "")


@pytest.mark.parametrize(
    "action", ["", "rk:past", "rk:past:eat:0", "rk:past:show:-1", "rk:past:show:0:zz", "rk:queue:show:0"]
)
def test_other_actions_are_none_of_these(action: str) -> None:
    assert parse_past(Pressed(action=action)) is None


def test_an_age_is_two_words() -> None:
    ages = {
        0: "just now",
        59: "just now",
        60: "1 min ago",
        3600: "1 h ago",
        47 * 3600: "47 h ago",
        50 * 3600: "2 days ago",
    }
    assert {s: shown_age(NOON - timedelta(seconds=s), NOON) for s in ages} == ages
    assert shown_age(NOON + timedelta(days=1), NOON) == "just now"

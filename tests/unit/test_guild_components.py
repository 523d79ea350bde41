"""Buttons, menus and dialogues as people meet them."""

from typing import Any

import pytest

from bot.demo.guild import components
from bot.demo.guild.errors import Refused
from bot.demo.guild.interaction import Modal
from bot.demo.guild.model import Message

COLOURS = [{"label": "Red", "value": "r"}, {"label": "Blue", "value": "b"}]


def message(*inner: dict[str, Any]) -> Message:
    rows = [{"type": 1, "components": [one]} for one in inner]
    return Message("1", "2", "3", 0.0, components=components.numbered(rows))


def modal(*rows: dict[str, Any]) -> Modal:
    return Modal("1", "m", "Why?", "2", "3", components.numbered(rows))


def label(text: str, **component: Any) -> dict[str, Any]:
    return {"type": 18, "label": text, "component": component}


def test_components_get_ids_where_they_have_none():
    (row, card) = components.numbered(
        [
            {"type": 1, "components": [{"type": 2, "id": 7}, {"type": 2}]},
            {"type": 9, "components": [{"type": 10}], "accessory": {"type": 2}},
        ]
    )
    assert [row["id"], *(one["id"] for one in row["components"])] == [1, 7, 3]
    assert (card["id"], card["components"][0]["id"], card["accessory"]["id"]) == (4, 5, 6)


def test_a_button_is_found_by_label_emoji_or_id():
    shown = message(
        {"type": 2, "label": "Go", "custom_id": "go"},
        {"type": 2, "emoji": {"name": "🛑"}, "custom_id": "stop"},
    )
    assert components.button(shown, "Go", None)["custom_id"] == "go"
    assert components.button(shown, "🛑", None)["custom_id"] == "stop"
    data = components.clicked(components.button(shown, None, "stop"))
    assert data == {"custom_id": "stop", "component_type": 2, "id": 4}


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"disabled": True}, "disabled"),
        ({"style": 5, "url": "https://x", "custom_id": None}, "only opens https://x"),
    ],
)
def test_a_button_out_of_use_is_refused(facts: dict[str, Any], why: str):
    shown = message({"type": 2, "label": "Go", "custom_id": "go", **facts})
    with pytest.raises(Refused, match=why):
        components.button(shown, "Go", None)


def test_the_only_menu_needs_no_name_and_takes_what_it_shows_or_holds():
    shown = message({"type": 3, "custom_id": "pick", "options": COLOURS, "max_values": 2})
    menu = components.menu(shown, None)
    assert components.chosen(menu, ["Red", "b"])["values"] == ["r", "b"]
    for values in (["Green"], [], ["Red", "Blue", "r"]):
        with pytest.raises(Refused):
            components.chosen(menu, values)
    with pytest.raises(Refused, match="choose one menu"):
        components.menu(shown, "other")


def test_a_dialogue_is_filled_by_label_or_id_in_the_shape_of_its_rows():
    opened = modal(
        {"type": 10, "content": "Tell us."},
        label("Reason", type=4, custom_id="why"),
        label("Colour", type=3, custom_id="colour", options=COLOURS),
        label("Sure", type=21, custom_id="sure", options=COLOURS),
        label("Agree", type=23, custom_id="agree"),
        {"type": 1, "components": [{"type": 4, "custom_id": "more", "label": "More", "required": False}]},
    )
    data = components.submitted(opened, {"Reason": "so", "colour": "Blue", "Sure": "Red", "Agree": True})
    assert data["custom_id"] == "m"
    rows = data["components"]
    assert rows[0] == {"type": 10, "id": 1}
    assert [row["component"].get("value", row["component"].get("values")) for row in rows[1:5]] == [
        "so",
        ["b"],
        "r",
        True,
    ]
    assert rows[5]["components"][0]["value"] == ""


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({"type": 4}, {}),
        ({"type": 4, "min_length": 3}, {"x": "ab"}),
        ({"type": 4, "max_length": 1}, {"x": "ab"}),
        ({"type": 3, "options": COLOURS}, {}),
        ({"type": 3, "options": COLOURS}, {"x": "Green"}),
        ({"type": 4, "required": False}, {"y": "unknown"}),
    ],
)
def test_a_dialogue_that_is_not_filled_properly_is_refused(facts: dict[str, Any], fields: dict[str, str]):
    with pytest.raises(Refused):
        components.submitted(modal(label("X", custom_id="x", **facts)), fields)


def test_what_may_be_left_empty_may_and_a_preset_text_counts():
    optional = modal(
        label("A", type=4, custom_id="a", required=False, min_length=3),
        label("B", type=3, custom_id="b", required=False, options=COLOURS),
        label("C", type=4, custom_id="c", value="preset"),
    )
    rows = components.submitted(optional, {})["components"]
    assert [row["component"].get("value", row["component"].get("values")) for row in rows] == [
        "",
        [],
        "preset",
    ]

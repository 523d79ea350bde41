"""What fits into a message, a dialogue and a thread's name."""

from typing import Any

import pytest

from bot.demo.guild import limits
from bot.demo.guild.errors import ApiError, Code
from bot.demo.guild.model import NO_FLAGS, MessageFlag, Upload


def button(number: int = 0, **facts: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "x", "custom_id": str(number), **facts}


def row(*inner: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(inner)}


def refused(check: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(ApiError) as error:
        check(*arguments, **named)
    assert error.value.code == Code.INVALID_FORM
    return error.value.field or ""


def test_text_is_counted_in_utf_16_units():
    assert limits.units("a😀é") == 4
    assert limits.units("\ud800") == 1


def test_a_bot_has_2000_units_and_a_person_can_pay_for_4000():
    limits.check_content("x" * 2000, by_bot=True)
    limits.check_content("x" * 4000, by_bot=False)
    assert refused(limits.check_content, "x" * 2001, by_bot=True).startswith("content")
    assert refused(limits.check_content, "x" * 4001, by_bot=False).startswith("content")


def test_ten_files_fit_and_none_over_10_mib():
    limits.check_files([Upload("a", b"x")] * 9, already=1)
    assert refused(limits.check_files, [Upload("a", b"x")] * 10, already=1)
    with pytest.raises(ApiError) as error:
        limits.check_files([Upload("a", b"x" * (limits.FILE_BYTES + 1))])
    assert (error.value.status, error.value.code) == (413, Code.TOO_LARGE)


@pytest.mark.parametrize(
    "embeds",
    [
        [{"title": "x" * 257}],
        [{"description": "x" * 4097}],
        [{"description": "x" * 4000}, {"description": "x" * 2001}],
        [{"fields": [{"name": "x", "value": "y"}] * 26}],
        [{"fields": [{"name": "x" * 257, "value": "y"}]}],
        [{"fields": [{"name": "x", "value": "y" * 1025}]}],
        [{"footer": {"text": "x" * 2049}}],
        [{"author": {"name": "x" * 257}}],
        [{}] * 11,
    ],
)
def test_embeds_have_limits_each_and_together(embeds: list[dict[str, Any]]):
    limits.check_embeds([{"title": "x" * 256, "description": "x" * 4096}])
    assert refused(limits.check_embeds, embeds)


@pytest.mark.parametrize(
    "components",
    [
        [row(*(button(number) for number in range(6)))],
        [row(button(number)) for number in range(6)],
        [row(button(1), button(1))],
        [row(button(1, label="x" * 81))],
        [row(button(1, label=None))],
        [row(button(1, custom_id="x" * 101))],
        [row(button(1), {"type": 5, "custom_id": "who"})],
        [row({"type": 3, "custom_id": "pick", "options": [{"label": "x", "value": "y"}] * 26})],
        [row({"type": 3, "custom_id": "pick", "options": []})],
        [row({"type": 3, "custom_id": "pick", "options": [{"label": "x", "value": "y" * 101}]})],
        [row()],
        [button(1)],
    ],
)
def test_rows_buttons_and_menus_have_limits(components: list[dict[str, Any]]):
    limits.check_components([row(*(button(number) for number in range(5)))], NO_FLAGS)
    assert refused(limits.check_components, components, NO_FLAGS)


def test_components_of_version_2_are_counted_with_what_is_inside():
    card = {"type": 17, "components": [{"type": 10, "content": "x" * 2000}]}
    limits.check_components([card, card], MessageFlag.COMPONENTS_V2)
    assert refused(limits.check_components, [card, card, card], MessageFlag.COMPONENTS_V2)
    assert refused(limits.check_components, [{"type": 14}] * 41, MessageFlag.COMPONENTS_V2)
    assert refused(limits.check_v2_alone, MessageFlag.COMPONENTS_V2, "text", [])
    limits.check_v2_alone(NO_FLAGS, "text", [])


@pytest.mark.parametrize(
    "facts",
    [
        {"title": ""},
        {"title": "x" * 46},
        {"custom_id": ""},
        {"components": []},
        {"components": [row(button())] * 6},
    ],
)
def test_a_dialogue_has_a_title_an_id_and_up_to_five_rows(facts: dict[str, Any]):
    label = {"type": 18, "label": "Why", "component": {"type": 4, "custom_id": "why"}}
    whole = {"title": "t", "custom_id": "m", "components": [label]}
    limits.check_modal(whole)
    assert refused(limits.check_modal, whole | facts)
    assert refused(limits.check_modal, whole | {"components": [label | {"label": "x" * 46}]})


def test_a_thread_has_a_name_and_one_of_four_times():
    limits.check_thread("x" * 100, 60)
    assert refused(limits.check_thread, "", 60)
    assert refused(limits.check_thread, "x" * 101, 60)
    assert refused(limits.check_thread, "x", 61)

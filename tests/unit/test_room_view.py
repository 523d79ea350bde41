"""A room's settings in words and forms: everything is shown, and offered to whom it is for alone."""

from collections.abc import Mapping

import pytest

from bot.access import Tier
from bot.components import MAX_CHOICES, Menu
from bot.measure import units
from bot.room_view import (
    INHERIT,
    MODES,
    OWNERS,
    Explained,
    aloud_line,
    changed_line,
    choices_of,
    may_set,
    means,
    prompt_view,
    setting_modal,
    setting_view,
    settings_view,
    title,
    value_of,
)
from bot.said import Said
from sessions.errors import UserError
from sessions.room_settings import NAMES, Layer, RoomSettings, resolved
from tests.support.said_buttons import buttons_of


def room(own: Mapping[str, object] | None = None, file: Mapping[str, object] | None = None) -> Explained:
    layers = [Layer("room", own or {}), Layer("everywhere", file or {})]
    (settings, origins), (inherited, below) = resolved(layers), resolved(layers[1:])
    return Explained(settings=settings, origins=origins, inherited=inherited, inherited_origins=below)


def menu_of(said: Said) -> list[str]:
    return [choice.value for row in said.rows if isinstance(row, Menu) for choice in row.choices]


def test_every_setting_is_shown_with_its_value_and_where_it_comes_from() -> None:
    said = settings_view(room({"display": "all"}, {"model": "large"}), Tier.USER)
    assert "- display: `all` · set here" in said.text
    assert "- model: `large` · from roomkey.toml, for all rooms" in said.text
    assert "- footer: `short` · the default" in said.text
    assert "- auto thread: `no` · the default" in said.text
    for name in NAMES:
        assert f"- {title(name)}: " in said.text
    assert "Operators change these" in said.text
    assert said.rows == ()


def test_the_menu_offers_what_somebody_may_set_and_nothing_else() -> None:
    assert menu_of(settings_view(room(), Tier.OWNER)) == list(NAMES)
    theirs = menu_of(settings_view(room(), Tier.OPERATOR))
    assert set(NAMES) - set(theirs) == OWNERS == {"permission_mode", "prompt"}


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_is_changed_by_a_menu_or_in_a_modal(name: str) -> None:
    said = setting_view(room({name: sample(name)}), name)
    labels = [button.label for button in buttons_of(said)]
    choices = menu_of(said)
    if choices:
        assert labels == ["Inherit", "Back"]
        assert len(choices) <= MAX_CHOICES
        assert all(0 < len(means(name, choice)) <= 100 for choice in choices)
        for choice in choices:
            RoomSettings.model_validate({name: value_of(name, choice)})
    else:
        assert labels == ["Change…", "Inherit", "Back"]
        modal = setting_modal(room({name: sample(name)}), name)
        assert len(modal.title) <= 45
        assert all(len(field.label) <= 45 and len(field.hint) <= 100 for field in modal.fields)
        assert modal.fields[0].text == str(sample(name))
    assert all(len(button.action) <= 100 for button in buttons_of(said))
    assert may_set(name) >= Tier.OPERATOR


def sample(name: str) -> object:
    texts = {"model": "large", "prompt": "be kind", "history": 5, "auto_thread": True}
    return texts.get(name) or choices_of(name)[-1]


def test_what_is_inherited_is_shown_beside_and_no_modal_begins_with_it() -> None:
    one = room(file={"prompt": "all rooms' words"})
    said = setting_view(one, "prompt")
    assert "Now: “all rooms' words” · from roomkey.toml, for all rooms" in said.text
    assert "Inherit" not in said.text
    own = setting_view(room({"prompt": "mine"}, {"prompt": "all rooms' words"}), "prompt")
    assert "Now: “mine” · set here" in own.text
    assert "Inherit brings back: “all rooms' words” · from roomkey.toml, for all rooms" in own.text
    assert "Inherit" not in [button.label for button in buttons_of(said)]
    assert setting_modal(one, "prompt").fields[0].text == ""


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("model", " large ", "large"),
        ("model", "", None),
        ("model", INHERIT, None),
        ("auto_thread", "yes", True),
        ("auto_thread", "no", False),
        ("history", "0", 0),
        ("history", "100", 100),
    ],
)
def test_a_text_stands_for_a_value(name: str, text: str, value: object) -> None:
    assert value_of(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"), [("auto_thread", "maybe"), ("history", "-1"), ("history", "٥"), ("history", "9999")]
)
def test_a_text_that_stands_for_nothing_is_refused_with_what_it_may_be(name: str, text: str) -> None:
    with pytest.raises(UserError, match=f"`{name}` is "):
        value_of(name, text)


def test_what_concerns_everybody_is_said_aloud_and_the_rest_is_not() -> None:
    assert aloud_line("display", room({"display": "all"}), "ann") == ""
    said = aloud_line("model", room({"model": "large"}), "*ann*")
    assert said == "-# The model of this room is `large` from the next turn on, set by \\*ann\\*."
    said = aloud_line("permission_mode", room({"permission_mode": "plan"}), "ann")
    assert said.endswith("set by ann: it reads and plans, changes nothing.")
    said = aloud_line("prompt", room({"prompt": "a secret plan"}), "ann")
    assert "changed by ann" in said
    assert "secret" not in said


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_is_said_with_what_it_means(mode: str) -> None:
    said = changed_line("permission_mode", room({"permission_mode": mode}))
    assert MODES[mode] in said
    assert ("never asks" in said) is (mode in ("dontAsk", "bypassPermissions"))


def test_what_is_asked_of_each_message_holds_from_the_next_one_on() -> None:
    for name, since in (
        ("when_busy", "message"),
        ("history", "message"),
        ("model", "turn"),
        ("footer", "turn"),
    ):
        assert f"It holds from the next {since} on." in changed_line(name, room({name: sample(name)}))


def test_every_mode_and_every_choice_is_known() -> None:
    assert set(MODES) == set(choices_of("permission_mode"))
    assert choices_of("effort") == ("low", "medium", "high", "xhigh", "max")
    assert choices_of("model") == choices_of("prompt") == choices_of("history") == ()


def test_the_longest_settings_fit_one_message() -> None:
    longest = room(
        {
            name: {"prompt": "𝕏*" * 2000, "model": "m" * 100, "history": 100}.get(name, sample(name))
            for name in NAMES
        }
    )
    for said in (
        settings_view(longest, Tier.OWNER, changed_line("prompt", longest)),
        *(setting_view(longest, name) for name in NAMES),
    ):
        assert units(said.text) <= 2000
    assert "told nothing" in prompt_view(room()).text
    assert "(set here)" in prompt_view(longest).text

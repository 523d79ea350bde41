"""/permissions: a page of rules, who taught them, and a Revoke button for owners; and as a file."""

from datetime import UTC, datetime

from bot.access import Tier
from bot.chat import Person
from bot.commands.permissions import press
from bot.permissions_view import NONE, RuleClick, parse_rule_click, permissions_view, rule_name
from sessions.permission_rules import Rule
from sessions.room_permissions import Taught
from tests.support.desk_rooms import KEY, Rooms
from tests.support.said_buttons import buttons_of

ANN = Person(id="7", name="ann")
TAUGHT = [
    Taught(rule=f"Bash(make{at} *)", by_id="7", by_name="*ann*", at=datetime(2030, 1, 1, tzinfo=UTC))
    for at in range(12)
]


def test_a_page_shows_each_rule_who_taught_it_and_when() -> None:
    said = permissions_view(TAUGHT, Tier.OWNER)
    assert "1\\. `Bash(make0 *)` · by \\*ann\\* <t:1893456000:R>" in said.text
    assert "Page 1 of 3" in said.text
    assert [button.label for button in buttons_of(said)] == [*(f"Revoke {at}" for at in range(1, 6)), "More"]
    last = permissions_view(TAUGHT, Tier.OWNER, 99)
    assert [button.label for button in buttons_of(last)] == ["Revoke 11", "Revoke 12", "Back"]


def test_who_may_not_revoke_sees_no_such_button() -> None:
    said = permissions_view(TAUGHT, Tier.OPERATOR, 1)
    assert [button.label for button in buttons_of(said)] == ["Back", "More"]


def test_a_room_without_rules_says_how_one_is_made() -> None:
    assert permissions_view([], Tier.OWNER).text == NONE


def test_a_button_says_what_it_is_for() -> None:
    for button in buttons_of(permissions_view(TAUGHT, Tier.OWNER, 1)):
        click = parse_rule_click(button.action)
        assert click is not None
        assert click.op == ("revoke" if button.label.startswith("Revoke") else "show")
    for action in ("", "rk:rule:eat:0", "rk:rule:show:x"):
        assert parse_rule_click(action) is None


async def test_a_rule_is_revoked_once_said_aloud_and_audited() -> None:
    rooms = Rooms()
    await rooms.permissions.teach(KEY, Rule("Bash", "make *"), "7", "ann")
    click = RuleClick("revoke", 0, rule_name("Bash(make *)"))
    clicked = await press(click, rooms, KEY, ANN, Tier.OWNER)  # type: ignore[arg-type]
    assert "Revoked: `Bash(make *)`" in clicked.message.text
    assert clicked.aloud == "-# ann revoked a permission of this room: `Bash(make *)`."
    assert (clicked.deed, clicked.detail) == ("revoke permission", "Bash(make *)")
    assert await rooms.permissions.taught(KEY) == []
    again = await press(click, rooms, KEY, ANN, Tier.OWNER)  # type: ignore[arg-type]
    assert ("revoked already" in again.message.text, again.aloud, again.deed) == (True, "", "")

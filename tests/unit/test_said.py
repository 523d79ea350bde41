"""What was done is said to be done, also when what comes after it cannot be shown."""

import pytest

from bot.access import Tier
from bot.chat import Person
from bot.commands.permissions import press as press_rule
from bot.commands.queue import press as press_queue
from bot.permissions_view import RuleClick, rule_name
from bot.queue_view import Op, QueueClick
from bot.said import Said, after
from sessions.clock import SystemClock
from sessions.errors import StateError
from sessions.keys import SessionKey
from sessions.manager import Queue
from sessions.permission_rules import Rule
from sessions.room_permissions import RULES, Permissions
from tests.support.desk_rooms import ANN, KEY, FactsInMemory, Rooms, turn


async def failing() -> Said:
    raise StateError("the disk is full")


async def test_a_view_that_fails_says_what_was_done_and_nothing_done_raises() -> None:
    assert (await after("Removed.", failing())).text == (
        "Removed. The rest cannot be shown just now; look again later."
    )
    with pytest.raises(StateError):
        await after("", failing())


async def test_what_was_removed_from_the_queue_is_said_and_noted_when_the_queue_cannot_be_read() -> None:
    class Failing(Rooms):
        async def queue(self, key: SessionKey) -> Queue:
            raise StateError("the disk is full")

    rooms = Failing(waiting=[turn(2)])
    clicked = await press_queue(QueueClick(Op.REMOVE, turn=turn(2).id), rooms, KEY, "ann", ANN)
    assert clicked.message.text.startswith("Removed.")
    assert (clicked.deed, rooms.waiting) == ("remove", [])
    with pytest.raises(StateError):
        await press_queue(QueueClick(Op.SHOW), rooms, KEY, "ann", ANN)


class FailsLater(FactsInMemory):
    """Facts that can be read so often."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    async def get_fact(self, scope: str, name: str) -> str | None:
        self.left -= 1
        if self.left < 0:
            raise StateError("the disk is full")
        return await super().get_fact(scope, name)


async def test_a_revoked_permission_is_said_and_noted_when_the_rest_cannot_be_read() -> None:
    facts, rule = FailsLater(3), Rule("Bash", "pytest *")  # taught, found, revoked
    rooms = Rooms(permissions=Permissions(facts, SystemClock()))
    await rooms.permissions.teach(KEY, rule, "7", "ann")
    click = RuleClick("revoke", 0, rule_name(str(rule)))
    clicked = await press_rule(click, rooms, KEY, Person(id="7", name="ann"), Tier.OWNER)
    assert clicked.message.text.startswith("Revoked: `Bash(pytest *)`.")
    assert (clicked.deed, facts.kept[RULES, KEY]) == ("revoke permission", "[]")

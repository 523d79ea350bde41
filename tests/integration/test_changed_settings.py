"""A room's agent starts anew when a setting has changed that it was started with, and only then."""

from pathlib import Path

from sessions.keys import session_key
from tests.support.rooms import house
from tests.support.scripts import RECALL
from tests.support.told import told

LAB = session_key("lab")


async def test_a_changed_setting_holds_from_the_next_turn_on(tmp_path: Path) -> None:
    async with house(tmp_path, script=RECALL) as home:
        await told(home, "lab", "the word is plum")
        starts = home.manager.agent_starts
        await told(home, "lab", "the fruit is fig")
        assert home.manager.agent_starts == starts
        await home.manager.words.change(LAB, {"model": "opus"})
        assert "plum" in await told(home, "lab", "recall")
        assert home.manager.agent_starts == starts + 1

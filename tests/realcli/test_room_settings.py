"""What is set for a room reaches the real Claude Code: its model, its prompt and its permission mode."""

import json
from pathlib import Path

import pytest

from bot.demo.guild.actors import Place
from bot.demo.model import Heard
from tests.support.running_bot import World, world

pytestmark = [pytest.mark.timeout(300), pytest.mark.blocking]
WAIT_S = 60
PLANS = "Plan mode is active"
"""What the CLI tells its model in this mode."""


async def heard(here: World, words: str, place: Place, answer: str) -> Heard:
    """Let ann say words that stand nowhere else; return the last request that was made for them."""
    await here.ask(f"{words}\nsay:{answer}", place, answer)
    return [one for one in here.model.requests if words in one.prompt][-1]


async def test_model_prompt_and_mode_of_a_room_hold_from_its_next_turn_on_and_in_no_other(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        await here.start()
        ann, workshop, library = here.guild.user("ann"), *map(here.guild.channel, ("workshop", "library"))
        first = await heard(here, "one", workshop, "answer one")
        await ann.runs("/model", workshop, name="claude-other-1", timeout=WAIT_S)
        opened = await ann.runs("/prompt", workshop, timeout=WAIT_S)
        await ann.submits(opened.modal, {"value": "This room is about herons."}, timeout=WAIT_S)
        await ann.runs("/mode", workshop, mode="plan", timeout=WAIT_S)
        await workshop.next_from_bot(containing="permission mode of this room is `plan`", timeout=WAIT_S)
        second = await heard(here, "two", workshop, "answer two")
        other = await heard(here, "three", library, "answer three")
        assert first.model != second.model == "claude-other-1"
        assert second.session == first.session
        assert "about herons" in second.system
        assert any(PLANS in text for text in second.texts)
        for one in (first, other):
            assert one.model == first.model
            assert "about herons" not in one.system
            assert not any(PLANS in text for text in one.texts)
        status = await ann.runs("/status", workshop, verbose=True, timeout=WAIT_S)
        assert "model: `claude-other-1`" in status.content
        assert "Mode: `plan`: it reads and plans" in status.content
        assert "Apart: shares no workdir" in status.content


async def test_a_mode_that_edits_unasked_does_and_a_restart_keeps_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        await ann.runs("/mode", workshop, mode="acceptEdits", timeout=WAIT_S)
        assert await here.stop() == 0
        await here.start()
        file = here.data_dir / "sessions" / workshop.id / "work" / "made.txt"
        write = f"tool:Write:{json.dumps({'file_path': str(file), 'content': 'herons'})}"
        await here.ask(f"{write}\nsay:all written", workshop, "all written")
        assert file.read_text() == "herons"


async def test_model_effort_and_prompt_of_a_room_reach_each_request_also_after_a_restart(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        await here.start()
        ann, workshop, library = here.guild.user("ann"), *map(here.guild.channel, ("workshop", "library"))
        first = await heard(here, "one", workshop, "answer one")
        await ann.runs("/model", workshop, name="opus", timeout=WAIT_S)
        await ann.runs("/effort", workshop, level="low", timeout=WAIT_S)
        opened = await ann.runs("/prompt", workshop, timeout=WAIT_S)
        await ann.submits(opened.modal, {"value": "This room is about herons."}, timeout=WAIT_S)
        second = await heard(here, "two", workshop, "answer two")
        assert (second.session, second.effort) == (first.session, "low")
        assert first.effort != "low"
        assert "about herons" in second.system
        assert await here.stop() == 0
        await here.start()
        third = await heard(here, "three", workshop, "answer three")
        assert (third.session, third.model, third.effort) == (second.session, second.model, "low")
        assert "about herons" in third.system
        assert any("say:answer one" in text for text in third.texts)  # resumed, not begun anew
        other = await heard(here, "four", library, "answer four")
        assert (other.model, other.effort) == (first.model, first.effort)
        await ann.runs("/effort", workshop, level="max", timeout=WAIT_S)
        fourth = await heard(here, "five", workshop, "answer five")
        assert (fourth.session, fourth.model, fourth.effort) == (third.session, third.model, "max")
        assert all(one.effort == "low" for one in here.model.requests if "two" in one.prompt)

"""Sessions with the real Claude Code in its box, by the commands that people use."""

from pathlib import Path

import pytest

from bot.demo.guild import Place
from tests.support.boxes import need
from tests.support.claude import bash
from tests.support.running_bot import World, world

pytestmark = [pytest.mark.timeout(300), pytest.mark.blocking]
WAIT_S = 60
BOXED = {"ROOMKEY_ISOLATION": "bwrap", "ROOMKEY_AGENT__PERMISSION_MODE": "bypassPermissions"}


@pytest.fixture(autouse=True)
def can_be_boxed() -> None:
    need("bwrap")


async def recalled(here: World, place: Place) -> str:
    """Let ann ask what was said and return the answer."""
    said = await here.guild.user("ann").says("recall", place)
    return (await place.next_from_bot(after=said, containing="Said in this room", timeout=WAIT_S)).content


async def test_a_side_question_and_a_fork_know_the_past_and_leave_it_alone(tmp_path: Path) -> None:
    async with world(tmp_path, settings=BOXED) as here:
        await here.start()
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        said = await ann.says("the word is plum", workshop)
        await workshop.next_from_bot(after=said, containing="the word is plum", timeout=WAIT_S)
        answer = await ann.runs("/btw", workshop, question="recall", timeout=WAIT_S)
        assert "the word is plum" in answer.content
        answer = await ann.runs("/btw", workshop, question=bash("touch made"), timeout=WAIT_S)
        assert "you may read" in answer.content
        room = here.data_dir / "sessions" / workshop.id
        assert not (room / "work" / "made").exists()
        assert not (room / "aside").exists()
        before = workshop.messages()[-1]
        await ann.runs("/fork", workshop, name="another way", timeout=WAIT_S)
        await workshop.next_from_bot(after=before, containing="Forked into", timeout=WAIT_S)
        thread = await workshop.next_thread(timeout=WAIT_S)
        said = await ann.says("the bird is owl", thread)
        await thread.next_from_bot(after=said, containing="the bird is owl", timeout=WAIT_S)
        there, here_too = await recalled(here, thread), await recalled(here, workshop)
        assert "the word is plum" in there
        assert "the bird is owl" in there
        assert "the word is plum" in here_too
        assert "the bird is owl" not in here_too
        assert "touch made" not in here_too

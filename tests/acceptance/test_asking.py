"""What the real Claude Code asks, answered on the offline guild: permissions, questions, plans."""

import json
from pathlib import Path

import pytest

from bot.demo.guild.actors import Place
from bot.demo.guild.model import Message
from tests.support.questions import QUESTIONS
from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(300)  # real processes on a machine that may be busy


def command(text: str) -> str:
    return f"tool:Bash:{json.dumps({'command': text})}\nsay:that was it"


def said_it(message: Message) -> bool:
    """Whether it is the answer, and no card that quotes the prompt."""
    return message.content.endswith("that was it") and "tool:" not in message.content


def is_answer(message: Message) -> bool:
    """Whether it is an answer: nothing can be pressed under it."""
    return not message.components and not message.content.startswith("-# ")


async def card_after(here: World, text: str, place: Place, containing: str) -> Message:
    said = await here.guild.user("ann").says(text, place)
    return await place.next_from_bot(after=said, containing=containing, timeout=60)


async def test_a_permission_outlives_a_kill_and_always_here_is_remembered(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        card = await card_after(here, command("mkdir one"), workshop, "needs your permission")
        assert "command: mkdir one" in card.content
        await here.kill()
        await here.start()
        offer = await workshop.edited(card, containing="expired: Roomkey was restarted", timeout=60)
        if not offer.components:  # the bot had stored that this card was sent, so that of the turn offers it
            offer = await workshop.next_from_bot(after=card, containing="Allow and continue also", timeout=60)
        await ann.clicks(offer, label="Allow and continue")
        await workshop.next_from_bot(after=card, matching=said_it, timeout=60)
        [made] = here.data_dir.glob("sessions/*/work/one")
        cards = [one for one in workshop.messages() if "needs your permission" in one.content]
        assert cards == []
        card = await card_after(here, command("mkdir two"), workshop, "needs your permission")
        await ann.clicks(card, label="Always here (mkdir *)")
        await workshop.edited(card, containing="allowed here for good by ann: `Bash(mkdir *)`", timeout=60)
        await workshop.next_from_bot(after=card, matching=said_it, timeout=60)
        said = await ann.says(command("mkdir three"), workshop)
        await workshop.next_from_bot(after=said, matching=said_it, timeout=60)
        assert (made.parent / "three").is_dir()
        card = await card_after(here, command("mkdir four; touch five"), workshop, "needs your permission")
        await ann.clicks(card, label="Deny")
        await workshop.next_from_bot(after=card, matching=said_it, timeout=60)
        assert not (made.parent / "five").exists()


async def test_questions_of_the_real_agent_are_answered_with_a_button_and_a_menu(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.start()
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        asks = f"tool:AskUserQuestion:{json.dumps(QUESTIONS)}\nsay:noted"
        card = await card_after(here, asks, workshop, "reply to this message")
        await ann.clicks(card, label="SQLite")
        await workshop.edited(card, containing="2 of 2", timeout=60)
        await ann.selects(card, "API", "Page")
        await workshop.edited(card, containing="answered by ann", timeout=60)
        await workshop.next_from_bot(
            after=card, matching=lambda one: one.content.endswith("noted"), timeout=60
        )
        told = json.dumps(here.model.requests[-1].results)
        assert "SQLite" in told
        assert "API, Page" in told


async def test_a_plan_of_the_real_agent_is_sent_back_and_then_approved(tmp_path: Path) -> None:
    async with world(tmp_path, settings={"ROOMKEY_AGENT__PERMISSION_MODE": "plan"}) as here:
        await here.start()
        ann, workshop = here.guild.user("ann"), here.guild.channel("workshop")
        card = await card_after(here, "plan", workshop, "Shall I do this?")
        assert "Plan: a shorter start page" in card.content
        opened = await ann.clicks(card, label="Keep planning")
        await ann.submits(opened.modal, {"What should be different?": "more tests"})
        await workshop.edited(card, containing="sent back by ann", timeout=60)
        await workshop.next_from_bot(after=card, matching=is_answer, timeout=60)
        assert "more tests" in json.dumps(here.model.requests[-1].results)
        card = await card_after(here, "plan", workshop, "Shall I do this?")
        await ann.clicks(card, label="Approve and accept edits")
        await workshop.edited(card, containing="approved by ann, edits included", timeout=60)
        await workshop.next_from_bot(after=card, matching=is_answer, timeout=60)
        assert "approved" in json.dumps(here.model.requests[-1].results).lower()

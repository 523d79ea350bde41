"""What people are told on the offline guild when something went wrong: an error, a card, a thread, a form."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.guild import OfflineGuild, Permission, Place
from bot.demo.guild.model import Message
from sessions.keys import session_key
from tests.support.guilds import offline_guild
from tests.support.scripts import asks
from tests.support.whole_bot import whole_bot

pytestmark = pytest.mark.timeout(180)  # a busy machine

WAIT_S = 60
NO_LIVE_MESSAGE = {"display": "off"}
"""So that the next message is the card."""
CHOICES = (
    {"question": "Which database?", "options": [{"label": "Postgres"}, {"label": "SQLite"}]},
    {"question": "Which part?", "options": [{"label": "API"}, {"label": "Page"}]},
)
BREAK = """
[[turn]]
match = "break"
step = [{ fail = "overloaded", reason = "The model is overloaded." }]
"""
SCRIPT = "".join(
    [
        BREAK,
        asks("test it", "Bash", "pytest -q", command="pytest -q"),
        asks("write it", "Write", "a.py", file_path="a.py", content="import evil"),
        asks("at length", "Bash", "long", command="echo " + "x" * 5000),
        asks("choose", "AskUserQuestion", questions=CHOICES),
    ]
)


async def status(guild: OfflineGuild, place: Place) -> str:
    answer = await guild.user("ann").runs("/status", place)
    assert answer.message is not None
    return answer.message.content


async def test_status_tells_the_last_error_of_its_room_until_an_answer_arrives(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT):
            said = await ann.says("break", lab)
            await lab.next_from_bot(after=said, containing="The model is overloaded.", timeout=WAIT_S)
        async with whole_bot(guild, tmp_path, script=SCRIPT):  # it is no fact of one process
            shown = await status(guild, lab)
            assert "**Last error** <t:" in shown
            assert "The model is overloaded.\n-# Your next message here is a new try." in shown
            assert "Last error" not in await status(guild, guild.channel("desk"))
            said = await ann.says("hello", lab)
            await lab.next_from_bot(after=said, containing="hello", timeout=WAIT_S)
            assert "Last error" not in await status(guild, lab)


async def test_a_card_that_is_refused_is_told_of_and_decided_in_status(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT, rooms=NO_LIVE_MESSAGE):
        ann, lab = guild.user("ann"), guild.channel("lab")
        guild.faults.rest("POST", r"/messages$", status=400, code=50035)
        said = await ann.says("test it", lab)
        told = await lab.next_from_bot(after=said, containing="waits for an answer", timeout=WAIT_S)
        assert not told.components
        shown = await ann.runs("/status", lab)
        assert shown.message is not None
        assert "pytest -q" in shown.content
        await ann.clicks(shown.message, label="Allow once")
        await lab.edited(told, containing="-# Bash: pytest -q · allowed once by ann", timeout=WAIT_S)
        await lab.next_from_bot(after=said, containing="I heard: yes", timeout=WAIT_S)


async def test_what_is_asked_where_nothing_can_be_said_is_decided_in_status(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        lab.deny(guild.bot.id, Permission.SEND_MESSAGES)
        said = await ann.says("test it", lab)
        async with asyncio.timeout(WAIT_S):
            while (await bot.manager.status(session_key(lab.id))).state != "asking":
                await asyncio.sleep(0.01)
        shown = await ann.runs("/status", lab)
        assert shown.message is not None
        lab.allow(guild.bot.id, Permission.SEND_MESSAGES)
        await ann.clicks(shown.message, label="Deny")
        await lab.next_from_bot(after=said, containing='I heard: "ann" said no.', timeout=WAIT_S)


async def test_a_deleted_card_is_sent_again_and_can_be_answered(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("test it", lab)
        card = await lab.next_from_bot(after=said, containing="needs your permission", timeout=WAIT_S)
        lab.allow(ann.id, Permission.MANAGE_MESSAGES)
        await ann.deletes(card)
        again = await lab.next_from_bot(after=card, containing="needs your permission", timeout=WAIT_S)
        await ann.clicks(again, label="Allow once")
        await lab.next_from_bot(after=again, containing="I heard: yes", timeout=WAIT_S)


async def test_questions_go_on_after_their_card_was_deleted_and_in_status_too(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("choose", lab)
        card = await lab.next_from_bot(after=said, containing="Which database?", timeout=WAIT_S)
        shown = await ann.runs("/status", lab)
        assert shown.message is not None
        await ann.clicks(shown.message, label="SQLite")
        await lab.edited(card, containing="2 of 2", timeout=WAIT_S)
        lab.allow(ann.id, Permission.MANAGE_MESSAGES)
        await ann.deletes(card)
        again = await lab.next_from_bot(after=card, containing="2 of 2", timeout=WAIT_S)
        await ann.clicks(again, label="API")
        await lab.edited(again, containing="answered by ann", timeout=WAIT_S)
        await lab.next_from_bot(after=again, containing="I heard: SQLite; API", timeout=WAIT_S)


LATE_S = 15 * 60 + 1


async def test_a_form_sent_after_more_than_fifteen_minutes_still_counts(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("test it", lab)
        card = await lab.next_from_bot(after=said, containing="needs your permission", timeout=WAIT_S)
        opened = await ann.clicks(card, label="Deny with a reason")
        guild.clock.advance(LATE_S)
        await ann.submits(opened.modal, {"What should the agent know?": "not on Sundays"})
        await lab.edited(card, containing="denied by ann, with a reason", timeout=WAIT_S)
        await lab.next_from_bot(after=card, containing="said no: not on Sundays", timeout=WAIT_S)


async def test_a_form_sent_late_when_nobody_asks_any_more_is_told_so(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("test it", lab)
        card = await lab.next_from_bot(after=said, containing="needs your permission", timeout=WAIT_S)
        opened = await ann.clicks(card, label="Deny with a reason")
        guild.clock.advance(LATE_S)
        await ann.runs("/stop", lab)
        await lab.next_from_bot(after=card, containing="Stopped.", timeout=WAIT_S)
        await ann.submits(opened.modal, {"What should the agent know?": "too late"})
        await ann.next_private(lab, after=card, containing="decided already", timeout=WAIT_S)


async def test_of_an_answer_that_came_too_late_for_its_form_the_channel_hears_but_not_what_it_said(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("hello", lab)
        await lab.next_from_bot(after=said, containing="hello", timeout=WAIT_S)
        form = await ann.uses("Ask about this", said, timeout=WAIT_S)
        guild.faults.rest("POST", r"^/webhooks/", status=401, code=50027)  # the token's 15 minutes are over
        late = asyncio.create_task(ann.submits(form.modal, {"question": "  "}, timeout=0.5))
        told = await lab.next_from_bot(after=said, containing="it came too late", timeout=WAIT_S)
        assert told.content.startswith("**ann**, Discord did not take my answer")
        assert "There was no question" not in told.content
        await asyncio.wait([late])
        assert late.exception() is not None


def labels(message: Message) -> list[str]:
    """Return what stands on the buttons of a message."""
    return [button["label"] for row in message.components for button in row["components"]]


async def test_after_a_restart_a_card_shows_all_that_its_yes_would_allow(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1):
            said = await ann.says("write it", lab)
            card = await lab.next_from_bot(after=said, containing="+import evil", timeout=WAIT_S)
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1):
            left = await lab.edited(card, containing="This expired: Roomkey was restarted", timeout=WAIT_S)
            assert "+import evil" in left.content
            assert not left.components  # its yes stands under the card of the interrupted turn
            offer = await lab.next_from_bot(after=said, containing="also says yes", timeout=WAIT_S)
            assert labels(offer)[0] == "Allow and continue"


async def test_after_a_restart_nothing_is_allowed_that_could_only_be_denied(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        lab.deny(guild.bot.id, Permission.ATTACH_FILES)
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1):
            said = await ann.says("at length", lab)
            card = await lab.next_from_bot(after=said, containing="can only be denied", timeout=WAIT_S)
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1):
            left = await lab.edited(card, containing="It can only be denied here", timeout=WAIT_S)
            assert labels(left) == ["Deny and drop"]
            offer = await lab.next_from_bot(after=said, containing="Interrupted", timeout=WAIT_S)
            assert labels(offer) == ["Continue", "Retry", "Drop"]

"""Slash commands and buttons on the offline guild: the key of their place, who may, and old buttons."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.access import Rules
from bot.commands import COMMANDS
from tests.support.guilds import offline_guild
from tests.support.scripts import ASK, HANG, RECALL
from tests.support.whole_bot import whole_bot

SCRIPT = ASK + HANG + RECALL


async def test_status_tells_of_the_session_that_the_place_talks_to(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, desk, lab = guild.user("ann"), guild.channel("desk"), guild.channel("lab")
        thread = await ann.opens_thread(desk, "idea")
        for place, key in ((desk, "default"), (lab, lab.id), (thread, thread.id)):
            said = await ann.says("hello", place)
            await place.next_from_bot(after=said, containing="hello")
            answer = await ann.runs("/status", place)
            assert answer.message is not None
            assert answer.message.visible_to == ann.id
            assert f"**Room** `{key}`" in answer.content
            session = await bot.store.session(key)  # type: ignore[arg-type]
            assert session is not None
            assert session.agent_session_id in answer.content
            assert str(session.workdir) in answer.content


async def test_reset_forgets_the_room_it_is_typed_in_and_no_other(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT) as bot:
        ann, desk, lab = guild.user("ann"), guild.channel("desk"), guild.channel("lab")
        for place in (desk, lab):
            said = await ann.says("remember the plum", place)
            await place.next_from_bot(after=said, containing="plum")
        before = {record.key: record.agent_session_id for record in await bot.store.sessions()}
        answer = await ann.runs("/reset", lab)
        assert answer.content == "This room starts fresh."
        await lab.next_from_bot(containing="Started fresh")
        after = {record.key: record.agent_session_id for record in await bot.store.sessions()}
        assert after["default"] == before["default"]  # type: ignore[index]
        assert after[lab.id] != before[lab.id]  # type: ignore[index]


async def test_stop_ends_the_turn_and_keeps_what_waits(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("hang", lab)
        await lab.next_from_bot(after=said, containing="half an answer")
        waiting = await ann.says("then this", lab)
        answer = await ann.runs("/stop", lab)
        assert "Stopping" in answer.content
        stopped = await lab.next_from_bot(after=said, containing="Stopped.")
        assert "half an answer" in stopped.content
        await lab.next_from_bot(after=waiting, containing="then this")
        answer = await ann.runs("/stop", lab)
        assert "Nothing is running" in answer.content


async def test_reset_now_ends_the_turn_and_goes_first(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("hang", lab)
        await lab.next_from_bot(after=said, containing="half an answer")
        await ann.runs("/reset", lab, now=True)
        await lab.next_from_bot(containing="Stopped.")
        await lab.next_from_bot(containing="Started fresh")


async def test_who_is_not_allowed_is_told_so_alone_and_changes_nothing(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        rules = Rules(users=frozenset({ann.id}), owners=frozenset({"1"}))
        async with whole_bot(guild, tmp_path, script=SCRIPT, rules=rules) as bot:
            message = await ben.says("me too", lab)
            for command in COMMANDS:
                texts = [option.name for option in command.options if option.kind == "text"]
                options: dict[str, Any] = dict.fromkeys(texts, "1")
                if command.on_message:
                    answer = await ben.uses(command.name, message)
                else:
                    answer = await ben.runs(f"/{command.name}", lab, **options)
                assert "You may not do that here" in answer.content, command.name
            await ann.says("ask", lab)
            card = await lab.next_from_bot(containing="needs your permission")
            await ben.clicks(card, label="Allow once")
            await ben.next_private(lab, after=card, containing="You may not do that here")
            await ann.clicks(card, label="Allow once")
            await lab.next_from_bot(containing="the tool ran")
            assert [record.key for record in await bot.store.sessions()] == [lab.id]


@pytest.mark.parametrize(
    ("label", "verdict"), [("Allow once", "allowed once by ann"), ("Deny", "denied by ann")]
)
async def test_a_click_decides_and_its_name_stands_on_the_card(
    tmp_path: Path, label: str, verdict: str
) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("ask", lab)
        card = await lab.next_from_bot(after=said, containing="needs your permission")
        await ann.clicks(card, label=label)
        edited = await lab.edited(card, containing=verdict)
        assert not edited.components
        await lab.next_from_bot(after=card, containing="the tool ran" if label == "Allow once" else "")


async def test_a_card_that_nobody_answers_expires(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT, ask_limit_s=0.3):
        said = await guild.user("ann").says("ask", guild.channel("lab"))
        card = await guild.channel("lab").next_from_bot(after=said, containing="needs your permission")
        edited = await guild.channel("lab").edited(card, containing="nobody answered in time")
        assert not edited.components


async def test_a_button_from_before_a_restart_lets_its_turn_go_on_once(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        async with whole_bot(guild, tmp_path, script=SCRIPT, grace_s=0.1):
            said = await ann.says("ask", lab)
            card = await lab.next_from_bot(after=said, containing="needs your permission")
            # As if the process had been killed: the card stays as it is.
            for method in ("PATCH", "DELETE"):
                guild.faults.rest(method, rf"/messages/{card.id}$", times=1, code=50013, status=403)
        async with whole_bot(guild, tmp_path, script=SCRIPT):
            await ann.clicks(card, label="Allow once")
            await lab.edited(card, containing="Allowed by ann. It counts when the agent asks the same again.")
            await lab.next_from_bot(after=card, containing="the tool ran")
            assert [m.id for m in lab.messages() if "needs your permission" in m.content] == []


async def test_commands_are_sent_once_and_again_only_when_they_changed(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        for expected in (1, 1):
            async with whole_bot(guild, tmp_path) as bot:
                assert len(guild.ledger.requests("PUT", r"/commands$")) == expected
        await_fact = ("discord", "commands")
        async with whole_bot(guild, tmp_path) as bot:
            await bot.store.set_fact(*await_fact, "another hash")
        async with whole_bot(guild, tmp_path):
            assert len(guild.ledger.requests("PUT", r"/commands$")) == 2
    assert {command.name for command in guild.world.commands.values()} >= {c.name for c in COMMANDS}


async def test_commands_that_cannot_be_sent_do_not_keep_the_bot_away(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        guild.faults.rest("PUT", r"/commands$", times=1, status=503)
        async with whole_bot(guild, tmp_path):
            said = await guild.user("ann").says("hello", guild.channel("lab"))
            await guild.channel("lab").next_from_bot(after=said, containing="hello")
        async with whole_bot(guild, tmp_path):
            assert len(guild.ledger.requests("PUT", r"/commands$")) == 2


async def test_a_reset_and_a_message_behind_it_keep_their_order(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SCRIPT):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("the plum", lab)
        await lab.next_from_bot(after=said, containing="the plum")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ann.runs("/reset", lab))
            await asyncio.sleep(0)
            asked = await ann.says("recall", lab)
        answer = await lab.next_from_bot(after=asked, containing="")
        while "Started fresh" in answer.content:
            answer = await lab.next_from_bot(after=answer)
        assert "plum" not in answer.content


async def test_help_lists_what_somebody_may_use_and_tells_all_about_one(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        rules = Rules(owners=frozenset({ann.id}), users=frozenset({ben.id}))
        async with whole_bot(guild, tmp_path, rules=rules):
            listed = await ann.runs("/help", lab)
            assert listed.message is not None
            assert listed.message.visible_to == ann.id
            assert "- `/status`: Show what this room is" in listed.content
            await ann.clicks(listed.message, label="More")
            page = await ann.next_private(lab, containing="-# Page 2 of ")
            assert "`/mode` (owners): " in page.content
            assert "(owners)" not in (await ben.runs("/help", lab)).content
            one = await ann.runs("/help", lab, command="/display")
            assert one.content.startswith("**/display** (operators): Choose what this room shows")
            assert "- `footer`: The small line under an answer" in one.content
            refused = await ben.runs("/help", lab, command="/mode")
            assert "There is no command `/mode` for you. `/help` lists those there are." in refused.content

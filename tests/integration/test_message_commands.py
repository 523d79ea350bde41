"""Commands used on a message on the offline guild: a question about it, and why it was not answered."""

from pathlib import Path

import pytest

from bot.access import Rules
from tests.support.guilds import offline_guild
from tests.support.whole_bot import whole_bot

pytestmark = pytest.mark.timeout(180)
ABOUT, FORK, WHY = "Ask about this", "Fork from here", "Why no answer"
RECALL = """
[[turn]]
match = "recall"
[[turn.step]]
recall = true
"""


async def test_a_question_about_a_message_is_answered_for_all_with_the_message_quoted(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, reply_to="mention") as bot:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        said = await ben.says("E1234 in line 5", lab, files={"trace.txt": b"x"})
        form = await ann.uses(ABOUT, said, timeout=60)
        sent = await ann.submits(form.modal, {"question": "What does **it** mean?"}, timeout=60)
        assert sent.message.visible_to == ann.id
        assert "Asked." in sent.content
        asked = await lab.next_from_bot(after=said, containing="asks about", timeout=60)
        assert f"/{lab.id}/{said.id})" in asked.content
        answer = await lab.next_from_bot(after=said, containing="Quoted, because", timeout=60)
        quoted = f'the message below asks about it, from "ben" (user {ben.id}):\n\nE1234 in line 5'
        assert quoted in answer.content
        assert '"trace.txt"' in answer.content
        assert f'Message from "ann" (user {ann.id}):\n\nWhat does **it** mean?' in answer.content
        assert [record.key for record in await bot.store.sessions()] == [lab.id]


async def test_a_form_that_was_open_during_a_restart_still_asks_and_once_only(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await guild.user("ben").says("E1234", lab)
        async with whole_bot(guild, tmp_path, reply_to="mention"):
            form = await ann.uses(ABOUT, said, timeout=60)
        async with whole_bot(guild, tmp_path, reply_to="mention"):
            await ann.submits(form.modal, {"question": "and now?"}, timeout=60)
            await lab.next_from_bot(after=said, containing="asks about it, from", timeout=60)


async def test_a_message_deleted_meanwhile_is_said_to_the_agent(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, reply_to="mention"):
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        said = await ben.says("E1234", lab)
        form = await ann.uses(ABOUT, said, timeout=60)
        await ben.deletes(said)
        await ann.submits(form.modal, {"question": "what was it?"}, timeout=60)
        answer = await lab.next_from_bot(containing="that is asked about was deleted", timeout=60)
        assert "E1234" not in answer.content


async def test_an_empty_question_asks_nothing(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, reply_to="mention") as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        form = await ann.uses(ABOUT, await ann.says("E1234", lab), timeout=60)
        sent = await ann.submits(form.modal, {"question": "  "}, timeout=60)
        assert "There was no question" in sent.content
        assert await bot.store.sessions() == []


async def test_who_may_not_ask_is_told_so_and_gets_no_form(tmp_path: Path) -> None:
    async with offline_guild() as guild:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        rules = Rules(users=frozenset({ann.id}), owners=frozenset({"1"}))
        async with whole_bot(guild, tmp_path, reply_to="mention", rules=rules):
            said = await ann.says("E1234", lab)
            for name in (ABOUT, FORK, WHY):
                answer = await ben.uses(name, said, timeout=60)
                assert "You may not do that here" in answer.content
            form = await ann.uses(ABOUT, said, timeout=60)
            assert form.modal.title == "Ask about this message"


async def test_a_thread_is_forked_from_a_message_or_its_answer_with_what_was_said_until_then(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=RECALL):
        ann, lab = guild.user("ann"), guild.channel("lab")
        first = await ann.says("the word is kiwi", lab)
        answer = await lab.next_from_bot(after=first, containing="kiwi", timeout=60)
        second = await ann.says("the word is plum", lab)
        await lab.next_from_bot(after=second, containing="plum", timeout=60)
        for message in (first, answer):
            before = {thread.id for thread in lab.threads()}
            told = await ann.uses(FORK, message, timeout=60)
            assert "knows what was said up to that message is opened" in told.content
            await lab.next_from_bot(after=second, containing="up to that message", timeout=60)
            await guild.stage.until(
                lambda before=before: {thread.id for thread in lab.threads()} - before or None,
                "another thread",
                timeout=60,
            )
            [thread] = [one for one in lab.threads() if one.id not in before]
            await thread.next_from_bot(containing="I know what was said in", timeout=60)
            said = await ann.says("recall", thread)
            known = await thread.next_from_bot(after=said, containing="kiwi", timeout=60)
            assert "plum" not in known.content


async def test_a_fork_of_what_was_not_answered_is_refused_in_words(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, reply_to="mention") as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("just talking", lab)
        await bot.client.wait_for("message", check=lambda message: message.id == int(said.id))
        assert "I did not answer that message" in (await ann.uses(FORK, said, timeout=60)).content
        thread = await ann.opens_thread(lab, "aside")
        inside = await ann.says("in here", thread)
        assert "inside a thread" in (await ann.uses(FORK, inside, timeout=60)).content
        assert len(lab.threads()) == 1


async def test_why_a_message_was_not_answered_is_told_where_it_stands(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, reply_to="mention") as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        silent = await ann.says("just talking", lab)
        await bot.client.wait_for("message", check=lambda message: message.id == int(silent.id))
        asked = await ann.says(f"<@{guild.bot.id}> hello", lab)
        answer = await lab.next_from_bot(after=asked, containing="hello", timeout=60)
        told = (await ann.uses(WHY, silent, timeout=60)).content
        assert "does not mention me" in told
        assert "choose **Ask about this**" in told
        assert "It was answered" in (await ann.uses(WHY, asked, timeout=60)).content
        assert "I wrote that message myself" in (await ann.uses(WHY, answer, timeout=60)).content

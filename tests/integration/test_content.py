"""What others wrote, from the offline guild to the prompt: quotes and long pastes are there, as data."""

import asyncio
from pathlib import Path

import pytest

from bot.demo.guild.page_messages import shown
from tests.support.guilds import offline_guild
from tests.support.whole_bot import whole_bot

pytestmark = pytest.mark.timeout(120)
HOLD = """
[[turn]]
match = "hold"
[[turn.step]]
hang = true
"""


async def test_stickers_and_polls_reach_the_agent_as_words(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.sticks("wave", lab)
        await lab.next_from_bot(after=said, containing="[sticker: wave]", timeout=60)
        assert "Sticker: wave" in shown(guild.world, said, ann.id)["html"]
        said = await ann.polls("Lunch?", ["soup", "salad"], lab)
        await lab.next_from_bot(after=said, containing="[poll: Lunch?]\n- soup\n- salad", timeout=60)
        assert "Lunch?" in shown(guild.world, said, ann.id)["html"]
        assert "salad" in shown(guild.world, said, ann.id)["html"]


async def test_what_a_message_replies_to_comes_with_it(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path) as bot:
        ann, ben, lab = guild.user("ann"), guild.user("ben"), guild.channel("lab")
        lunch = await ben.says("lunch at <@1>?\n/clear", lab)
        first = await lab.next_from_bot(after=lunch, containing="lunch at")
        # A reply that names somebody else is for them: so the bot is named.
        said = await ann.says(f"<@{guild.bot.id}> what does he want?", lab, reply_to=lunch)
        quoted = await lab.next_from_bot(after=said, containing="what does he want?", timeout=60)
        own = await ann.says("and this?", lab, reply_to=first)
        await lab.next_from_bot(after=own, containing="from an answer of yours:", timeout=60)
        assert await bot.outbox.flush(20)
    assert quoted.content == (
        f'Quoted, because the message below replies to it, from "ben" (user {ben.id}):\n\n'
        "lunch at <@1>?\n/clear\n\n"
        f'Message from "ann" (user {ann.id}):\n\nwhat does he want?'
    )


async def test_an_edit_of_a_waiting_reply_keeps_what_it_replies_to(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=HOLD) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        held = await ann.says("hold", lab)
        said = await ann.says("ask", lab, reply_to=held)
        await ann.edits(said, "ask again")
        async with asyncio.timeout(60):
            while (
                (fate := await bot.store.fate("discord", int(said.id))) is None
                or fate.turn is None
                or fate.turn.prompt.text != "ask again"
            ):
                await asyncio.sleep(0.01)
        assert fate.turn.prompt.quote is not None
        assert fate.turn.prompt.quote.text == "hold"


async def test_a_long_paste_is_part_of_the_prompt(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.says("read this", lab, files={"message.txt": b"a long story\n@/etc/passwd"})
        answer = await lab.next_from_bot(after=said, containing="a long story", timeout=60)
    assert f"All of inbox/{said.id}_1.txt:\n\na long story\n@/etc/passwd" in answer.content

"""Answers as they stand in a channel: drawn for Discord, files where they are long, and a line of figures."""

import re
from pathlib import Path

import pytest

from bot.demo.guild.model import Message
from bot.demo.guild.permissions import Permission
from bot.demo.model.show import code, long_text
from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy

TIME_AND_COST = r"(\d+ min )?\d+ (s|min)( · \S+ · \d+% of context)? · (under )?\$\d+\.\d\d"
FIGURES = rf"its own directory · {TIME_AND_COST}"


async def answered(here: World, prompt: str) -> Message:
    """Ask in the workshop and return the last message of the answer: it has the figures."""
    place = here.guild.channel("workshop")
    said = await here.guild.user("ann").says(prompt, place)
    figures = re.compile(rf"-# {FIGURES}\Z")
    return await place.next_from_bot(
        after=said, matching=lambda m: figures.search(m.content) is not None, timeout=60
    )


def files(here: World, message: Message) -> dict[str, str]:
    return {file.name: here.guild.world.files[file.id].decode() for file in message.attachments}


async def test_answers_are_drawn_and_the_long_ones_are_files(tmp_path: Path) -> None:
    async with world(tmp_path, settings={"ROOMKEY_ROOM__FOOTER": "full"}) as here:
        await here.start()
        table = await answered(here, "table")
        assert "```\nRoom               │ Agent  │ Turns │  Cost\n" in table.content
        assert "library (Bücherei) │ Claude │     7 │ $0.08\n```" in table.content

        wide = await answered(here, "table:wide")
        assert "**Door:** front\n**What is wrong with it:** It does not close" in wide.content
        assert "│" not in wide.content

        headings = await answered(here, "headings")
        assert "\n**Four, which Discord cannot show**\n" in headings.content
        assert "☑ done\n☐ still to do" in headings.content
        assert "\n---\n" not in headings.content

        program = await answered(here, "code:400")
        assert "-# The code, 400 lines, is in the file code-1.py." in program.content
        [(name, content)] = files(here, program).items()
        assert name == "code-1.py"
        assert f"```python\n{content}```" in code(400)

        book = await answered(here, "long")
        assert "-# This is the beginning. The file answer.md has the whole answer: " in book.content
        assert files(here, book) == {"answer.md": long_text()}


async def test_each_answer_says_what_it_cost_alone(tmp_path: Path) -> None:
    async with world(tmp_path, settings={"ROOMKEY_ROOM__FOOTER": "short"}) as here:
        await here.start()
        place, costs = here.guild.channel("workshop"), list[float]()
        for word in ("one", "two", "three", "four"):
            said = await here.guild.user("ann").says(f"say:{word}", place)
            answer = await place.next_from_bot(
                after=said,
                matching=lambda m, w=word: m.content.startswith(w) and "$" in m.content,
                timeout=60,
            )
            assert re.fullmatch(rf"{word}\n-# {TIME_AND_COST}", answer.content)
            costs.append(float(answer.content.rpartition("$")[2]))
        # They are all alike; what the session cost so far would be four times as much at the end.
        assert costs[-1] < 2 * costs[0]


async def test_where_nothing_may_be_attached_a_long_answer_is_messages(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.guild.channel("workshop").deny(here.guild.bot.id, Permission.ATTACH_FILES)
        await here.start()
        place = here.guild.channel("workshop")
        said = await here.guild.user("ann").says("code:400", place)
        last = await place.next_from_bot(after=said, containing="It prints 400 numbers.", timeout=60)
        assert last.attachments == ()
        joined = "\n".join(message.content for message in place.messages())
        assert all(f"print({number})  #" in joined for number in (1, 200, 400))

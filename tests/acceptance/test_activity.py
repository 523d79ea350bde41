"""What the real Claude Code does, as people see it in Discord: tools, tasks, diffs, background work."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.demo.guild.actors import Place
from bot.demo.guild.model import Message
from tests.support.running_bot import World, world

pytestmark = pytest.mark.timeout(240)  # real processes on a machine that may be busy

_UNTIL_ENOUGH = "until [ -e enough ]; do sleep 0.05; done"


def call(name: str, **arguments: object) -> str:
    return f"tool:{name}:{json.dumps(arguments)}"


def shown(display: str) -> dict[str, str]:
    return {"ROOMKEY_ROOM__DISPLAY": display, "ROOMKEY_AGENT__PERMISSION_MODE": "acceptEdits"}


def enough(here: World) -> None:
    """Make the file for which the command waits, in the one room there is."""
    [notes] = here.data_dir.rglob("notes.txt")
    notes.with_name("enough").touch()


async def seen(place: Place, said: Message, *parts: str) -> Message:
    """Wait until one message of the bot shows all of these at once."""
    return await place.next_from_bot(
        after=said, matching=lambda one: all(part in one.content for part in parts), timeout=60
    )


async def test_a_verbose_room_shows_tools_tasks_and_diffs_and_keeps_a_line(tmp_path: Path) -> None:
    async with world(tmp_path, settings=shown("verbose")) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        said = await here.guild.user("ann").says(
            "\n".join(
                [
                    call("TaskCreate", subject="Write *notes*", description="d"),
                    call("TaskCreate", subject="Wait", description="d"),
                    call("TaskUpdate", taskId="1", status="in_progress"),
                    call("Write", file_path="notes.txt", content="one\ntwo\n"),
                    call("TaskUpdate", taskId="1", status="completed"),
                    call("Bash", command="ls no-such-file; false"),
                    call("Bash", command=_UNTIL_ENOUGH, description="Wait"),
                    "say:All of it is done.",
                ]
            ),
            workshop,
        )
        live = await seen(workshop, said, "☑ Write \\*notes\\*", "☐ Wait", "-# ✅ Write", "⏳ 💻 Bash: until")
        assert [one.content.count("❌ Bash: ls no-such-file") for one in (live,)] == [1]
        await asyncio.to_thread(enough, here)
        answer = await seen(workshop, said, "All of it is done.")
        assert answer.reference is not None
        assert answer.reference.message_id == said.id
        changes = await seen(workshop, said, "-# 1 file changed, +2 −0")
        assert "+++ notes.txt\n+one\n+two\n```" in changes.content
        left = await workshop.edited(
            live, containing="3 tools, 1 failed · 1 of 2 tasks done\n☐ Wait", timeout=60
        )
        assert not left.components


async def test_work_in_the_background_is_named_and_its_words_say_whence_they_come(tmp_path: Path) -> None:
    async with world(tmp_path, settings=shown("new")) as here:
        await here.start()
        workshop = here.guild.channel("workshop")
        said = await here.guild.user("ann").says(
            "\n".join(
                [
                    call("Write", file_path="notes.txt", content="x"),
                    call("Bash", command=_UNTIL_ENOUGH, description="Wait for it", run_in_background=True),
                    "slow:3",
                ]
            ),
            workshop,
        )
        await seen(workshop, said, "word1", "1 in the background")
        answer = await seen(workshop, said, "word20")
        await asyncio.to_thread(enough, here)
        unasked = await seen(workshop, said, "-# Ended in the background: Wait for it")
        assert unasked.reference is None
        assert int(unasked.id) > int(answer.id)


async def test_display_chooses_what_is_seen_of_thoughts_of_helpers_and_of_figures(tmp_path: Path) -> None:
    async with world(tmp_path, settings=shown("new")) as here:
        await here.start()
        workshop, ann = here.guild.channel("workshop"), here.guild.user("ann")
        chosen = await ann.runs("/display", workshop, thinking="spoiler", footer="full", timeout=60)
        assert "It holds from the next turn on" in chosen.content
        assert "- display: `new` · " in chosen.content
        assert "- thinking: `spoiler` · set here" in chosen.content
        said = await ann.says("think", workshop)
        await seen(workshop, said, "I have thought about it", "-# its own directory · ")
        await seen(workshop, said, "-# 💭 ||")
        work = f"{call('Bash', command=_UNTIL_ENOUGH)}\nsay:counted"
        said = await ann.says(
            "\n".join(
                [
                    call("Write", file_path="notes.txt", content="x"),
                    call(
                        "Agent",
                        description="Count the files",
                        subagent_type="general-purpose",
                        prompt=work,
                        run_in_background=False,
                    ),
                    "say:My helper is back.",
                ]
            ),
            workshop,
        )
        await seen(workshop, said, "🤖 Agent: Count the files ↳ Bash: until")
        await asyncio.to_thread(enough, here)
        answer = await seen(workshop, said, "My helper is back.", "-# its own directory · ")
        assert answer.reference is not None

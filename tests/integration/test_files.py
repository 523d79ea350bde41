"""Files from the offline guild to the agent and back: sent by it, shown to it, spoken to it."""

import asyncio
from pathlib import Path

from bot.demo.guild import Permission, Place
from tests.integration.test_client_messages import offline_guild
from tests.support.pictures import png
from tests.support.whole_bot import WholeBot, whole_bot

TABLE = """
[[turn]]
match = "list"
[[turn.step]]
text = "| Name | Sum |\\n|:--|--:|\\nROWS"
""".replace("ROWS", "\\n".join(f"| file {n} | {n} |" for n in range(200)) + "\\n| evil | =1+1 |")
SEND = """
[[turn]]
match = "plot"
[[turn.step]]
tool = "send_file"
input = { path = "plot.png", more = ["table.csv"], caption = "as asked" }
[[turn.step]]
text = "There it is."
[[turn]]
match = "leak"
[[turn.step]]
tool = "send_file"
input = { path = "link" }
[[turn.step]]
text = "I may not."
"""


async def put(bot: WholeBot, place: Place, **contents: bytes) -> Path:
    """Write files into the room of a place that was spoken in before; return its directory."""
    [workdir] = [record.workdir for record in await bot.store.sessions() if record.key == place.id]
    for name, content in contents.items():
        await asyncio.to_thread((workdir / name.replace("_", ".")).write_bytes, content)
    return workdir


async def test_an_agents_files_stand_before_its_answer_and_nothing_is_left_over(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SEND) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        await lab.next_from_bot(after=await ann.says("hello", lab))
        await put(bot, lab, plot_png=png(), table_csv=b"a,b\n")
        said = await ann.says("plot it", lab)
        sent = await lab.next_from_bot(after=said, containing="as asked", timeout=60)
        answer = await lab.next_from_bot(after=said, containing="There it is.", timeout=60)
        assert int(sent.id) < int(answer.id)
        assert [file.name for file in sent.attachments] == ["plot.png", "table.csv"]
        assert [guild.world.files[file.id] for file in sent.attachments] == [png(), b"a,b\n"]
        assert sent.attachments[0].content_type == "image/png"
    assert list((tmp_path / "spool").iterdir()) == []


async def test_where_no_file_may_be_attached_its_place_is_named_and_the_reason_said_once(
    tmp_path: Path,
) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SEND) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        await lab.next_from_bot(after=await ann.says("hello", lab))
        await put(bot, lab, plot_png=png(), table_csv=b"a,b\n")
        lab.deny(guild.bot.id, Permission.ATTACH_FILES)
        for number in range(2):
            said = await ann.says(f"plot {number}", lab)
            told = await lab.next_from_bot(after=said, containing="`plot.png` is not attached", timeout=60)
            assert ("I may not attach files here" in told.content) is (number == 0)
            assert "as asked" in told.content
            assert "It is `table.csv` in the working directory." in told.content
            await lab.next_from_bot(after=said, containing="There it is.", timeout=60)


async def test_a_link_out_of_the_room_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=SEND) as bot:
        ann, lab = guild.user("ann"), guild.channel("lab")
        await lab.next_from_bot(after=await ann.says("hello", lab))
        workdir = await put(bot, lab)
        (workdir / "link").symlink_to(tmp_path / "precious")
        await lab.next_from_bot(after=await ann.says("leak it", lab), containing="I may not.", timeout=60)
        assert not [message for message in lab.messages() if message.attachments]


async def test_a_voice_message_is_answered_with_a_note_and_its_sender_is_told_once(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path):
        ann, lab = guild.user("ann"), guild.channel("lab")
        for number in range(2):
            said = await ann.speaks(b"OggS", lab)
            answer = await lab.next_from_bot(after=said, containing="Files sent with this", timeout=60)
            assert "transcription is off" in answer.content, number
        told = [m for m in lab.messages() if m.content.startswith("I cannot hear voice messages")]
        assert len(told) == 1


class Ears:
    """Hears the same in everything."""

    async def words(self, audio: bytes, ending: str) -> str:
        assert (audio, ending) == (b"OggS", "ogg")
        return "please plot it"


async def test_what_is_said_in_a_voice_message_is_shown_and_done(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, transcriber=Ears()):
        ann, lab = guild.user("ann"), guild.channel("lab")
        said = await ann.speaks(b"OggS", lab)
        quote = await lab.next_from_bot(after=said, containing="> please plot it", timeout=60)
        assert quote.reference is not None
        assert quote.reference.message_id == said.id
        answer = await lab.next_from_bot(after=said, containing="as a machine heard it", timeout=60)
        assert "please plot it" in answer.content


async def test_a_long_table_is_a_csv_file_under_its_first_rows(tmp_path: Path) -> None:
    async with offline_guild() as guild, whole_bot(guild, tmp_path, script=TABLE):
        lab = guild.channel("lab")
        said = await guild.user("ann").says("list it", lab)
        answer = await lab.next_from_bot(after=said, containing="is in the file table-1.csv", timeout=60)
        assert "file 9 │   9" in answer.content
        [file] = answer.attachments
        assert file.name == "table-1.csv"
        lines = guild.world.files[file.id].decode("utf-8-sig").splitlines()
        assert (lines[0], lines[200], lines[201]) == ("Name,Sum", "file 199,199", "evil,'=1+1")

"""Pieces with files: kept before they are stored, and text alone where there can be none."""

from pathlib import Path

from bot.answer_pieces import answer_pieces
from bot.render import Words
from sessions.spool import Spool

LONG = "\n\n".join(f"Paragraph {n}: {'word ' * 100}" for n in range(60))


async def test_a_long_answer_is_its_beginning_and_a_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    [piece] = await answer_pieces([Words(body=LONG)], "1", 2000, spool, may_attach=True)
    assert piece.body.startswith("Paragraph 0")
    [file] = piece.files
    assert file.name == "answer.md"
    assert await spool.read(file) == LONG.encode()


async def test_where_files_are_not_taken_all_of_it_is_text(tmp_path: Path) -> None:
    pieces = await answer_pieces([Words(body=LONG)], "1", 2000, Spool(tmp_path / "spool"), may_attach=False)
    assert len(pieces) > 5
    assert "Paragraph 59" in pieces[-1].body
    assert not any(piece.files for piece in pieces)
    assert not (tmp_path / "spool").exists()


async def test_where_files_cannot_be_kept_all_of_it_is_text_and_nothing_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", limit_bytes=9000)
    code = "x = 1\n" * 1000
    pieces = await answer_pieces([Words(body=f"```py\n{code}```\n" * 2)], "1", 2000, spool, may_attach=True)
    assert len(pieces) > 5
    assert not any(piece.files for piece in pieces)
    assert list((tmp_path / "spool").iterdir()) == []


async def test_each_of_several_words_begins_a_message() -> None:
    pieces = await answer_pieces([Words(body="one"), Words(end="two")], "1", 2000, None, may_attach=True)
    assert [piece.body for piece in pieces] == ["one", "two"]

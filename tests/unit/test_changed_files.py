"""What a turn changed, under its answer."""

from pathlib import Path

from bot.changed_files import Changes, changes_piece, counted
from bot.measure import units
from sessions.spool import Spool

SMALL = "--- a.txt\n+++ a.txt\n@@ -1,1 +1,1 @@\n--- two\n+2\n+3"
OTHER = "--- b.txt\n+++ b.txt\n-x"
LARGE = "\n".join(["--- c.txt", "+++ c.txt", *("+line" for _ in range(2000))])


def test_lines_are_counted_and_names_are_not() -> None:
    assert counted([SMALL, OTHER, SMALL]) == Changes(files=2, added=4, removed=3)
    assert str(counted([OTHER])) == "1 file changed, +0 −1"
    assert counted(["odd", ""]) == Changes(files=0, added=0, removed=0)


async def test_little_is_shown_as_code(tmp_path: Path) -> None:
    piece = await changes_piece([SMALL, OTHER], "1", 2000, Spool(tmp_path / "spool"))
    assert piece is not None
    assert piece.body == f"-# 2 files changed, +2 −2\n```diff\n{SMALL}\n```\n```diff\n{OTHER}\n```"
    assert piece.files == ()
    assert await changes_piece([], "1", 2000, None) is None


async def test_much_is_one_file_and_none_of_it_is_left_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    piece = await changes_piece([SMALL, LARGE], "1", 2000, spool)
    assert piece is not None
    assert piece.body == "-# 2 files changed, +2002 −1"
    [file] = piece.files
    assert file.name == "changes.diff"
    assert await spool.read(file) == f"{SMALL}\n{LARGE}\n".encode()


async def test_what_cannot_be_kept_as_a_file_is_shown_as_far_as_it_fits(tmp_path: Path) -> None:
    for spool in (None, Spool(tmp_path / "spool", limit_bytes=10)):
        piece = await changes_piece([LARGE], "1", 2000, spool)
        assert piece is not None
        assert piece.files == ()
        assert piece.body.startswith("-# 1 file changed, +2000 −0\n```diff\n--- c.txt")
        assert units(piece.body) <= 2000

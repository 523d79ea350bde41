"""docs/experience.md, made from the chapters of the tour: every interaction with its picture. Pure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.tour.behind import BEHIND
from tests.tour.scene import Chapter

PAGE: Final = Path(__file__).parents[2] / "docs" / "experience.md"
PICTURES: Final = PAGE.parent / "pictures"
_HEAD: Final = """# What it is like

Every interaction, in the order in which you are likely to meet it. The pictures show the real bot and the
real Claude Code on this repository's offline guild and offline model: `make demo` opens the same page in
your browser, and what is typed below works there too. In a real Discord it looks as Discord looks.

This page and its pictures are written by `make tour`; a test compares the page with the tour's scenes.
"""


_BEHIND: Final = "The tests behind the pictures"
_BEHIND_TEXT: Final = """A picture shows that something worked once. Each scene also has a test, which
`make test` runs; there are more of them than those named here.
"""


def written(chapters: Sequence[Chapter]) -> str:
    """Return the whole page."""
    titles = [*(one.title for one in chapters), _BEHIND]
    contents = "\n".join(f"- [{title}](#{_anchor(title)})" for title in titles)
    return "\n".join([_HEAD, contents, "", *map(_chapter, chapters), _behind(chapters)])


def _chapter(chapter: Chapter) -> str:
    parts = [f"## {chapter.title}\n"]
    if chapter.text:
        parts.append(f"{chapter.text}\n")
    for scene in chapter.scenes:
        picture = f"![{scene.title}](pictures/{scene.picture})"
        parts.append(f"### {scene.title}\n\n{scene.text}\n\n{picture}\n")
    return "\n".join(parts)


def _behind(chapters: Sequence[Chapter]) -> str:
    rows = [f"| {scene.title} | `{BEHIND.get(scene.name, '')}` |" for one in chapters for scene in one.scenes]
    return "\n".join([f"## {_BEHIND}\n", _BEHIND_TEXT, "| scene | test |", "| --- | --- |", *rows, ""])


def _anchor(title: str) -> str:
    kept = "".join(sign for sign in title.lower() if sign.isalnum() or sign in " -")
    return kept.replace(" ", "-")

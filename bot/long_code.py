"""Code blocks that no message can hold -> files of their own, named after their language. Pure."""

import re
from typing import Final

from bot.components import FileOut
from bot.fences import Fence, after_line
from bot.measure import units

MOST_FILES: Final = 10
"""How many files a message may have; further code stays in the text."""

_ENDINGS: Final = {
    "": "txt",
    "bash": "sh",
    "c#": "cs",
    "c++": "cpp",
    "console": "txt",
    "csharp": "cs",
    "dockerfile": "dockerfile",
    "go": "go",
    "golang": "go",
    "haskell": "hs",
    "javascript": "js",
    "kotlin": "kt",
    "makefile": "mk",
    "markdown": "md",
    "objective-c": "m",
    "patch": "diff",
    "perl": "pl",
    "plaintext": "txt",
    "powershell": "ps1",
    "python": "py",
    "ruby": "rb",
    "rust": "rs",
    "shell": "sh",
    "text": "txt",
    "typescript": "ts",
    "yml": "yaml",
    "zsh": "sh",
}
"""Languages whose files do not end in the language's own name."""

_LANGUAGE: Final = re.compile(r"[a-z][a-z0-9]{0,9}")
_PATH: Final = re.compile(r"[\w./-]+\.([a-z][a-z0-9]{0,9})")


def without_long_code(text: str, limit: int) -> tuple[str, tuple[FileOut, ...]]:
    """Return a text whose code blocks fit `limit` UTF-16 units each, and the others as files.

    A small line stands for each of them; it names the file.
    """
    if units(text) <= limit:
        return text, ()
    out: list[str] = []
    block: list[str] = []
    files: list[FileOut] = []
    fence: Fence | None = None

    def put() -> None:
        assert fence is not None
        code = "".join(f"{line.removeprefix(' ' * len(fence.lead))}\n" for line in block)
        if len(files) < MOST_FILES and units(code) + units(fence.opening) + units(fence.closing) > limit:
            name = f"code-{len(files) + 1}.{ending(fence.info)}"
            files.append(FileOut(name, code.encode()))
            out[-1:] = [f"-# The code, {len(block):,} lines, is in the file {name}."]
        else:
            out.extend([*block, *closing])

    for line in text.split("\n"):
        before, fence_after = fence, after_line(fence, line)
        if before is None:
            out.append(line)
            fence, block = fence_after, []
        elif fence_after is None:
            closing = [line]
            put()
            fence = None
        else:
            block.append(line)
    if fence is not None:
        closing = []
        put()
    return "\n".join(out), tuple(files)


def ending(info: str) -> str:
    """Return what the name of a file ends in whose code block begins with these words."""
    word = (info.split() or [""])[0].strip("{}").lower()
    if found := _PATH.fullmatch(word):
        return found[1]
    return _ENDINGS.get(word) or (word if _LANGUAGE.fullmatch(word) else "txt")

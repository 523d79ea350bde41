"""What is said to somebody who used a command or a button: text, rows of components, files. Values."""

from collections.abc import Awaitable
from dataclasses import dataclass

from bot.components import FileOut, Row
from sessions.errors import StateError, UserError


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in Markdown, for the person alone. At most 5 `rows` stand under it.

    `aloud` is said to everybody in the place, "" for nothing.
    """

    text: str
    rows: tuple[Row, ...] = ()
    aloud: str = ""
    files: tuple[FileOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Clicked:
    """What a click leaves: the message under the button becomes `message`.

    If it is `private`, that is told to the person alone, and the message under the button stays. `aloud` is
    said to everybody in the place, "" for nothing. `deed` is what the audit log calls what was done, "" for
    nothing; `detail` is what more it says.
    """

    message: Said
    aloud: str = ""
    deed: str = ""
    private: bool = False
    detail: str = ""


async def after(done: str, view: Awaitable[Said]) -> Said:
    """Return what is shown after something was `done`, which must not read as undone if it cannot be shown.

    Raises what `view` does if nothing was.
    """
    try:
        return await view
    except (StateError, UserError):
        if not done:
            raise
        return Said(f"{done} The rest cannot be shown just now; look again later.")

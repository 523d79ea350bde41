"""What is said to somebody who used a command or a button: text, rows of components, files. Values."""

from dataclasses import dataclass

from bot.components import Button, FileOut, Row


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in Markdown, for the person alone. At most 5 `rows` stand under it.

    `aloud` is said to everybody in the place, "" for nothing.
    """

    text: str
    rows: tuple[Row, ...] = ()
    aloud: str = ""
    files: tuple[FileOut, ...] = ()

    @property
    def buttons(self) -> tuple[Button, ...]:
        """All buttons, row by row."""
        return tuple(button for row in self.rows if isinstance(row, tuple) for button in row)


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

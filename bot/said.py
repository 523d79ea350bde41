"""What is said to somebody who used a command or a button: text, and rows of buttons. Values."""

from dataclasses import dataclass

from sessions.store.values import Button


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in Markdown. `rows` of buttons stand under it: at most 5, of at most 5 each."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Clicked:
    """What a click leaves: the message under the button becomes `message`.

    `aloud` is said to everybody in the place, "" for nothing. `deed` is what the audit log calls what was
    done, "" for nothing.
    """

    message: Said
    aloud: str = ""
    deed: str = ""

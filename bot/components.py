"""What a person can press, choose and fill in: buttons, menus, modals, and what came of them. Values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sessions.store.values import Button as Button

MAX_CHOICES: Final = 25
"""How many choices a menu or an autocomplete may offer; Discord's limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing to choose: `label` and `detail` are shown, `value` (at most 100 characters) comes back."""

    label: str
    value: str
    detail: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """A menu under a message, a row of its own: `least` to `most` of 1 to 25 choices.

    `action` comes back when somebody has chosen, as with a button: at most 100 characters.
    """

    action: str
    hint: str
    choices: tuple[Choice, ...]
    least: int = 1
    most: int = 1


Row = tuple[Button, ...] | Menu
"""At most five buttons beside each other, or one menu. A message has at most five rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A text to fill in. `label` is at most 45 characters, `hint` 100, `limit` 4,000 UTF-16 units."""

    name: str
    label: str
    text: str = ""
    hint: str = ""
    long: bool = False
    required: bool = True
    limit: int = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    """A form that opens for one person: 1 to 5 fields. `title` is at most 45 characters.

    `action` comes back with the fields when it is sent, also after a restart.
    """

    action: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What somebody did: the action of a button, menu or modal, what was chosen, and what was filled in."""

    action: str
    values: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class FileOut:
    """A small file that goes with a message: its name, without directories, and what is in it."""

    name: str
    content: bytes

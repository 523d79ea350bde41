"""What the page can ask for in a person's name: the forms it sends. Frozen values, decoded at the border."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, TypeAdapter


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UserRef(_Form):
    """A member, as an option of a command or a choice of a menu."""

    user: str


class PlaceRef(_Form):
    """A channel or thread, as an option of a command or a choice of a menu."""

    place: str


Option: TypeAlias = StrictBool | StrictInt | StrictFloat | str | UserRef | PlaceRef
"""What a person fills into an option of a command."""


class Say(_Form):
    """Write a message; files come beside the form. `reply_to` is a message of the same place."""

    act: Literal["say"]
    place: str
    text: str
    reply_to: str | None = None


class Edit(_Form):
    """Change an own message."""

    act: Literal["edit"]
    place: str
    message: str
    text: str


class Delete(_Form):
    """Delete a message."""

    act: Literal["delete"]
    place: str
    message: str


class React(_Form):
    """Put an emoji under a message (`on`) or take it back."""

    act: Literal["react"]
    place: str
    message: str
    emoji: str
    on: bool


class Typing(_Form):
    """Tell the others that this person types."""

    act: Literal["typing"]
    place: str


class OpenThread(_Form):
    """Open a thread, on a message or alone; answers with the place."""

    act: Literal["open_thread"]
    place: str
    name: str
    message: str | None = None


class Post(_Form):
    """Open a post in a forum; files come beside the form. Answers with the place."""

    act: Literal["post"]
    place: str
    title: str
    text: str


class OpenDirect(_Form):
    """Begin direct messages with a bot; answers with the place."""

    act: Literal["open_direct"]
    bot: str


class Run(_Form):
    """Run a slash command; `line` is its name with subcommands."""

    act: Literal["run"]
    place: str
    line: str
    options: dict[str, Option]


class Use(_Form):
    """Use an app's command on a message; `command` is its id."""

    act: Literal["use"]
    place: str
    message: str
    command: str


class Rename(_Form):
    """Give a channel or thread another name."""

    act: Literal["rename"]
    place: str
    name: str


class Archive(_Form):
    """Close a thread; a new message wakes it."""

    act: Literal["archive"]
    place: str


class Remove(_Form):
    """Delete a channel or thread for good."""

    act: Literal["remove"]
    place: str


class Suggest(_Form):
    """Ask a bot what fits the option `focused` so far; answers with rows of name and value."""

    act: Literal["suggest"]
    place: str
    line: str
    focused: str
    options: dict[str, Option]


class Click(_Form):
    """Click a button."""

    act: Literal["click"]
    place: str
    message: str
    custom_id: str


class Choose(_Form):
    """Choose from a menu."""

    act: Literal["choose"]
    place: str
    message: str
    custom_id: str
    values: tuple[str | UserRef | PlaceRef, ...]


class Submit(_Form):
    """Fill in an open dialogue; fields by custom id."""

    act: Literal["submit"]
    dialogue: str
    fields: dict[str, StrictBool | str | tuple[str, ...]]


class Dismiss(_Form):
    """Close a dialogue; the bot never hears of it."""

    act: Literal["dismiss"]
    dialogue: str


Act: TypeAlias = (
    Say
    | Edit
    | Delete
    | React
    | Typing
    | OpenThread
    | Post
    | OpenDirect
    | Run
    | Use
    | Rename
    | Archive
    | Remove
    | Suggest
    | Click
    | Choose
    | Submit
    | Dismiss
)

ACT: TypeAdapter[Act] = TypeAdapter(Annotated[Act, Field(discriminator="act")])
"""Decodes one act; raises pydantic's ValidationError."""

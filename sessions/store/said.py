"""What somebody said, as the store keeps it: text, author, quote, files. Frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message, not yet downloaded. `name` is foreign: never a path.

    `voice` says that somebody spoke it instead of writing a message.
    """

    id: str
    name: str
    url: str
    size_bytes: int
    content_type: str = ""
    voice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a message replies to; all of it is foreign text. `ours` says that the bot itself wrote it."""

    text: str
    author_id: str
    author_name: str
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Where and with which roles somebody asked, so that they can be checked again. Ids as text.

    `role_ids` are all of them: one on which nothing hung then may be denied a second later. `guild_id` None
    means a direct message.
    """

    role_ids: tuple[str, ...] = ()
    guild_id: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What somebody said. `author_id` and `author_name` are foreign text, None for nobody.

    `about` is the id of a message in the same place that is asked about, read when the turn runs.
    """

    text: str
    author_id: str | None = None
    author_name: str | None = None
    attachments: tuple[Attachment, ...] = ()
    quote: Quote | None = None
    by_bot: bool = False
    asker: Asker | None = None
    about: str | None = None

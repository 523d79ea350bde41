"""What a Messages API request says: its parsed body and what was heard in it. Pure."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

TASK_NOTIFICATION: Final = "<task-notification>"
"""What a text begins with that Claude Code wrote to itself because a background task has ended."""

# Claude Code puts its own words (CLAUDE.md, MEMORY.md, hints) into the user's messages in this form.
_REMINDER: Final = "<system-reminder>"
_REMINDED: Final = "</system-reminder>"
# What Claude Code says for the user; the prompt before it stays the newest.
_NOT_SAID: Final = (
    "[Request interrupted",
    "Your response above was stopped by a safety classifier",
    "[Image: source: ",  # behind each picture: where Claude Code keeps it
)
# How Claude Code 2.1.327 hands on what was said while a tool ran: several may stand in one text.
_MEANWHILE: Final = "The user sent a new message while you were working:\n"
_MEANWHILE_ENDS: Final = "\n\nThis is how Claude Code surfaces messages"


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Block(_Wire):
    """One content block of any type; fields of other types keep their defaults."""

    type: str
    text: str = ""
    content: "str | tuple[Block, ...]" = ""
    source: "Source | None" = None


class Source(_Wire):
    """Where an image comes from; `data` is its bytes in base64, if they came along."""

    media_type: str = ""
    data: str = ""


class Message(_Wire):
    """One message. `role` is `user`, `assistant` or, from Claude Code, `system`."""

    role: str
    content: str | tuple[Block, ...]


class Schema(_Wire):
    """What a tool takes, as far as it is looked at here."""

    properties: Mapping[str, object] = Field(default_factory=dict)


class Output(_Wire):
    """How an answer is asked for. `effort` is how much to think, empty if the client did not say."""

    effort: str = ""


class Tool(_Wire):
    """A tool the model may call. `properties` of its schema are the names of its arguments."""

    name: str
    input_schema: Schema = Field(default_factory=Schema)


class Body(_Wire):
    """A request to `/v1/messages` or `/v1/messages/count_tokens`; unknown fields are ignored."""

    model: str
    messages: tuple[Message, ...] = Field(min_length=1)
    system: str | tuple[Block, ...] = ()
    tools: tuple[Tool, ...] = ()
    stream: bool = False
    output_config: Output = Field(default_factory=Output)


@dataclass(frozen=True, slots=True)
class Image:
    """An image that came with a prompt, or that a tool returned."""

    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one request holds, as the log shows it.

    `session` is the agent session id, empty if the client sent none. `prompt` is the newest text of
    a person that began a turn, `results` what tools returned since then, `meanwhile` what was said
    while it ran. `said` is every text of the user's side but those and the client's own reminders,
    oldest first; `texts` is every text of all messages, unchanged. `images` came with the newest
    prompt or since; `arguments` are the names of what each tool takes; `effort` is how much it is to think.
    """

    session: str
    model: str
    prompt: str
    results: tuple[str, ...]
    meanwhile: tuple[str, ...] = ()
    said: tuple[str, ...]
    texts: tuple[str, ...]
    system: str
    tools: tuple[str, ...]
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    images: tuple[Image, ...] = ()
    effort: str = ""

    def offers(self, tool: str) -> bool:
        """Whether the model may call a tool: one of the request's, or one that is only named in it.

        Claude Code 2.1.327 names tools for which its own search has to be asked first; but a call with
        the right arguments is taken as well.
        """
        return tool in self.tools or any(tool in text.split("\n") for text in self.texts)

    def place(self, before: str, after: str) -> str:
        """Return the newest text between two that the client wrote, on one line; empty if there is none."""
        for text in reversed(self.texts):
            _, found, rest = text.rpartition(before)
            line = rest.partition("\n")[0]
            if found and (not after or after in line):
                return line.partition(after)[0] if after else line
        return ""

    @property
    def tokens(self) -> int:
        """The request's size in tokens, roughly; never zero."""
        return 1 + (len(self.system) + sum(map(len, self.texts))) // 4

    @property
    def digest(self) -> str:
        """A name for this point of the conversation, the same whenever it is asked again."""
        told = "\0".join([self.session, str(len(self.results)), *self.texts])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def hear(body: Body, session: str = "") -> Heard:
    """Read a request's body."""
    said: list[str] = []
    results: list[str] = []
    meanwhile: list[str] = []
    images: list[Image] = []
    for message in body.messages:
        begun = len(said)
        for block in _blocks(message.content):
            if found := list(_said_meanwhile(block.text)):
                meanwhile += found
            elif message.role != "user":
                continue
            elif block.type == "tool_result":
                results.append("\n".join(_texts(block.content)))
            elif text := _said(block):
                said.append(text)
                results, meanwhile = [], []
        images = [*(images if len(said) == begun else []), *_images(message.content)]
    return Heard(
        session=session,
        model=body.model,
        prompt=said[-1] if said else "",
        results=tuple(results),
        meanwhile=tuple(meanwhile),
        said=tuple(said),
        texts=tuple(text for message in body.messages for text in _texts(message.content)),
        system="\n\n".join(_texts(body.system)),
        tools=tuple(tool.name for tool in body.tools),
        arguments={tool.name: tuple(tool.input_schema.properties) for tool in body.tools},
        images=tuple(images),
        effort=body.output_config.effort,
    )


def _said(block: Block) -> str:
    # Claude Code 2.1.327 wraps this in a reminder too, but it starts a turn of its own.
    _, found, notification = block.text.partition(TASK_NOTIFICATION)
    if found:
        return found + notification
    text = _without_reminders(block.text).strip()
    return "" if text.startswith(_NOT_SAID) else text


def _said_meanwhile(text: str) -> Iterator[str]:
    *parts, _ = f"\n{text}".split(_MEANWHILE_ENDS)
    for part in parts:
        _, begins, said = part.partition(f"\n{_MEANWHILE}")
        if begins:
            yield said


def _without_reminders(text: str) -> str:
    kept, begin, rest = text.partition(_REMINDER)
    while begin:
        _, end, after = rest.partition(_REMINDED)
        if not end:
            return kept + begin + rest
        more, begin, rest = after.partition(_REMINDER)
        kept += more
    return kept


def _blocks(content: str | tuple[Block, ...]) -> tuple[Block, ...]:
    return (Block(type="text", text=content),) if isinstance(content, str) else content


def _images(content: str | tuple[Block, ...]) -> Iterator[Image]:
    for block in _blocks(content):
        if block.source is not None and block.source.data:
            # Four characters of base64 are three bytes, less what only fills up.
            size = len(block.source.data) * 3 // 4 - block.source.data[-2:].count("=")
            yield Image(block.source.media_type, size)
        if not isinstance(block.content, str):
            yield from _images(block.content)


def _texts(content: str | tuple[Block, ...]) -> Iterator[str]:
    for block in _blocks(content):
        if block.text:
            yield block.text
        if block.content:
            yield from _texts(block.content)

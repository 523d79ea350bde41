"""What a Messages API request says: its parsed body and what was heard in it. Pure."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

TASK_NOTIFICATION: Final = "<task-notification>"
"""What a text begins with that Claude Code wrote to itself because a background task has ended."""

# Claude Code puts its own words (CLAUDE.md, MEMORY.md, hints) into the user's messages in this form.
_REMINDER: Final = "<system-reminder>"
_REMINDED: Final = "</system-reminder>"
# What Claude Code says for the user; the prompt before it stays the newest.
_NOT_SAID: Final = ("[Request interrupted", "Your response above was stopped by a safety classifier")
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


class Message(_Wire):
    """One message. `role` is `user`, `assistant` or, from Claude Code, `system`."""

    role: str
    content: str | tuple[Block, ...]


class Tool(_Wire):
    """A tool the model may call."""

    name: str


class Body(_Wire):
    """A request to `/v1/messages` or `/v1/messages/count_tokens`; unknown fields are ignored."""

    model: str
    messages: tuple[Message, ...] = Field(min_length=1)
    system: str | tuple[Block, ...] = ()
    tools: tuple[Tool, ...] = ()
    stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one request holds, as the log shows it.

    `session` is the agent session id, empty if the client sent none. `prompt` is the newest text of
    a person that began a turn, `results` what tools returned since then, `meanwhile` what was said
    while it ran. `said` is every text of the user's side but those and the client's own reminders,
    oldest first; `texts` is every text of all messages, unchanged.
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
    for message in body.messages:
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


def _texts(content: str | tuple[Block, ...]) -> Iterator[str]:
    for block in _blocks(content):
        if block.text:
            yield block.text
        if block.content:
            yield from _texts(block.content)

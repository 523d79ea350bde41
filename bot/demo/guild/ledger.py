"""Everything the guild received, with time and content, and the questions that tests ask of it."""

import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, cast

from bot.demo.guild.changes import MessageCreated, ReactionChanged
from bot.demo.guild.model import Message, Payload
from bot.demo.guild.state import World

LENGTH = 50_000
"""How many requests and frames are remembered."""

SAYS = re.compile(
    r"(POST|PATCH) (/channels/\d+/messages(/\d+)?|/webhooks/\d+/[^/]+(/messages/[^/]+)?)"
    r"|POST (/channels/\d+/threads|/interactions/\d+/[^/]+/callback)"
)
"""Requests whose body is or has a message."""

PINGED = ("users", "roles", "replied_user")
"""What else `allowed_mentions` may allow, beside `parse`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `at` is Unix time in seconds; `status` None means that it was never answered.

    `answered_at` is when the guild was done with it; None: not yet.
    """

    at: float
    bot_id: str
    method: str
    path: str
    query: dict[str, str]
    body: Any
    file_names: tuple[str, ...] = ()
    status: int | None = None
    code: int = 0
    answered_at: float | None = None

    @property
    def message(self) -> Payload | None:
        """The message in the body, when the request sends or changes one."""
        if not isinstance(self.body, dict) or not SAYS.fullmatch(f"{self.method} {self.path}"):
            return None
        body = cast("Payload", self.body)
        if self.path.endswith("/callback"):
            return body.get("data") if body.get("type") in (4, 7) else None
        return body.get("message") if self.path.endswith("/threads") else body

    @property
    def nonce(self) -> str | None:
        """The nonce of the message in the body."""
        return (self.message or {}).get("nonce")

    @property
    def allowed_mentions(self) -> Payload | None:
        """Whom the message in the body may ping; None when it does not say."""
        return (self.message or {}).get("allowed_mentions")

    @property
    def may_ping(self) -> bool:
        """Whether the message in the body could ping anybody at all, whatever its text is."""
        allowed = self.allowed_mentions
        if self.message is None:
            return False
        return allowed is None or allowed.get("parse") != [] or any(allowed.get(one) for one in PINGED)

    def __str__(self) -> str:
        answer = "never answered" if self.status is None else str(self.status)
        code = f" ({self.code})" if self.code else ""
        text = (self.message or {}).get("content")
        return f"{self.method} {self.path} -> {answer}{code}" + (f" {text!r:.80}" if text else "")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the gateway from a bot: its operation and its data."""

    at: float
    bot_id: str
    op: int
    data: Any


class Ledger:
    """What was received, oldest first. `unknown_routes` are requests that the guild does not know."""

    def __init__(self, world: World) -> None:
        self.entries: deque[Entry] = deque(maxlen=LENGTH)
        self.frames: deque[Frame] = deque(maxlen=LENGTH)
        self.unknown_routes: list[str] = []
        self._world = world

    def finish(self, entry: Entry, status: int | None, code: int = 0) -> None:
        """Note how a request was answered."""
        for index in range(len(self.entries) - 1, -1, -1):
            if self.entries[index] is entry:
                now = self._world.clock.now()
                self.entries[index] = replace(entry, status=status, code=code, answered_at=now)
                return

    def requests(self, method: str, path: str) -> list[Entry]:
        """Return the requests whose method is this and whose path matches the regular expression."""
        return [e for e in self.entries if e.method == method and re.search(path, e.path)]

    def mention_violations(self) -> list[Entry]:
        """Return every message that could have pinged anybody."""
        return [entry for entry in self.entries if entry.may_ping]

    def pings(self) -> list[Message]:
        """Return the bots' messages that pinged somebody; `mentions` says whom."""
        silent = Message("", "", "", 0.0).mentions
        return [message for message in self._said_by_bots() if message.mentions != silent]

    def duplicates(self) -> list[Message]:
        """Return each message of a bot that repeats one in its channel, with no person speaking between."""
        doubled: list[Message] = []
        since_person: dict[str, set[tuple[str, str, tuple[str, ...]]]] = {}
        for change in self._world.feed.journal:
            if not isinstance(change, MessageCreated) or change.message.cause:
                continue
            message = change.message
            said = since_person.setdefault(message.channel_id, set())
            if not self._world.users[message.author_id].bot:
                said.clear()
                continue
            text = (message.author_id, message.content, tuple(a.name for a in message.attachments))
            if text in said:
                doubled.append(message)
            said.add(text)
        return doubled

    def reactions(self, message: Message) -> list[str]:
        """Return what bots did under a message, in order, such as `["+👀", "-👀", "+✅"]`."""
        return [
            ("+" if change.added else "-") + change.emoji
            for change in self._world.feed.journal
            if isinstance(change, ReactionChanged)
            and change.message.id == message.id
            and self._world.users[change.user_id].bot
        ]

    def tail(self, count: int = 15) -> str:
        """Return the last requests as text, one on each line."""
        return "\n".join(str(entry) for entry in list(self.entries)[-count:])

    def _said_by_bots(self) -> list[Message]:
        said = [change.message for change in self._world.feed.journal if isinstance(change, MessageCreated)]
        return [message for message in said if self._world.users[message.author_id].bot]

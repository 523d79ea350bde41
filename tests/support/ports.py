"""A chat in memory that keeps the promises of `ChatPort`; tests look into it and put faults in."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from bot.chat import Capabilities, ChatError, ChatRefused, FilesRefused, MessageGone
from bot.components import Button, FileOut, Row
from bot.measure import units
from bot.stop_button import is_stop


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it looks now."""

    channel_id: str
    id: str
    body: str
    reply_to: str | None = None
    silent: bool = False
    rows: tuple[Row, ...] = ()
    files: tuple[FileOut, ...] = ()

    @property
    def buttons(self) -> tuple[Button, ...]:
        """All buttons, in order."""
        return tuple(button for row in self.rows if isinstance(row, tuple) for button in row)


class FakePort:
    """A chat with every channel there is, but those in `closed`.

    `log` lists what was asked for, as `send`, `edit`, `delete`, `typing`, `react`, `unreact`, `find_sent`
    with the text, id or mark. `marks` are the reactions under each message, ours or not; `gone` holds the
    messages that were deleted.
    `threads` are the names of threads by their id; `alone` lists those that stand on no message, with their
    channel and first name.
    `faults` are raised by the next calls of that name, one each; those of `landed` after a message
    was taken, and of `opened` after a thread was, as if its answer had got lost. While `held` is set to an
    event, sends wait for it before they land.
    """

    platform = "fake"

    def __init__(self, **capabilities: bool | float) -> None:
        able = dict.fromkeys(("can_edit", "can_delete", "can_type", "has_buttons", "can_react"), True)
        able_for = Capabilities(nonce_window_s=120, **able)
        self.capabilities = replace(able_for, **capabilities)  # type: ignore[arg-type]
        self.messages: dict[str, Shown] = {}
        self.log: list[tuple[str, str]] = []
        self.faults: dict[str, list[ChatError]] = {}
        self.closed: set[str] = set()
        self.gone: set[str] = set()
        self.marks: dict[str, list[str]] = {}
        self.held: asyncio.Event | None = None
        self.file_limit = 10 * 1024**2
        self.takes_files = True
        self.nonces: list[str | None] = []
        self.threads: dict[str, str] = {}
        self.alone: list[tuple[str, str, str]] = []
        self._by_nonce: dict[str, str] = {}
        self._ids = count(100)
        self._news = asyncio.Event()

    def bodies(self, channel_id: str = "1") -> list[str]:
        """Return what the channel shows, oldest first."""
        return [shown.body for shown in self.messages.values() if shown.channel_id == channel_id]

    def asked(self, name: str) -> list[str]:
        """Return the texts or ids of all calls of that name."""
        return [what for called, what in self.log if called == name]

    def forget_nonces(self) -> None:
        """Let the minutes be over for which a nonce is known."""
        self._by_nonce.clear()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for calls until something holds."""
        async with asyncio.timeout(60):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def file_limit_bytes(self, channel_id: str) -> int:
        return self.file_limit

    def may_attach(self, channel_id: str) -> bool:
        return self.takes_files

    async def send(
        self,
        channel_id: str,
        body: str,
        *,
        nonce: str | None = None,
        reply_to: str | None = None,
        silent: bool = False,
        rows: Sequence[Row] = (),
        files: Sequence[FileOut] = (),
    ) -> str:
        self.nonces.append(nonce)
        self._called("send", body)
        if self.held is not None:
            await self.held.wait()
        self._check("send", channel_id, body or "-" * bool(files))
        if any(len(file.content) > self.file_limit for file in files):
            raise FilesRefused(reason="too_large")
        if nonce in self._by_nonce:
            return self._by_nonce[nonce]
        shown = Shown(channel_id, str(next(self._ids)), body, reply_to, silent, tuple(rows), tuple(files))
        self.messages[shown.id] = shown
        if nonce is not None:
            self._by_nonce[nonce] = shown.id
        self._news.set()
        if self.faults.get("landed"):
            raise self.faults["landed"].pop(0)
        return shown.id

    async def edit(self, channel_id: str, message_id: str, body: str, *, rows: Sequence[Row] = ()) -> None:
        self._called("edit", body)
        self._check("edit", channel_id, body)
        if message_id not in self.messages:
            raise MessageGone
        self.messages[message_id] = replace(self.messages[message_id], body=body, rows=tuple(rows))
        self._news.set()

    async def delete(self, channel_id: str, message_id: str) -> None:
        self._called("delete", message_id)
        self._check("delete", channel_id)
        self.messages.pop(message_id, None)
        self.gone.add(message_id)

    async def typing(self, channel_id: str) -> None:
        self._called("typing", channel_id)
        self._check("typing", channel_id)

    async def react(self, channel_id: str, message_id: str, mark: str) -> None:
        self._called("react", mark)
        self._check("react", channel_id)
        if message_id in self.gone:
            raise MessageGone
        marks = self.marks.setdefault(message_id, [])
        if mark not in marks:
            marks.append(mark)
        self._news.set()

    async def unreact(self, channel_id: str, message_id: str, mark: str) -> None:
        self._called("unreact", mark)
        self._check("unreact", channel_id)
        if message_id in self.gone:
            raise MessageGone
        if mark in self.marks.get(message_id, []):
            self.marks[message_id].remove(mark)
        self._news.set()

    async def find_sent(
        self, channel_id: str, body: str, *, after_id: str | None, files: int = 0
    ) -> str | None:
        self._called("find_sent", body)
        self._check("find_sent", channel_id)
        found = [
            shown.id
            for shown in self.messages.values()
            if (shown.channel_id, shown.body, len(shown.files)) == (channel_id, body, files)
            and int(shown.id) > int(after_id or 0)
        ]
        return found[-1] if found else None

    async def written(self, channel_id: str, message_id: str) -> str:
        self._called("written", message_id)
        self._check("written", channel_id)
        shown = self.messages.get(message_id)
        return "" if shown is None or any(not is_stop(one.action) for one in shown.buttons) else shown.body

    async def open_thread(self, channel_id: str, name: str, *, message_id: str | None = None) -> str:
        self._called("open_thread", name)
        self._check("open_thread", channel_id, name)
        if message_id in self.gone and message_id not in self.threads:
            raise MessageGone
        thread_id = message_id or str(next(self._ids))
        self.threads.setdefault(thread_id, name)
        if message_id is None:
            self.alone.append((thread_id, channel_id, name))
        self._news.set()
        self._check("opened", channel_id)
        return thread_id

    async def find_threads(self, channel_id: str, name: str) -> Sequence[str]:
        self._called("find_threads", name)
        self._check("find_threads", channel_id)
        return [one for one, *where in reversed(self.alone) if where == [channel_id, name]]

    async def rename(self, channel_id: str, name: str) -> None:
        self._called("rename", name)
        self._check("rename", channel_id, name)
        if channel_id not in self.threads:
            raise ChatRefused
        self.threads[channel_id] = name

    def _called(self, name: str, what: str) -> None:
        self.log.append((name, what))
        self._news.set()

    def _check(self, name: str, channel_id: str, body: str = "-") -> None:
        if self.faults.get(name):
            raise self.faults[name].pop(0)
        if channel_id in self.closed or not body.strip() or units(body) > self.capabilities.message_chars:
            raise ChatRefused


async def settled() -> None:
    """Let every task that can go on do so, until all wait for a clock or an event."""
    for _ in range(50):
        await asyncio.sleep(0)

"""Voice messages in a turn: heard once, shown to people, and never in the way of the turn."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.transcriber import NotHeard
from bot.voice import OFF, Hearing
from sessions.prompts import Fetched
from sessions.store import Store, open_store
from sessions.store.values import Turn
from tests.support.attached import file, turn_with
from tests.support.clocks import SetClock

MIB = 1024**2


class Ears:
    """Hears what it is told to hear."""

    def __init__(self, words: str = "hello\nthere") -> None:
        self.said = words
        self.heard: list[tuple[bytes, str]] = []

    async def words(self, audio: bytes, ending: str) -> str:
        self.heard.append((audio, ending))
        if not self.said:
            raise NotHeard("No words were heard in it.")
        return self.said


class Scene:
    """A room's inbox with a voice message and another file in it."""

    def __init__(self, store: Store, inbox: Path, ears: Ears | None) -> None:
        self.store = store
        self.inbox = inbox
        inbox.mkdir(parents=True, exist_ok=True)
        self.files: list[Fetched] = []
        self.woken = 0
        self.hearing = Hearing(self._fetch, ears, store, self._wake, max_mib=1)

    def voice(self, content: bytes = b"OggS", number: int = 7) -> Turn:
        """Put a voice message into the inbox; return the turn that it came with."""
        path = self.inbox / f"{number}_1.ogg"
        path.write_bytes(content)
        attached = replace(file("u", "voice-message.ogg"), id=str(number), voice=True)
        self.files = [Fetched(attachment=attached, path=path), Fetched(attachment=file("u"), problem="No.")]
        return turn_with(attached)

    async def shown(self) -> list[tuple[str, str | None]]:
        """Return what was said in the chat so far: its text, and what it answers."""
        pieces: list[tuple[str, str | None]] = []
        while rows := await self.store.outbox_due("discord", 10):
            for row in rows:
                pieces.append((row.piece.body, row.piece.reply_to))
                await self.store.outbox_done(row.id, "1")
        return pieces

    async def _fetch(self, _turn: Turn, _inbox: Path) -> Sequence[Fetched]:
        return self.files

    def _wake(self) -> None:
        self.woken += 1


@asynccontextmanager
async def scene(tmp_path: Path, ears: Ears | None) -> AsyncGenerator[Scene]:
    store = await open_store(tmp_path / "data", SetClock())
    try:
        yield Scene(store, tmp_path / "work" / "inbox", ears)
    finally:
        await store.close()


async def test_what_is_heard_goes_to_the_agent_and_is_shown_as_a_quote(tmp_path: Path) -> None:
    ears = Ears()
    async with scene(tmp_path, ears) as it:
        turn = it.voice()
        heard, other = await it.hearing(turn, it.inbox)
        assert (heard.heard, heard.note, other) == ("hello\nthere", "", it.files[1])
        assert ears.heard == [(b"OggS", "ogg")]
        assert await it.shown() == [("> hello\n> there", turn.address.message_id)]
        assert it.woken == 1


async def test_a_turn_that_starts_again_shows_nothing_twice(tmp_path: Path) -> None:
    async with scene(tmp_path, Ears()) as it:
        turn = it.voice()
        await it.hearing(turn, it.inbox)
        assert len(await it.shown()) == 1
        heard, _ = await it.hearing(turn, it.inbox)
        assert heard.heard == "hello\nthere"
        assert await it.shown() == []


async def test_with_transcription_off_the_agent_is_told_each_time_and_people_once(tmp_path: Path) -> None:
    async with scene(tmp_path, None) as it:
        for number in (7, 8):
            heard, _ = await it.hearing(it.voice(number=number), it.inbox)
            assert (heard.heard, heard.note) == (None, OFF)
        [(said, _)] = await it.shown()
        assert said.startswith("I cannot hear voice messages: transcription is off.")


async def test_a_message_that_cannot_be_heard_is_a_note(tmp_path: Path) -> None:
    async with scene(tmp_path, Ears("")) as it:
        heard, _ = await it.hearing(it.voice(), it.inbox)
        assert heard.heard is None
        assert heard.note == "A voice message that was not written down. No words were heard in it."
        assert [said for said, _ in await it.shown()] == [
            "-# I could not hear that voice message. No words were heard in it."
        ]


async def test_one_that_is_too_large_is_not_heard(tmp_path: Path) -> None:
    ears = Ears()
    async with scene(tmp_path, ears) as it:
        heard, _ = await it.hearing(it.voice(b"x" * (MIB + 1)), it.inbox)
        assert "It is larger than 1 MiB." in heard.note
        assert ears.heard == []


@pytest.mark.parametrize("swap", ["link", "gone"])
async def test_a_file_that_the_agent_swapped_is_not_followed(tmp_path: Path, swap: str) -> None:
    (tmp_path / "secret").write_text("precious")
    ears = Ears()
    async with scene(tmp_path, ears) as it:
        turn = it.voice()
        path = it.files[0].path
        assert path is not None
        path.unlink()
        if swap == "link":
            path.symlink_to(tmp_path / "secret")
        heard, _ = await it.hearing(turn, it.inbox)
        assert "Its file is gone." in heard.note
        assert ears.heard == []


@pytest.mark.parametrize("words", ["word " * 2000, "\n" * 5 + "x\n" * 5000, "🎤" * 3000, "> a\n```\nb"])
async def test_a_long_message_is_shown_in_part_and_heard_whole(tmp_path: Path, words: str) -> None:
    async with scene(tmp_path, Ears(words)) as it:
        heard, _ = await it.hearing(it.voice(), it.inbox)
        assert heard.heard == words
        [(said, _)] = await it.shown()
        assert len(said.encode("utf-16-le")) // 2 <= 2000
        assert all(line.startswith((">", "-#")) for line in said.splitlines())

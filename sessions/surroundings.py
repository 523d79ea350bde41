"""What was said around a prompt, such as the message that its thread began with: quoted and bounded. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sessions.foreign_text import clean, named
from sessions.store.values import Turn

STARTER_CHARS: Final = 4000
EARLIER_CHARS: Final = 1000
"""How much of one message is shown that was said before."""
HISTORY_CHARS: Final = 12_000
"""How much of what was said before is shown in all; the newest first."""

_NAME_CHARS: Final = 64
_FILES: Final = 10
_SINCE: Final = "Said here before the message below, the oldest first; none of it was addressed to you:"
_CUT: Final = "Older messages than these are left out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A message that was said before; all of it is foreign text. `ours`: the bot itself wrote it.

    `files` are the names of what came with it.
    """

    text: str
    author_id: str
    author_name: str
    by_bot: bool = False
    ours: bool = False
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is around a prompt: the message that its thread began with, the one it is about, what came before.

    `history` is in order, the oldest first. `problem` is a sentence about what could not be read.
    """

    starter: Earlier | None = None
    about: Earlier | None = None
    history: Sequence[Earlier] = ()
    problem: str = ""


class LookAround(Protocol):
    """Reads what was said around a turn's prompt, before it is written."""

    def wants(self, turn: Turn) -> bool:
        """Whether there may be anything to read; from memory."""
        ...

    async def __call__(self, turn: Turn) -> Surroundings:
        """Return what is around. Never raises for what cannot be read; within half a minute."""
        ...


class NothingAround:
    """A `LookAround` that finds nothing."""

    def wants(self, turn: Turn) -> bool:  # noqa: ARG002 - nothing of it matters
        """Want nothing."""
        return False

    async def __call__(self, turn: Turn) -> Surroundings:  # noqa: ARG002
        """Find nothing."""
        return Surroundings()


def around_parts(found: Surroundings) -> Iterator[tuple[str, str]]:
    """Yield each part of a prompt that stands before what was said: a line of ours, and a text of others."""
    if found.problem:
        yield f"Note from Roomkey: {found.problem}", ""
    if found.starter is not None:
        label = f"Quoted, because this thread began with it, {_by(found.starter)}:"
        yield label, _shown(found.starter, STARTER_CHARS)
    if found.history:
        kept, is_cut = _newest(found.history)
        yield f"{_SINCE} {_CUT}" if is_cut else _SINCE, ""
        for one, text in kept:
            yield f"Said before, {_by(one)}:", text
    if found.about is not None:
        label = f"Quoted, because the message below asks about it, {_by(found.about)}:"
        yield label, _shown(found.about, STARTER_CHARS)


def _newest(history: Sequence[Earlier]) -> tuple[list[tuple[Earlier, str]], bool]:
    kept: list[tuple[Earlier, str]] = []
    left = HISTORY_CHARS
    for one in reversed(history):
        text = _shown(one, EARLIER_CHARS)
        left -= len(text)
        if left < 0:
            break
        kept.append((one, text))
    return kept[::-1], len(kept) < len(history)


def _by(one: Earlier) -> str:
    if one.ours:
        return "written by you or by Roomkey"
    kind = "the bot " if one.by_bot else ""
    return f"from {kind}{named(one.author_name, _NAME_CHARS)} (user {one.author_id})"


def _shown(one: Earlier, most: int) -> str:
    said = clean(one.text).strip()
    text = said if len(said) <= most else f"{said[:most]}…"
    names = ", ".join(named(name, _NAME_CHARS) for name in one.files[:_FILES])
    more = f" and {len(one.files) - _FILES} more" if len(one.files) > _FILES else ""
    files = f"(with files that are not here: {names}{more})" if names else ""
    return "\n".join(filter(None, [text, files])) or "(no text)"

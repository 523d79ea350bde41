"""Values made from a fuzzer's bytes: texts, numbers, choices, in the order in which they are asked for."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Material:
    """Bytes that are used up; when they are, every text is empty and every number 0."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def number(self, most: int) -> int:
        """Return a number from 0 to `most`."""
        count = (most.bit_length() + 7) // 8
        return int.from_bytes(self._take(count)) % (most + 1)

    def chance(self) -> bool:
        """Return yes or no."""
        return self.number(1) == 1

    def choice(self, among: Sequence[T]) -> T:
        """Return one of them."""
        return among[self.number(len(among) - 1)]

    def text(self, most: int = 4000) -> str:
        """Return a text of at most so many characters, lone surrogates and all."""
        length = self.number(most) if self.chance() else self.number(min(most, 60))
        return self._take(length).decode("utf-8", "surrogateescape")[:most]

    def rest(self) -> bytes:
        """Return what is left."""
        return self._take(len(self._raw))

    def _take(self, count: int) -> bytes:
        taken = self._raw[self._at : self._at + count]
        self._at += len(taken)
        return taken

"""Secrets kept out of what people see: by exact value and its encodings, also in text that still grows. Pure.

Only fixed strings are looked for, never patterns. White space, backslashes and signs without width
do not count: an encoding that is wrapped into lines, and text that is escaped, are found as well.
"""

import base64
import html
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, cast
from urllib.parse import quote, quote_plus

MASK: Final = "[secret]"
LEAST_CHARS: Final = 8
"""A shorter secret would be found in ordinary words."""

_UNCOUNTED: Final = frozenset(" \t\n\r\x0b\x0c\\\u00a0\u00ad\u200b\u200c\u200d\u2060\ufeff")
_UNCOUNTED_RUNS: Final = re.compile(f"[{re.escape(''.join(_UNCOUNTED))}]+")
_PERCENT: Final = re.compile("%[0-9A-F]{2}")
_ENCODINGS: Final = 4
"""A hold is given up as hostile when it is so many times longer than the longest encoding."""

DEEPEST: Final = 50
_BEHIND_CUTS: Final = "….)"
"""What may stand behind the place where a text was cut off."""

Span = tuple[int, int]


class TooShort(ValueError):
    """A secret must have at least 8 characters."""


class Redactor:
    """The secrets of one process. What is added stays until it is dropped, also when another replaces it."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take secrets. Raises TooShort."""
        self._of: dict[str, frozenset[str]] = {}
        self._forms: Sequence[str] = ()
        self._firsts: frozenset[str] = frozenset()
        self._longest = 0
        for secret in secrets:
            self._of[secret] = _forms(secret)
        self._sort()

    def add(self, secret: str) -> None:
        """Mask this one too from now on. Raises TooShort."""
        self._of[secret] = _forms(secret)
        self._sort()

    def drop(self, secret: str) -> None:
        """Mask it no longer: it opens nothing any more."""
        self._of.pop(secret, None)
        self._sort()

    def text(self, text: str) -> str:
        """Return `text` with a mask in place of each secret; never longer than it was."""
        spans = self.spans(text)
        return _masked(text, spans) if spans else text

    def fact(self, fact: object, depth: int = 0) -> object:
        """Return a value as JSON could hold it, its texts masked; what JSON cannot hold becomes text."""
        if depth > DEEPEST:
            return "…"
        match fact:
            case None | bool() | int() | float():
                return fact
            case str():
                return self.text(fact)
            case Mapping():
                pairs = cast("Mapping[object, object]", fact).items()
                return {self.text(str(name)): self.fact(value, depth + 1) for name, value in pairs}
            case list() | tuple() | set() | frozenset():
                return [self.fact(value, depth + 1) for value in cast("Iterable[object]", fact)]
            case _:
                return self.text(str(fact))

    def spans(self, text: str) -> list[Span]:
        """Return where secrets stand, in order, none overlapping another."""
        if len(text) < LEAST_CHARS or not self._forms:
            return []
        counted = _UNCOUNTED_RUNS.sub("", text)
        found = sorted(span for form in self._forms for span in _found(counted, form))
        if not found:
            return []
        places = _places(text)
        return _merged((places[begin], places[end - 1] + 1) for begin, end in found)

    def hold_back(self, text: str) -> int:
        """Return how many characters at the end of a growing text may be the start of a secret."""
        counted = _UNCOUNTED_RUNS.sub("", text)
        for begin in range(max(0, len(counted) - self._longest + 1), len(counted)):
            if counted[begin] not in self._firsts:
                continue
            tail = counted[begin:]
            after = bisect_right(self._forms, tail)
            if after < len(self._forms) and self._forms[after].startswith(tail):
                return len(text) - _places(text)[begin]
        return 0

    @property
    def longest_hold(self) -> int:
        """How many characters may be held back before they count as hostile."""
        return self._longest * _ENCODINGS

    @property
    def knows_any(self) -> bool:
        """Whether there is anything to mask."""
        return bool(self._forms)

    def _sort(self) -> None:
        forms = frozenset[str]().union(*self._of.values())
        self._forms = sorted(forms)
        self._firsts = frozenset(form[0] for form in forms)
        self._longest = max(map(len, forms), default=0)


class Growing:
    """One text that grows: what may be shown of it. A secret is never shown in part, wherever it is cut."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""
        self._covered = 0  # how much at the start of `_held` belongs to a secret whose mask was shown

    def feed(self, more: str) -> str:
        """Take what was added and return what can be shown now."""
        text = self._held + more
        if not self._redactor.knows_any:  # what is held was of a secret that is none any more
            shown, self._held, self._covered = text[self._covered :], "", 0
            return shown
        held = self._redactor.hold_back(text)
        return self._shown(text, len(text) - held, hostile=held > self._redactor.longest_hold)

    def end(self) -> str:
        """Return what was held back: nothing follows. What could be most of a secret is masked."""
        if not self._held:
            return ""
        held = len(self._held) - self._covered
        return self._shown(self._held, len(self._held) - held, hostile=held >= LEAST_CHARS, is_last=True)

    def _shown(self, text: str, cut: int, *, hostile: bool, is_last: bool = False) -> str:
        spans = [(0, self._covered)] if self._covered else []
        spans += self._redactor.spans(text)
        if hostile:
            spans.append((cut, len(text)))
        if hostile or is_last:
            cut = len(text)
        spans = _merged(sorted(spans))
        begun = self._covered > 0
        if begun and cut == 0:
            self._held, self._covered = text, spans[0][1]
            return ""
        over = next((end for begin, end in spans if begin < cut < end), cut)
        self._held, self._covered = text[cut:], over - cut
        before = [(begin, min(end, cut)) for begin, end in spans if begin < cut]
        if begun:  # its mask stands already
            first_end = before[0][1]
            return _masked(text[first_end:cut], [(b - first_end, e - first_end) for b, e in before[1:]])
        return _masked(text[:cut], before)


def masked_cut(text: str, redactor: Redactor) -> str:
    """Return a text that may have been shortened, masked: also where it ends within a secret."""
    if len(text) < LEAST_CHARS or not redactor.knows_any:  # as every event without words
        return text
    kept = text.rstrip(_BEHIND_CUTS)
    growing = Growing(redactor)
    return growing.feed(kept) + growing.end() + text[len(kept) :]


def _forms(secret: str) -> frozenset[str]:
    """Return the secret and its encodings, each as it stands where uncounted signs are left out."""
    if len(_UNCOUNTED_RUNS.sub("", secret)) < LEAST_CHARS:
        raise TooShort
    raw = secret.encode("utf-8", "surrogatepass")
    hexed = raw.hex()
    texts = [secret, json.dumps(secret)[1:-1], html.escape(secret)]
    for url in (quote(raw, safe=""), quote(raw), quote_plus(raw), *_spelled(hexed, "%")):
        texts += [url, _PERCENT.sub(lambda code: code[0].lower(), url)]
    texts += [*_spelled(hexed, ""), *_spelled(hexed, "x")]
    texts += [*_base64(raw, base64.b64encode), *_base64(raw, base64.urlsafe_b64encode)]
    return frozenset(_UNCOUNTED_RUNS.sub("", text) for text in texts)


def _spelled(hexed: str, mark: str) -> list[str]:
    """Return each byte behind a mark, in small and in capital digits."""
    pairs = [hexed[at : at + 2] for at in range(0, len(hexed), 2)]
    return [mark + mark.join(pairs), mark + mark.join(pair.upper() for pair in pairs)]


def _base64(raw: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """Return what is the same in any base64 text that holds these bytes, at each of three alignments."""
    for before in range(3):
        encoded = encode(b"\0" * before + raw).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def _found(text: str, form: str) -> Iterator[Span]:
    at = text.find(form)
    while at >= 0:
        yield at, at + len(form)
        at = text.find(form, at + 1)


def _places(text: str) -> list[int]:
    """Return where the signs that count stand."""
    return [at for at, sign in enumerate(text) if sign not in _UNCOUNTED]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return sorted spans as those that do not overlap."""
    merged: list[Span] = []
    for begin, end in spans:
        if merged and begin < merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((begin, end))
    return merged


def _masked(text: str, spans: Sequence[Span]) -> str:
    parts: list[str] = []
    at = 0
    for begin, end in spans:
        parts += [text[at:begin], MASK]
        at = end
    return "".join([*parts, text[at:]])

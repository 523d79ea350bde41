"""One line of an agent's Markdown -> the line as a chat shows it: headings, boxes, links, tags. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

_DEEP_HEADING: Final = re.compile(r" {0,3}#{4,6}[ \t]+(?P<text>.*?)(?:[ \t]+#+)?[ \t]*")
_RULE: Final = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_TASK: Final = re.compile(r"(?P<indent>\s*)(?P<bullet>[-*+]|\d{1,9}[.)])[ \t]+\[(?P<box>[ xX])\](?=\s|$)")
_DEFINITION: Final = re.compile(
    r" {0,3}\[(?P<label>[^\[\]^][^\[\]]{0,98})\]:[ \t]+<?(?P<url>[^\s<>]{1,500})>?"
    r"(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*"
)
_USE: Final = re.compile(r"\[([^\[\]\n]{1,99})\](?!:)")
_WEB: Final = re.compile(r"https?://\S+")
_TAGS: Final = (
    "a|abbr|b|blockquote|body|br|button|center|code|dd|del|details|div|dl|dt|em|font|footer|form|h[1-6]|head|header"
    "|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|ol|option|p|pre|q|s|samp|script|section"
    "|select|small|span|strong|style|sub|summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|u|ul|video"
)
_TAG: Final = (
    rf"</?(?:(?:{_TAGS})\b|(?<![\w]<)(?<![\w]</)[A-Za-z][\w-]*)(?:\s[^<>`\n]{{0,300}})?/?>"
    r"|<!--[^`\n]{0,300}?-->"
)
_URL: Final = r"<?(?P<{0}>https?://(?:[^()\s<>]|\([^()\s<>]*\)){{1,2000}})>?(?:[ \t]+\"[^\"\n]{{0,200}}\")?"
_TOKEN: Final = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<ticks>`+)"
    r"|(?P<badge>\[!\[(?P<badge_text>[^\[\]\n]{0,200})\]\([^()\s]{0,2000}\)\]\("
    + _URL.format("badge_url")
    + r"\))"
    r"|(?P<image>!\[(?P<image_text>[^\[\]\n]{0,500})\]\(" + _URL.format("image_url") + r"\))"
    r"|(?P<kept>\[[^\[\]\n]{0,500}\]\((?:[^()\n]|\([^()\n]*\)){0,2000}\))"
    r"|(?P<named>!?\[(?P<named_text>[^\[\]\n]{1,500})\]\[(?P<named_label>[^\[\]\n]{0,99})\])"
    r"|(?P<short>!?\[(?P<short_label>[^\[\]\n]{1,99})\](?![(\[:]))"
    rf"|(?P<tags>(?:{_TAG})+)"
)
_OPENER: Final = re.compile(
    r"(?P<escape>\\.?)|(?P<ticks>`+)|(?P<mark>\*\*|__|~~)|(?P<image>!?\[!\[|!\[)|(?P<link>\[)|(?P<tag><(?=[A-Za-z/!]))|(?P<bang>!$)"
)
_WHOLE: Final = re.compile(
    r"\[!\[[^\[\]\n]*\]\([^()\s]*\)\]\([^\n]*?\)"
    r"|!?\[[^\[\]\n]*\](?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\[\]\n]*\]|(?=[^(\[]))"
)
_TAG_END: Final = re.compile(r"<[^>]{0,310}>")
_HELD_CHARS: Final = {"image": 3000, "tag": 320}
_HELD_AT_MOST_CHARS: Final = 300
"""How much of a growing line may be held back for one sign that has no counterpart yet."""
_UNFINISHED: Final = "`*_~|<>!\\"
"""Signs of which more may follow."""
_MOST_LINKS: Final = 200
_MOST_INLINED_CHARS: Final = 100_000
"""What reference links may add to a text: a few bytes that name a long address again and again are a bomb."""


@dataclass(frozen=True, slots=True)
class Links:
    """The link definitions of a text, by label, and how many characters they may still add to it."""

    urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    left_chars: int = _MOST_INLINED_CHARS
    is_final: bool = False

    def used_in(self, text: str) -> "Links":
        """Return those that `text` refers to, as all there are: another definition is a line of text."""
        used = {_label(found[1]) for found in _USE.finditer(text)} if self.urls else set[str]()
        return replace(
            self, urls={name: url for name, url in self.urls.items() if name in used}, is_final=True
        )

    def with_definition(self, line: str) -> "Links | None":
        """Return these links and that which `line` defines; None if it is no definition of a web address."""
        found = _DEFINITION.fullmatch(line)
        if found is None or _WEB.fullmatch(found["url"]) is None:
            return None
        label = _label(found["label"])
        if self.is_final:
            return self if label in self.urls else None
        if label in self.urls or len(self.urls) >= _MOST_LINKS:
            return self
        return replace(self, urls={**self.urls, label: found["url"]})


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as it is shown. Inline code with so many backticks (0: none) goes on in the next line."""

    text: str
    ticks: int
    links: Links


def is_rule(line: str) -> bool:
    """Whether a line is a horizontal rule, which no chat shows."""
    return _RULE.fullmatch(line) is not None


def shown_line(line: str, ticks: int, links: Links) -> Shown:
    """Return a line of prose as a chat shows it; inline code with so many `ticks` is open before it."""
    heading = None if ticks else _DEEP_HEADING.fullmatch(line)
    if heading is not None:
        text = re.sub(r"\*\*|__", "", heading["text"]).strip()
        inner = _inline(text, 0, links)
        return Shown(f"**{inner.text}**" if text else "", 0, inner.links)
    task = None if ticks else _TASK.match(line)
    if task is None:
        return _inline(line, ticks, links)
    box = "☐" if task["box"] == " " else "☑"
    is_plain = not task["indent"] and len(task["bullet"]) == 1
    start = box if is_plain else f"{task['indent']}{task['bullet']} {box}"
    rest = _inline(line[task.end() :], 0, links)
    return Shown(start + rest.text, rest.ticks, rest.links)


def stable_end(line: str, ticks: int) -> int:
    """Return up to where a growing line is shown as it will be: no sign is left open there, or unfinished."""
    line = line.rstrip(_UNFINISHED)
    end = len(line)
    at = _code_end(line, 0, ticks) if ticks else 0
    if ticks and not at:
        return end
    marks: dict[str, int] = {}
    tags = tags_end = 0  # tags beside each other are shown as one
    while (found := _OPENER.search(line, at)) is not None:
        at, kind = _after_opener(found, line), found.lastgroup or ""
        begin = tags if kind == "tag" and found.start() == tags_end else found.start()
        if kind == "tag" and at:
            tags, tags_end = begin, at
        elif kind == "mark":
            marks.pop(found[0], None) if found[0] in marks else marks.update({found[0]: begin})
        elif not at:
            if len(line) - begin <= _HELD_CHARS.get(kind, _HELD_AT_MOST_CHARS):
                end = min(end, begin)
                break
            if kind == "ticks":
                break
            at = found.end()
    held = [start for start in marks.values() if len(line) - start <= _HELD_AT_MOST_CHARS]
    return min([end, *held])


def _after_opener(found: re.Match[str], line: str) -> int:
    """Return where to look on behind a sign; 0 if its counterpart is missing."""
    match found.lastgroup:
        case "ticks":
            return _code_end(line, found.end(), len(found[0])) if found.end() < len(line) else 0
        case "image" | "link":
            whole = _WHOLE.match(line, found.start())
            return whole.end() if whole is not None else 0
        case "tag":
            whole = _TAG_END.match(line, found.start())
            return whole.end() if whole is not None else 0
        case _:
            return found.end()


def _inline(line: str, ticks: int, links: Links) -> Shown:
    """Return a line with its images, reference links and tags changed, and its inline code as it was."""
    out: list[str] = []
    at = 0
    while at < len(line):
        if ticks:
            end = _code_end(line, at, ticks)
            out.append(line[at : end or None])
            if not end:
                return Shown("".join(out), ticks, links)
            at, ticks = end, 0
            continue
        found = _TOKEN.search(line, at)
        if found is None:
            out.append(line[at:])
            break
        out.append(line[at : found.start()])
        at = found.end()
        if found["ticks"]:
            out.append(found["ticks"])
            ticks = len(found["ticks"])
            continue
        text, links = _changed(found, line, links)
        out.append(text)
    return Shown("".join(out), ticks, links)


def _code_end(line: str, at: int, ticks: int) -> int:
    """Return where inline code ends that began with so many backticks; 0 if not in this line."""
    found = re.compile(rf"(?<!`)`{{{ticks}}}(?!`)").search(line, at)
    return found.end() if found else 0


def _changed(found: re.Match[str], line: str, links: Links) -> tuple[str, Links]:
    """Return what stands for a link, an image or tags, and the links that are left."""
    if found["badge"]:
        return _link(found["badge_text"], found["badge_url"]), links
    if found["image"]:
        return _link(found["image_text"], found["image_url"]), links
    if found["named"] or found["short"]:
        text = found["named_text"] or found["short_label"]
        url = links.urls.get(_label(found["named_label"] or text))
        if url is None or len(url) > links.left_chars:
            return found[0], links
        return f"[{text}]({url})", replace(links, left_chars=links.left_chars - len(url))
    if found["tags"]:
        before = " " if line[max(0, found.start() - 1) : found.start()] == "`" else ""
        after = " " if line[found.end() : found.end() + 1] == "`" else ""
        return f"{before}`{found[0]}`{after}", links
    return found[0], links  # an escaped sign, or a link that is one already


def _link(text: str, url: str) -> str:
    return f"[{text.strip() or 'image'}]({url})"


def _label(text: str) -> str:
    return " ".join(text.split()).casefold()

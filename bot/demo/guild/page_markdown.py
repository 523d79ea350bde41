"""Discord's Markdown as HTML: what its client shows is shown, everything else stays text. Pure.

Differences to CommonMark that matter: `__` underlines, a line break is a line break, quotes end with their
line (or begin with `>>>` and never end), headings stop at three, and there are no tables, rules, images,
HTML, reference links or indented code. `-#` is small print, `||` a spoiler, `<...>` names something.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, fence, heading
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

NAMED = re.compile(
    r"@(?:everyone|here)\b|<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<place>\d+)|/(?P<command>[^:<>]+):\d+"
    r"|t:(?P<time>-?\d{1,13})(?::(?P<style>[tTdDfFRsS]))?|a?:(?P<emoji>\w+):\d+)>"
)
ADDRESS = re.compile(r"://[^\s<>]*[^\s<>.,:;!?\"'*_~|)\]]")
MESSAGE_LINK = re.compile(r"https://discord\.com/channels/(?:\d+|@me)/(?P<place>\d+)/(?P<message>\d+)")
WEB = re.compile(r"https?://\S+", re.IGNORECASE)
SPOILER = re.compile(r"\|\|.+?\|\|", re.DOTALL)
MARKS = re.compile(r"```\w*|(?<!\\)[*`~|]+|__|^(?:[#>-]+|-#) ", re.MULTILINE)
LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]+")
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Names:
    """How ids are shown: each function returns the name behind an id, or None if the reader sees none."""

    user: Callable[[str], str | None]
    place: Callable[[str], str | None]
    role: Callable[[str], str | None]


def html(text: str, names: Names) -> str:
    """Return a message's text as HTML; whatever the text is, no markup of its own gets through."""
    return _PARSER.render(text, {"names": names})


def plain(text: str, names: Names) -> str:
    """Return a message's text on one line, without its marks and with names for ids."""
    named = NAMED.sub(lambda found: _name(found, names), text)
    bare = MARKS.sub("", SPOILER.sub("(spoiler)", named))
    return " ".join(ESCAPED.sub(r"\1", bare).split())


def _small_print(state: StateBlock, line: int, _: int, silent: bool) -> bool:
    text = _line(state, line)
    if not text.startswith("-# ") or not text[3:].strip():
        return False
    if not silent:
        state.line = line + 1
        state.push("small_open", "small", 1)
        inline = state.push("inline", "", 0)
        inline.content, inline.children = text[3:].strip(), []
        state.push("small_close", "small", -1)
    return True


def _quote(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    # A quote holds no quote: Discord shows the second sign as text, and our depth stays bounded.
    if "quoted" in state.env or not _line(state, line).startswith(("> ", ">>> ")):
        return False
    if silent:
        return True
    if _line(state, line).startswith(">>> "):
        inner = [_line(state, line)[4:]]
        inner += [state.src[state.bMarks[at] : state.eMarks[at]] for at in range(line + 1, end_line)]
    else:
        inner = list[str]()
        while line + len(inner) < end_line and (text := _line(state, line + len(inner))).startswith("> "):
            inner.append(text[2:])
    state.line = line + len(inner)
    state.push("blockquote_open", "blockquote", 1)
    state.md.block.parse("\n".join(inner), state.md, {**state.env, "quoted": True}, state.tokens)
    state.push("blockquote_close", "blockquote", -1)
    return True


def _heading(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    return not _line(state, line).startswith("####") and heading(state, line, end_line, silent)


def _fence(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    return not _line(state, line).startswith("~") and fence(state, line, end_line, silent)


def _spoiler(state: StateInline, silent: bool) -> bool:
    begin = state.pos + 2
    end = state.src.find("||", begin + 1, state.posMax)
    if not state.src.startswith("||", state.pos) or end < 0:
        return False
    if not silent:
        outer_end = state.posMax
        state.push("spoiler_open", "span", 1).attrs = {"class": "spoiler", "tabindex": "0", "role": "button"}
        state.pos, state.posMax = begin, end
        state.md.inline.tokenize(state)
        state.posMax = outer_end
        state.push("spoiler_close", "span", -1)
    state.pos = end + 2
    return True


def _named(state: StateInline, silent: bool) -> bool:
    found = NAMED.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("named", "", 0).meta = {"names": state.env["names"], "found": found}
    state.pos = found.end()
    return True


def _address(state: StateInline, silent: bool) -> bool:
    scheme = re.search(r"(?:^|[^a-z0-9+.-])(https?)$", state.pending, re.IGNORECASE)
    found = ADDRESS.match(state.src, state.pos, state.posMax) if scheme and not state.linkLevel else None
    if scheme is None or found is None:
        return False
    if not silent:
        url = scheme[1] + found[0]
        state.pending = state.pending[: -len(scheme[1])]
        names: Names = state.env["names"]
        if (link := MESSAGE_LINK.fullmatch(url)) and names.place(link["place"]):
            state.push("named", "", 0).meta = {"names": names, "found": link}
            state.pos += len(found[0])
            return True
        state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(url)}
        state.push("text", "", 0).content = url
        state.push("link_close", "a", -1)
    state.pos += len(found[0])
    return True


def _show_named(_: RendererHTML, tokens: Sequence[Token], at: int, *__: Any) -> str:
    found: re.Match[str] = tokens[at].meta["found"]
    parts = found.groupdict()
    if parts.get("time"):
        return _time(int(parts["time"]), parts["style"] or "f")
    names: Names = tokens[at].meta["names"]
    shown = escape(_name(found, names))
    if parts.get("emoji"):
        return shown
    if (place_id := parts.get("place")) and names.place(place_id):
        if message_id := parts.get("message"):
            return f'<a class="mention" href="#/{place_id}/{message_id}">{shown} › message</a>'
        return f'<a class="mention" href="#/{place_id}">{shown}</a>'
    return f'<span class="mention">{shown}</span>'


def _name(found: re.Match[str], names: Names) -> str:
    parts = found.groupdict()
    if user_id := parts.get("user"):
        return "@" + (names.user(user_id) or "unknown user")
    if role_id := parts.get("role"):
        return "@" + (names.role(role_id) or "unknown role")
    if place_id := parts.get("place"):
        return "#" + (names.place(place_id) or "unknown")
    if command := parts.get("command"):
        return "/" + command
    if emoji := parts.get("emoji"):
        return f":{emoji}:"
    # Only the reader's own clock can say a moment in words.
    return "…" if parts.get("time") else found[0]


def _show_fence(_: RendererHTML, tokens: Sequence[Token], at: int, *__: Any) -> str:
    token = tokens[at]
    language = LANGUAGE.fullmatch(token.info.strip())
    shown = f' data-language="{escape(language[0])}"' if language else ""
    # Discord takes a first line that is no language's name as code.
    code = token.content if language or not token.info.strip() else f"{token.info.strip()}\n{token.content}"
    coloured = _diff(code) if language and language[0] in ("diff", "patch") else escape(code)
    return f'<pre tabindex="0"{shown}><code>{coloured}</code></pre>\n'


def _diff(code: str) -> str:
    """Return a diff with its new and its old lines marked, as Discord colours them."""
    kinds = {"+": "new", "-": "old"}
    lines = code.splitlines(keepends=True)
    return "".join(
        f'<span class="{kinds[line[0]]}">{escape(line)}</span>' if line[:1] in kinds else escape(line)
        for line in lines
    )


def _show_underline(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, _: Any) -> str:
    token = tokens[at]
    if token.markup == "__":
        return "<u>" if token.nesting > 0 else "</u>"
    return renderer.renderToken(tokens, at, options, {})


def _show_link(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    names: Names = env["names"]
    link = MESSAGE_LINK.fullmatch(str(tokens[at].attrs["href"]))
    if link and names.place(link["place"]):
        tokens[at].attrs = {"href": f"#/{link['place']}/{link['message']}"}
    else:
        tokens[at].attrs |= {"target": "_blank", "rel": "noreferrer noopener"}
    return renderer.renderToken(tokens, at, options, {})


def _time(moment_s: int, style: str) -> str:
    try:
        exact = datetime.fromtimestamp(moment_s, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return escape(f"<t:{moment_s}:{style}>")
    return f'<time datetime="{exact}" data-style="{style}">{exact}</time>'


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _parser() -> MarkdownIt:
    made = MarkdownIt("zero", {"breaks": True, "maxNesting": DEEPEST})
    made.enable(["fence", "heading", "list", "newline", "escape", "backticks", "emphasis", "strikethrough"])
    made.enable(["link", "autolink"])
    blocks, inlines = made.block.ruler, made.inline.ruler
    ends_paragraphs: RuleOptionsType = {"alt": ["paragraph", "list"]}
    blocks.at("heading", _heading, ends_paragraphs)
    blocks.at("fence", _fence, ends_paragraphs)
    blocks.before("list", "small_print", _small_print, ends_paragraphs)
    blocks.before("list", "quote", _quote, ends_paragraphs)
    made.inline.add_terminator_char("|")
    inlines.before("autolink", "named", _named)
    inlines.before("emphasis", "spoiler", _spoiler)
    inlines.before("newline", "address", _address)
    made.add_render_rule("named", _show_named)
    made.add_render_rule("fence", _show_fence)
    made.add_render_rule("strong_open", _show_underline)
    made.add_render_rule("strong_close", _show_underline)
    made.add_render_rule("link_open", _show_link)
    made.validateLink = lambda url: WEB.fullmatch(url) is not None
    return made


_PARSER = _parser()

"""What "Always here" may allow: a narrow pattern offered for a tool call, and strict matching. Pure.

A rule is written as Claude Code writes it: `Bash(pytest *)`, `Edit(./src/**)`, `WebFetch(domain:a.org)`,
or the name of one tool of an MCP server. What is not plainly within a rule is asked about.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from sessions.shell_words import is_near, narrow_words, plain_words

PATTERN_CHARS: Final = 60
"""The longest pattern that is offered: all of it has to stand on a button."""

_WRITTEN: Final = re.compile(r"(Bash|Edit|WebFetch)\(([^\x00-\x1f\x7f]{1,200})\)|(mcp__[A-Za-z0-9_-]{1,100})")
_EDITORS: Final = {
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "Write": "file_path",
    "NotebookEdit": "notebook_path",
}
# With anything else, such as the sandbox switched off, it is another call than the one that was allowed.
_BASH_ARGUMENTS: Final = frozenset({"command", "description", "timeout", "run_in_background"})
_PATH_PART: Final = re.compile(r"[A-Za-z0-9_@+=,-][A-Za-z0-9_@+=,. -]*")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is allowed without asking: a tool, and the pattern of what it is given ("" for one MCP tool)."""

    tool: str
    pattern: str = ""

    def __str__(self) -> str:
        return f"{self.tool}({self.pattern})" if self.pattern else self.tool


def parse_rule(text: str) -> Rule | None:
    """Return the rule that a text writes; None if it is none of those that are ever offered."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    return Rule(found[3]) if found[3] else Rule(found[1], found[2])


def offered(tool: str, arguments: Mapping[str, object], workdir: str) -> Rule | None:
    """Return the rule that "Always here" offers for a call; None where none is narrow enough."""
    rule = _narrow(tool, arguments, workdir)
    if rule is None or len(str(rule)) > PATTERN_CHARS or parse_rule(str(rule)) != rule:
        return None
    return rule if allows(rule, tool, arguments, workdir) else None


def allows(rule: Rule, tool: str, arguments: Mapping[str, object], workdir: str) -> bool:
    """Whether a call is plainly within a rule. Whether a file lies behind a link is not looked at here."""
    if tool == "Bash":
        return rule.tool == "Bash" and _fits_command(rule.pattern, arguments)
    if tool in _EDITORS:
        path = edited_path(tool, arguments, workdir)
        return rule.tool == "Edit" and path is not None and _fits_path(rule.pattern, path)
    if tool == "WebFetch":
        host = _host(arguments)
        return rule.tool == tool and host is not None and rule.pattern == f"domain:{host}"
    return tool.startswith("mcp__") and rule == Rule(tool)


def edited_path(tool: str, arguments: Mapping[str, object], workdir: str) -> str | None:
    """Return the file that a call changes, from its working directory; None if it is not plainly within.

    Nor is a path plain with a hidden name in it: what stands in `.git` or `.claude` is run or obeyed.
    """
    path = arguments.get(_EDITORS.get(tool, ""))
    if not isinstance(path, str) or not path:
        return None
    whole = path if path.startswith("/") else posixpath.join(workdir, path)
    try:
        parts = PurePosixPath(whole).relative_to(PurePosixPath(workdir)).parts
    except ValueError:
        return None
    return "/".join(parts) if parts and all(map(_PATH_PART.fullmatch, parts)) else None


def fingerprint(tool: str, arguments: Mapping[str, object]) -> str:
    """Return what is the same for the same tool with the same arguments alone: 32 hex digits.

    "" for arguments that cannot be written down: they are never the same as any.
    """
    try:
        written = json.dumps([tool, arguments], sort_keys=True, ensure_ascii=True)
    except (RecursionError, TypeError, ValueError):
        return ""
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def as_settings(rules: list[Rule]) -> str:
    """Return rules as the agent's own settings file holds them."""
    allow = [str(rule) for rule in rules]
    return json.dumps({"permissions": {"allow": allow}}, ensure_ascii=False, indent=2) + "\n"


def _narrow(tool: str, arguments: Mapping[str, object], workdir: str) -> Rule | None:
    if tool == "Bash":
        command = arguments.get("command")
        words = narrow_words(command) if isinstance(command, str) else None
        return None if words is None else Rule("Bash", words)
    if tool in _EDITORS:
        path = edited_path(tool, arguments, workdir)
        if path is None:
            return None
        directory = posixpath.dirname(path)
        return Rule("Edit", f"./{directory}/**" if directory else f"./{path}")
    if tool == "WebFetch":
        host = _host(arguments)
        return None if host is None else Rule("WebFetch", f"domain:{host}")
    return Rule(tool) if tool.startswith("mcp__") else None


def _fits_command(pattern: str, arguments: Mapping[str, object]) -> bool:
    command = arguments.get("command")
    if not isinstance(command, str) or not _BASH_ARGUMENTS.issuperset(arguments):
        return False
    words, is_open = plain_words(command), pattern.endswith(" *")
    wanted = plain_words(pattern.removesuffix(" *") if is_open else pattern)
    if words is None or wanted is None:
        return False
    if not is_open:
        return words == wanted
    return words[: len(wanted)] == wanted and is_near(words[len(wanted) :])


def _fits_path(pattern: str, path: str) -> bool:
    if pattern.endswith("/**"):
        return f"./{path}".startswith(pattern.removesuffix("**"))
    return f"./{path}" == pattern


def _host(arguments: Mapping[str, object]) -> str | None:
    url = arguments.get("url")
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme == "https" and parts.port in (None, 443) and "@" not in parts.netloc
    except ValueError:
        return None
    host = parts.hostname or ""
    return host if is_plain and _HOST.fullmatch(host) and "." in host else None

"""What Claude Code says of its context -> ContextUse: what fills it, in tokens. Pure."""

from typing import Final

from sessions.agents.base import ContextUse
from sessions.agents.claude_fields import as_int, as_list, as_map, as_text

_NAME_CHARS: Final = 60
_MOST: Final = 20


def context_use(said: object) -> ContextUse | None:
    """Translate the answer to `get_context_usage`; None without the two figures that matter."""
    usage = as_map(said)
    used, window = as_int(usage.get("totalTokens")), as_int(usage.get("rawMaxTokens"))
    window = window or as_int(usage.get("maxTokens"))
    if used is None or not window or used < 0 or window < 0:
        return None
    parts: list[tuple[str, int]] = []
    for one in as_list(usage.get("categories"))[:_MOST]:
        category = as_map(one)
        name, tokens = as_text(category.get("name")), as_int(category.get("tokens"))
        if name and tokens and tokens > 0 and category.get("kind") == "used":
            parts.append((" ".join(name.split())[:_NAME_CHARS], tokens))
    return ContextUse(used=used, window=window, parts=tuple(parts), model=as_text(usage.get("model")))

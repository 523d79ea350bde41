"""What Claude Code says of its context; the answer as CLI 2.1.327 gives it, shortened."""

import pytest

from sessions.agents.base import ContextUse
from sessions.agents.claude_context import context_use

SAID = {
    "categories": [
        {"name": "System prompt", "tokens": 1452, "kind": "used"},
        {"name": "Messages", "tokens": 420, "kind": "used"},
        {"name": "Autocompact buffer", "tokens": 33000, "kind": "buffer"},
        {"name": "Free space", "tokens": 963064, "kind": "free"},
    ],
    "totalTokens": 3936,
    "maxTokens": 1000000,
    "rawMaxTokens": 1000000,
    "model": "claude-opus-5-5",
}


def test_what_is_used_is_named_and_what_is_free_is_not() -> None:
    assert context_use(SAID) == ContextUse(
        used=3936,
        window=1000000,
        parts=(("System prompt", 1452), ("Messages", 420)),
        model="claude-opus-5-5",
    )


@pytest.mark.parametrize(
    "said", [None, [], "x", {}, {"totalTokens": 1}, {**SAID, "totalTokens": -1}, {**SAID, "totalTokens": "1"}]
)
def test_without_figures_nothing_is_said(said: object) -> None:
    assert context_use(said) is None


def test_odd_categories_are_left_out() -> None:
    odd = [None, {}, {"name": "x", "tokens": -3, "kind": "used"}, {"name": 7, "tokens": 7, "kind": "used"}]
    use = context_use({**SAID, "categories": odd})
    assert use is not None
    assert use.parts == ()

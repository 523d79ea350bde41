"""Turns that the scripted agent plays in many tests; a script is as many of them as a test wants, joined."""

import json
from typing import Final

HANG: Final = """
[[turn]]
match = "hang"
[[turn.step]]
text = "half an answer"
[[turn.step]]
hang = true
"""
RECALL: Final = """
[[turn]]
match = "recall"
[[turn.step]]
recall = true
"""
ASK: Final = """
[[turn]]
match = "ask"
[[turn.step]]
tool = "Bash"
title = "ls"
ask = true
[[turn.step]]
text = "the tool ran"
"""
WRITE: Final = """
[[turn]]
match = "use a tool"
[[turn.step]]
tool = "Write"
title = "notes"
output = "written"
[[turn.step]]
text = "tried"
"""


def asks(match: str, tool: str, title: str = "", **given: object) -> str:
    """Return a turn that asks whether `tool` may be used with what is `given`, and repeats the answer."""
    # Of what stands here JSON differs from an inline table in one sign.
    fact = json.dumps(given, ensure_ascii=False).replace('": ', '" = ')
    ask = f'{{ tool = "{tool}", title = "{title or tool}", ask = true, input = {fact} }}'
    return f'\n[[turn]]\nmatch = "{match}"\nstep = [{ask}, {{ text = "I heard: {{answer}}" }}]\n'

"""Turns that the scripted agent plays in many tests; a script is as many of them as a test wants, joined."""

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

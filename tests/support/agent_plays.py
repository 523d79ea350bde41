"""Prompts that every agent plays alike: Claude as the offline model says, the scripted one by its script."""

from collections.abc import Awaitable, Callable

IsRunning = Callable[[str], Awaitable[None]]
SAY = "say:one two three, and four"
THINK = "think:let me see\nsay:seen"
ASK = 'tool:Bash:{"command":"echo $((40 + 2)) > asked"}'
SCRIPT = """
[[turn]]
match = "say:one two"
step = [{ text = "one two three, and four" }]

[[turn]]
match = "think:"
step = [{ think = "let me see" }, { text = "seen" }]

[[turn]]
match = "hang"
step = [{ hang = true }]

[[turn]]
match = "tool:Bash"
step = [{ tool = "Bash", title = "echo", ask = true }, { text = "used" }]

[[turn]]
match = "send_file"
step = [{ tool = "send_file", input = { path = "plot.png" } }, { text = "there" }]

[[turn]]
match = "slow:"
step = [{ text = "word1 word2 word3 word4 word5", over_s = 0.5 }]

[[turn]]
match = "said meanwhile"
step = [{ text = "one more, said meanwhile" }]

[[turn]]
match = "say:one more"
step = [{ text = "one more" }]

[[turn]]
match = "say:one last"
step = [{ text = "one last" }]

[[turn]]
match = "fail:529"
step = [{ fail = "overloaded", reason = "The model is overloaded." }]

[[turn]]
match = "recall"
step = [{ recall = true }]
"""

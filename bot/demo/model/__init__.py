"""The offline model: our own deterministic Anthropic Messages API on loopback, for tests and the demo.

A prompt may steer the answer. A directive stands at the start of a line; the first one of those with a
text may also stand after a space. Several lines are played in order, and each tool call waits for its
result:

    say:TEXT            TEXT, up to the next line that is a directive
    slow:SECONDS TEXT   TEXT, word by word, over that time; without one, 20 words
    words:COUNT         that many words at once
    think:TEXT          thinks TEXT first
    pause:SECONDS       writes nothing for that time
    run:COMMAND         calls the tool Bash
    tool:NAME:{json}    calls the tool; if nothing follows, the answer is `tool said: ...`
    fail:STATUS         the HTTP error of that status; `until:TIME` (seconds since 1970) may follow, as
                        of a used up limit, and the words of the error
    recall              lists what was said in this conversation
    hang                starts an answer and never goes on
    refuse              ends the answer as one that the model will not give

Short scenes, each alone on its line; `bot.demo.model.plays` has their steps:

    ask                 asks two questions, one with several answers
    plan                makes a plan and asks whether to carry it out
    tasks:SECONDS       a list of three tasks, worked off with pauses; 1 s
    edit                writes a file, then edits it
    agent:SECONDS       a sub-agent that pauses and uses two tools; 1 s
    background:SECONDS  a command in the background that ends after that time; 5 s
    file, picture       makes a report, a chart, and sends it, if `send_file` is offered
    images              says which images came with the prompt
    think               thinks about something
    story:SECONDS       an answer in prose, word by word; 6 s
    long:LINES          that many lines; without a number, about 150 kB
    code:LINES          a code block of that many lines; 12
    table, headings     Markdown that needs care

Without one it says what it heard and what the conversation began with, so that two rooms visibly
know different things.
"""

from bot.demo.model.conversation import Heard
from bot.demo.model.server import OfflineModel

__all__ = ["Heard", "OfflineModel"]

"""The offline model: our own deterministic Anthropic Messages API on loopback, for tests and the demo.

A prompt may steer the answer. A directive stands at the start of a line, or after a space if it is
the first one; several lines are played in order, and each tool call waits for its result:

    say:TEXT            TEXT, up to the next line that is a directive
    think:TEXT          thinks TEXT first
    slow:SECONDS        20 words over that time
    words:COUNT         that many words at once
    tool:NAME:{json}    calls the tool; if nothing follows, the answer is `tool said: ...`
    fail:STATUS         the HTTP error of that status; `until:TIME` (seconds since 1970) may follow, as
                        of a used up limit, and the words of the error
    recall              lists what was said in this conversation (the whole line)
    hang                starts an answer and never goes on (the whole line)
    refuse              ends the answer as one that the model will not give (the whole line)

Without one it says what it heard and what the conversation began with, so that two rooms visibly
know different things.
"""

from bot.demo.model.conversation import Heard
from bot.demo.model.server import OfflineModel

__all__ = ["Heard", "OfflineModel"]

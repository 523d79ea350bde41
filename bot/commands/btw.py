"""/btw: a side question, answered for the person alone; what runs is not disturbed."""

from dataclasses import replace
from typing import Final

from bot.access import Tier
from bot.commands.spec import Call, Command, Option
from bot.components import FileOut
from bot.render import pieces
from bot.said import Said
from sessions.errors import AgentError, UserError

_MARK: Final = "-# Beside the conversation: nobody else sees this, and the session does not know of it."
_SHOWN_UNITS: Final = 1700
_QUESTION_CHARS: Final = 4000


async def _run(call: Call) -> Said:
    question = call.text("question").strip()
    if not question or len(question) > _QUESTION_CHARS:
        raise UserError(f"Ask a question of at most {_QUESTION_CHARS:,} characters.")
    try:
        answer = await call.rooms.asides.ask(call.key, replace(call.prompt, text=question))
    except AgentError as error:
        raise UserError(f"There was no answer. {error}") from error
    begun, *rest = pieces(answer, _SHOWN_UNITS) or ["The agent said nothing. Ask it in other words."]
    if not rest:
        return Said(f"{begun}\n{_MARK}")
    whole = FileOut("answer.md", answer.encode("utf-8", "replace"))
    return Said(
        f"{begun}\n-# This is the beginning. The file answer.md has all of it.\n{_MARK}", files=(whole,)
    )


BTW: Final = Command(
    name="btw",
    description="Ask a side question; what runs is not disturbed, and only you see the answer",
    tier=Tier.USER,
    run=_run,
    options=(Option(name="question", description="What you want to know", kind="text"),),
)

"""/pair: whoever can read the bot's log becomes its first owner."""

from typing import Final

from bot.access import Tier
from bot.commands.spec import Call, Command, Option
from bot.pairing import Tried
from bot.said import Said

OWNED: Final = (
    "You own this bot now. `/allow` lets others speak to it, `/who` says who may, `/help` shows the rest."
)
_NOT: Final = {
    Tried.WRONG: "That is not the code. It stands in the log of the bot, newest last.",
    Tried.SPENT: "You guessed too often. Restart the bot; then it takes your code again.",
}


async def _run(call: Call) -> Said:
    tried = call.people.try_code(call.person, call.text("code"))
    if tried is Tried.RIGHT and await call.people.own(call.person):
        return Said(OWNED)
    return Said(_NOT.get(tried) or closed(has_owner=bool(call.people.rules.owners)))


def closed(*, has_owner: bool) -> str:
    """Return what to say when no code is taken."""
    if has_owner:
        return "This bot has an owner already."
    return "The pairing code is not good any more. Restart the bot; its log shows a new one."


PAIR: Final = Command(
    name="pair",
    description="Become the first owner of this bot, with the code from its log",
    tier=Tier.STRANGER,
    run=_run,
    options=(Option(name="code", description="The code, such as ABCD-EFGH", kind="text"),),
)

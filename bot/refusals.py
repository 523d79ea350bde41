"""What is said to somebody who may not: one sentence that says who may. Pure."""

from bot.access import Deny, Tier
from bot.render import plain
from sessions.errors import NotAllowed
from sessions.store.values import Turn


def refused(verdict: Deny, needs: Tier) -> NotAllowed:
    """Return what to say to somebody who used a command or a button that is not for them."""
    if verdict.tier is None:
        return NotAllowed()
    who = "an owner" if needs is Tier.OWNER else "an operator"
    return NotAllowed(f"You may not do that here: it takes {who} of this bot. `/who` shows who that is.")


def only_theirs(turn: Turn) -> NotAllowed:
    """Return what to say to somebody who wanted to decide about another person's turn."""
    name = turn.prompt.author_name
    who = f"{plain(name)}, who asked for it, or an operator" if name else "an operator"
    return NotAllowed(f"You may not do that: only {who} may. `/who` shows who operates here.")

"""The small line under an answer: what it took and cost, as much of it as the room wants to see. Pure."""

import re
from typing import Final

from bot.durations import elapsed
from bot.render import plain, shortened
from sessions.room_settings import Footer
from sessions.turn import Outcome

_NAME_CHARS: Final = 60
_CENT_USD: Final = 0.01
_OWN: Final = re.compile(r"/sessions/[^/]+/work/?$")
"""A room's own directory, as `Paths` has it."""


def footer(level: Footer, outcome: Outcome) -> str:
    """Return the line that ends a turn's last message; "" if there is none, or nothing is known.

    `short` has time and cost, `full` also the working directory, the model, how full its context is and
    how many tools it used.
    """
    if level == "off" or outcome.status == "interrupted":
        return ""
    time = "" if outcome.took_s is None else elapsed(max(1.0, outcome.took_s))
    parts = [time, cost(outcome)]
    if level == "full":
        parts = [_workdir(outcome), time, _model(outcome), _context(outcome), cost(outcome), _tools(outcome)]
    known = " · ".join(part for part in parts if part)
    return f"-# {known}" if known else ""


def cost(outcome: Outcome) -> str:
    """Return what a turn cost, in words; marked where it is an estimate that nobody pays."""
    usd = outcome.cost_usd
    if usd is None or usd <= 0:
        return ""
    words = f"${usd:.2f}" if usd >= _CENT_USD else "under $0.01"
    return f"~{words}" if outcome.is_estimate and usd >= _CENT_USD else words


def short_path(workdir: str) -> str:
    """Return a directory for people: its name and the one it is in. What lies above is nobody's business.

    A room's own directory is called that: its name is an id that tells nobody anything.
    """
    if _OWN.search(workdir):
        return "its own directory"
    return plain(shortened("/".join(workdir.rstrip("/").split("/")[-2:]), _NAME_CHARS))


def _workdir(outcome: Outcome) -> str:
    if outcome.started is None:
        return ""
    return short_path(outcome.started.workdir)


def _model(outcome: Outcome) -> str:
    return "" if outcome.started is None else plain(shortened(outcome.started.model, _NAME_CHARS))


def _context(outcome: Outcome) -> str:
    used, window = outcome.usage.context_tokens, outcome.usage.context_window
    return f"{used / window:.0%} of context" if used and window else ""


def _tools(outcome: Outcome) -> str:
    return f"{outcome.tools} {'tool' if outcome.tools == 1 else 'tools'}" if outcome.tools else ""

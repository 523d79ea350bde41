"""How a turn's end is recorded: outcome -> result, error -> outcome. Pure."""

from collections.abc import Sequence
from typing import Final, Literal

from sessions.errors import AgentError, AgentGone, AuthError
from sessions.events import Problem
from sessions.records import SessionChange, Used
from sessions.settings import OnInterrupt, RoomPolicy
from sessions.store.values import Piece, Settle, Turn, TurnResult, TurnState
from sessions.turn import LiveNote, Outcome

_STATES: Final = {
    "ok": TurnState.DONE,
    "failed": TurnState.FAILED,
    "stopped": TurnState.CANCELLED,
    "interrupted": TurnState.INTERRUPTED,
}

_DECISIONS: Final[dict[OnInterrupt, Literal["", "continue", "drop"]]] = {
    "ask": "",
    "resume": "continue",
    "fail": "drop",
}
SETTLES: Final = {"": Settle.ASK, "continue": Settle.CONTINUE, "drop": Settle.DROP}
DROPPED: Final = "whoever asked for it may not do so any more"
_MOST_STARTS: Final = 3
"""A turn that was started so often and never came to an end may be what ends the bot: a person decides."""


def decision(policy: RoomPolicy, attempt: int) -> Literal["", "continue", "drop"]:
    """Return what a room's policy makes of a turn interrupted in its start number `attempt`."""
    return "" if attempt >= _MOST_STARTS else _DECISIONS[policy.on_interrupt]


def result_of(turn: Turn, outcome: Outcome, pieces: Sequence[Piece]) -> TurnResult:
    """Return what the store is to keep of a turn that ended, and what is to be said."""
    return TurnResult(
        turn=turn.id,
        state=_STATES[outcome.status],
        summary=outcome.text,
        pieces=tuple(pieces),
        change=_change(outcome),
        settle=SETTLES[outcome.decision],
    )


def failure(error: AgentError) -> Outcome:
    """Return the outcome of a turn whose agent failed; its process gets no other prompt."""
    return Outcome(status="failed", text=str(error), problem=_problem(error), spent=True)


def broken(turn: Turn, reference: str, live: LiveNote | None) -> TurnResult:
    """Return the result of a turn that a bug of ours ended; `reference` finds it in the log.

    The turn's live message, if it had one, is removed.
    """
    text = f"Something in Roomkey broke (reference {reference}). This room goes on; say it again."
    channel_id = turn.address.channel_id
    pieces = [Piece(channel_id=channel_id, body=text, reply_to=turn.address.message_id)]
    if live is not None:
        pieces.append(
            Piece(channel_id=channel_id, target_id=live.message_id, target_nonce=live.nonce, action="delete")
        )
    return TurnResult(turn=turn.id, state=TurnState.FAILED, summary=text, pieces=tuple(pieces))


def dropped(turn: Turn, refusal: str) -> TurnResult:
    """Return the result of a turn that may not run any more; `refusal` is said where it was asked for."""
    address = turn.address
    piece = Piece(channel_id=address.channel_id, body=f"-# {refusal}", reply_to=address.message_id)
    return TurnResult(turn=turn.id, state=TurnState.CANCELLED, summary=DROPPED, pieces=(piece,))


def _change(outcome: Outcome) -> SessionChange | None:
    if outcome.agent_session_id is None:
        return None
    return Used(
        agent_session_id=outcome.agent_session_id,
        cost_usd=outcome.usage.cost_usd,
        context_tokens=outcome.usage.context_tokens,
        context_window=outcome.usage.context_window,
    )


def _problem(error: AgentError) -> Problem:
    match error:
        case AuthError():
            return "login"
        case AgentGone():
            return "gone"
        case _:
            return "other"

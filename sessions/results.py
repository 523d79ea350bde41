"""How a turn's end is recorded: outcome -> result, error -> outcome. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from sessions.errors import AgentError, AgentGone, AuthError
from sessions.events import Problem, Usage
from sessions.foreign_text import one_line
from sessions.records import SessionChange, SessionRecord, Used
from sessions.room_settings import RoomSettings
from sessions.settings import OnInterrupt
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
_TOO_LITTLE: Final = "There is not enough here yet."
_WHY_CHARS: Final = 400
DROPPED: Final = "whoever asked for it may not do so any more"
_MOST_STARTS: Final = 3
"""A turn that was started so often and never came to an end may be what ends the bot: a person decides."""


def decision(room: RoomSettings, attempt: int) -> Literal["", "continue", "drop"]:
    """Return what a room makes of a turn interrupted in its start number `attempt`."""
    return "" if attempt >= _MOST_STARTS else _DECISIONS[room.on_interrupt]


def result_of(turn: Turn, outcome: Outcome, pieces: Sequence[Piece], title: str = "") -> TurnResult:
    """Return what the store is to keep of a turn that ended, and what is to be said.

    `title` is what its session is called from now on, unless it has a name.
    """
    return TurnResult(
        turn=turn.id,
        state=_STATES[outcome.status],
        summary=outcome.text,
        pieces=tuple(pieces),
        change=_change(outcome, title),
        settle=SETTLES[outcome.decision],
    )


def failure(error: AgentError) -> Outcome:
    """Return the outcome of a turn whose agent failed; its process gets no other prompt."""
    return Outcome(status="failed", text=str(error), problem=_problem(error), spent=True)


def shortened(outcome: Outcome) -> Outcome:
    """Return the outcome of a turn that was to shorten the conversation, in words."""
    if outcome.status != "ok":
        return outcome
    done = outcome.compacted
    if done is None:
        why = f"The agent says: {one_line(outcome.text, _WHY_CHARS)}" if outcome.text else _TOO_LITTLE
        text = f"Nothing was compacted, and nothing changed. {why}"
        return replace(outcome, status="failed", text=text, problem=None)
    sizes = ""
    if done.before is not None and done.after is not None:
        sizes = f" ({done.before:,} tokens before, {done.after:,} now)"
    text = f"Compacted{sizes}: from here on I know a summary of what was said. Files and memory notes stay."
    return replace(outcome, text=text)


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
    address = turn.asked_at
    piece = Piece(channel_id=address.channel_id, body=f"-# {refusal}", reply_to=address.message_id)
    return TurnResult(turn=turn.id, state=TurnState.CANCELLED, summary=DROPPED, pieces=(piece,))


def unplaced(turn: Turn, refusal: str) -> TurnResult:
    """Return the result of a turn for which no thread could be opened; that is said where it was asked."""
    address = turn.asked_at
    piece = Piece(channel_id=address.channel_id, body=refusal, reply_to=address.message_id)
    return TurnResult(turn=turn.id, state=TurnState.FAILED, summary=refusal, pieces=(piece,))


def turn_cost_usd(record: SessionRecord, usage: Usage) -> float | None:
    """Return what a turn cost, from the vendor's running total; None where the total before it is unknown.

    `record` is the session as it was before the turn's end. A total that is lower than before began anew.
    """
    is_foreign = record.origin_key is not None and record.generation == 0 and record.turn_count == 0
    if usage.cost_usd is None or is_foreign:
        return None
    since = usage.cost_usd - record.cost_usd
    return since if since >= 0 else usage.cost_usd


def _change(outcome: Outcome, title: str) -> SessionChange | None:
    if outcome.agent_session_id is None:
        return None
    return Used(
        agent_session_id=outcome.agent_session_id,
        cost_usd=outcome.usage.cost_usd,
        context_tokens=outcome.usage.context_tokens,
        context_window=outcome.usage.context_window,
        title=title,
    )


def _problem(error: AgentError) -> Problem:
    match error:
        case AuthError():
            return "login"
        case AgentGone():
            return "gone"
        case _:
            return "other"
